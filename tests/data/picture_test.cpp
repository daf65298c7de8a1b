// Pictures as they come: turned, with profiles, transparent, damaged; by the core's readers and by the
// libraries'.
#include <fstream>

#include "crisp/data/image_folder.hpp"
#include "crisp/data/image_writer.hpp"
#include "data/picture_files.hpp"
#include "shared.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::data;
using namespace crisp::test;

namespace {

using Samples = std::vector<float>;

std::string message(const std::string& bytes) {
  return error_of([&] { decode_picture(bytes, "x"); });
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("the eight orientations of EXIF, written out") {
  Image x(2, 3, 1);
  x.samples = {1, 2, 3, 4, 5, 6};
  const Samples right[] = {{1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1}, {4, 5, 6, 1, 2, 3},
                           {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3}, {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}};
  for (int o = 1; o <= 8; ++o) {
    const Image y = upright(x, o);
    CHECK(y.samples == right[o - 1]);
    CHECK(y.height == (o >= 5 ? 3 : 2));
  }
  CHECK_ERROR(upright(x, 9), "an orientation is 1 to 8, not 9");
}

TEST_CASE("orientation in JPEG and PNG, in both orders of bytes; nonsense is 1") {
  const Image x = noise(7, 12, 3);
  const std::string jpeg = encode_image(x, ".jpg"), sign("Exif\0\0", 6);
  with_both_readers([&] {
    const Image plain = decode_image(jpeg, "x");
    for (int o = 1; o <= 8; ++o)
      for (const bool order : {false, true}) {
        const std::string block = exif(o, order);
        const Picture of_jpeg = decode_picture(with_segment(jpeg, 0xe1, sign + block), "x");
        CHECK(of_jpeg.image.samples == upright(plain, o).samples);
        Png png = png_of(x);
        (o % 2 ? png.before : png.after) = png_chunk("eXIf", block);
        CHECK(decode_image(png.bytes(), "x").samples == upright(x, o).samples);
        const ImageHeader h = image_header(png.bytes(), "x");
        CHECK(h.height == upright(x, o).height);
        CHECK(of_jpeg.orientation == 1);
      }
    for (const std::string& block : {exif(0, true), exif(9, false), exif(6, true).substr(0, 20),
                                     std::string("II*"), std::string(), std::string(200, '\xff')})
      CHECK(decode_image(with_segment(jpeg, 0xe1, sign + block), "x").samples == plain.samples);
  });
}

TEST_CASE("what describes colours goes from file to file, once, and only where it is sound") {
  const TemporaryFolder folder;
  const auto copied = [&](const std::string& bytes, const std::string& name, Index channels = 0) {
    const Picture p = decode_picture(bytes, "x");
    const Index c = channels == 0 ? p.image.channels : channels;
    ImageWriter writer(folder.path / name, 4, 4, c, {.colour = p.colour});
    writer.write(Image(4, 4, c, 100));
    writer.finish();
    return read_file("test", folder.path / name);
  };
  with_both_readers([&] {
    for (const Index channels : {1, 2, 3, 4})
      for (const std::size_t size : {132, 3000, 70000, 200001}) {
        const std::string icc = profile(size, channels >= 3);
        Png png = png_of(noise(3, 5, channels));
        png.before = png_chunk("iCCP", std::string("p\0\0", 3) + stored(icc)) + png_chunk("sRGB", "\1") +
                     png_chunk("gAMA", big(45455)) + png_chunk("cHRM", std::string(32, '\2')) +
                     png_chunk("cICP", std::string("\11\20\0\1", 4)) +
                     png_chunk("pHYs", big(2835) + big(5670) + '\1');
        const std::string again = copied(png.bytes(), "x.png");
        const Picture p = decode_picture(again, "x");
        CHECK(p.colour.icc == icc);
        CHECK(p.colour.cicp == std::string("\11\20\0\1", 4));
        CHECK(p.colour.gama == big(45455));
        CHECK(p.colour.chrm == std::string(32, '\2'));
        CHECK(p.colour.density == std::array<std::uint32_t, 2>{2835, 5670});
        CHECK(count(again, "iCCP") == 1);
        CHECK(count(again, "sRGB") == 0);  // a profile says more
        if (channels % 2 == 0) continue;   // a JPEG has no alpha
        const Picture q = decode_picture(copied(png.bytes(), "x.jpg"), "x");
        const bool kept = channels == 3 || q.image.channels == 1;  // without libjpeg gray becomes RGB
        CHECK(q.colour.icc == (kept ? icc : ""));
        CHECK(std::abs(int(q.colour.density[1]) - 5670) <= 20);  // in whole dots an inch
        CHECK(decode_picture(copied(copied(png.bytes(), "x.jpg"), "y.png"), "x").colour.icc == q.colour.icc);
      }
    Png png = png_of(noise(3, 5, 3));
    png.before = png_chunk("sRGB", std::string(1, '\0'));
    CHECK(count(copied(png.bytes(), "x.png"), "sRGB") == 1);
    const std::string right = profile(500, true), cut = right.substr(0, 400), gray = profile(500, false);
    std::string wrong_sum = stored(right);
    wrong_sum.back() ^= 1;
    for (const std::string& bad : {stored(cut), stored(gray), stored("none"), wrong_sum, std::string("x")}) {
      png.before = png_chunk("iCCP", std::string("p\0\0", 3) + bad);
      const Picture p = decode_picture(png.bytes(), "x");
      REQUIRE(p.notes.size() == 1);
      CHECK(contains(p.notes[0], "profile"));
      CHECK(count(copied(png.bytes(), "x.png"), "iCCP") == 0);
    }
  });
}

TEST_CASE("a profile in the segments of a JPEG: in any order; one that lacks a segment is left out") {
  const std::string jpeg = encode_image(noise(9, 9, 3), ".jpg"), icc = profile(1000, true);
  const auto segment = [&](int i, int n) {
    return std::string("ICC_PROFILE\0", 12) + char(i) + char(n) + icc.substr(std::size_t(i - 1) * 400, 400);
  };
  with_both_readers([&] {
    std::string file = jpeg;
    for (const int i : {2, 3, 1}) file = with_segment(file, 0xe2, segment(i, 3));
    CHECK(decode_picture(file, "x").colour.icc == icc);
    CHECK(decode_picture(with_segment(jpeg, 0xe2, segment(1, 3)), "x").colour.icc.empty());
    CHECK(decode_picture(with_segment(file, 0xe2, segment(2, 3)), "x").colour.icc.empty());
  });
}

TEST_CASE("alpha: palettes, a colour that is transparent, and colours that nobody sees") {
  with_both_readers([&] {
    const Png palette{2,
                      1,
                      8,
                      3,
                      std::string("\0\0\1", 3),
                      png_chunk("PLTE", std::string("\1\2\3\4\5\6", 6)) + png_chunk("tRNS", "\x80"),
                      ""};
    CHECK(decode_image(palette.bytes(), "x").samples == Samples{1, 2, 3, 128, 4, 5, 6, 255});
    const Png bits{3, 1, 2, 3, std::string("\0\x18", 2), png_chunk("PLTE", "abcdefghi"), ""};
    CHECK(decode_image(bits.bytes(), "x").samples == Samples{97, 98, 99, 100, 101, 102, 103, 104, 105});
    const Png key{
        2, 1, 8, 2, std::string("\0\1\2\3\4\5\6", 7), png_chunk("tRNS", std::string("\0\1\0\2\0\3", 6)), ""};
    CHECK(decode_image(key.bytes(), "x").samples == Samples{1, 2, 3, 0, 4, 5, 6, 255});
    const Png gray{2, 1, 8, 0, std::string("\0\1\7", 3), png_chunk("tRNS", std::string("\0\7", 2)), ""};
    CHECK(decode_image(gray.bytes(), "x").samples == Samples{1, 255, 7, 0});
  });
  Image disc(21, 21, 4);  // a white disc; black where it is transparent
  for (Index i = 0; i < 21; ++i)
    for (Index j = 0; j < 21; ++j)
      if ((i - 10) * (i - 10) + (j - 10) * (j - 10) < 60)
        for (Index c = 0; c < 4; ++c) disc.at(i, j, c) = 255;
  const Image filled = fill_hidden(disc);
  for (Index i = 0; i < 441; ++i) {
    CHECK(filled.samples[std::size_t(4 * i)] == 255);
    CHECK(filled.samples[std::size_t(4 * i + 3)] == disc.samples[std::size_t(4 * i + 3)]);
  }
  Image steps(1, 5, 2);  // from both sides to the middle; an alpha of 1 is seen
  steps.samples = {10, 1, 99, 0, 99, 0, 99, 0, 30, 255};
  CHECK(fill_hidden(steps).samples == Samples{10, 1, 10, 0, 20, 0, 30, 0, 30, 255});
  const Image nothing = noise(3, 3, 3);
  CHECK(fill_hidden(nothing).samples == nothing.samples);
  CHECK(without_opaque_alpha(Image(2, 2, 4, 255)).channels == 3);
  CHECK(without_opaque_alpha(Image(2, 2, 2, 254)).channels == 2);
  CHECK(over_white(steps).samples[4] == 30);
  CHECK(encode_image(Image(2, 2, 4, 255), ".bmp").size() > 0);
}

TEST_CASE("a PNG in which any byte is changed, and one that is cut anywhere, is refused") {
  Png png = png_of(noise(3, 4, 3));
  png.before = png_chunk("gAMA", big(45455));
  const std::string whole = png.bytes();
  with_both_readers([&] {
    CHECK(decode_image(whole + std::string(100, '\0') + "IEND", "x").samples == noise(3, 4, 3).samples);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      std::string changed = whole;
      changed[i] ^= 0x10;
      INFO("byte " << i);
      CHECK(message(changed) != "no error");
      CHECK(message(whole.substr(0, i)) != "no error");
    }
    std::string stream = stored(png.rows);
    stream.back() ^= 1;  // Adler-32, in a chunk whose CRC is right
    const std::string idat = png_chunk("IDAT", stored(png.rows)), wrong = png_chunk("IDAT", stream);
    std::string file = whole;
    file.replace(file.find(idat), idat.size(), wrong);
    CHECK(contains(message(file), "check"));
    Png none = png;
    none.rows.resize(20);  // two of three rows
    CHECK(contains(message(none.bytes()), "is damaged"));
    Png phone = png;
    phone.before = png_chunk("CgBI", std::string(4, '\0'));
    CHECK(message(phone.bytes()) != "no error");
    std::string front =
        std::string(formats::png_signature) + png_chunk("CgBI", std::string(4, '\0')) + whole.substr(8);
    CHECK(contains(message(front), "for iPhones alone (CgBI)"));
    Png film = png;
    film.before = png_chunk("acTL", big(2) + big(0));
    CHECK(decode_picture(film.bytes(), "x").notes.size() == 1);
  });
}

TEST_CASE("a JPEG that is cut anywhere is refused; bytes that are too many are no damage") {
  const std::string jpeg = encode_image(noise(16, 24, 3), ".jpg");
  const std::string scan = jpeg.substr(0, jpeg.size() - 2), end = "\xff\xd9";
  std::string noise_bytes = "\xff\x31";
  for (const float v : noise(9, 9, 1).samples) noise_bytes += char(static_cast<unsigned char>(v));
  with_both_readers([&] {
    const Samples right = decode_image(jpeg, "x").samples;
    for (std::size_t size = 3; size < jpeg.size() - 1; size += size < 100 ? 1 : 37) {
      INFO(size << " bytes");
      CHECK(contains(message(jpeg.substr(0, size)), "is truncated"));
    }
    for (const std::string& more :
         {std::string(50, '\0'), std::string("\xff\x01\x12\x34"), std::string("\xff\xd9 and text \xff\xd8"),
          std::string("\x12\xff\x01"), std::string("\xff\xc4\xff\xff\xff\x35"), noise_bytes})
      CHECK(decode_image(scan + more + end, "x").samples == right);
    CHECK(decode_image(jpeg + std::string(99, '\xab'), "x").samples == right);
    CHECK(decode_image(with_segment(jpeg, 0xfe, "a comment"), "x").samples == right);
    // A small picture.
    CHECK(decode_image(with_segment(jpeg, 0xe1, "\xff\xd8\xff\xd9"), "x").samples == right);
    CHECK(contains(message(with_segment(scan, 0xe1, "\xff\xd8\xff\xd9")), "is truncated"));
  });
}

TEST_CASE("JPEGs of kinds that are not read are called what they are") {
  const std::string jpeg = encode_image(noise(8, 8, 3), ".jpg");
  const auto with_frame = [&](int marker, int bits = 8) {
    std::string file = jpeg;
    const std::size_t at = file.find(std::string("\xff\xc0\0", 3));
    file[at + 1] = char(marker);
    file[at + 4] = char(bits);
    return file;
  };
  with_both_readers([&] {
    CHECK(contains(message(with_frame(0xc3)), "lossless"));
    CHECK(contains(message(with_frame(0xc1, 12)), "not of 8 bits a sample"));
    CHECK(contains(message(with_frame(0xf7)), "JPEG-LS"));
  });
  CHECK(contains(message(with_frame(0xc9)), "arithmetic-coded JPEG"));
  CHECK(contains(message(with_frame(0xca)), "arithmetic-coded JPEG"));
}

TEST_CASE("a JPEG without a table that it uses, or with a table that is none, is refused") {
  const std::string jpeg = encode_image(noise(8, 8, 3), ".jpg");
  const auto without = [&](std::size_t at) {  // the segment that begins there
    return jpeg.substr(0, at) + jpeg.substr(at + 2 + Bytes{jpeg}.u16(at + 2));
  };
  std::string full(17, '\0');  // a table with 257 codes
  full[16] = '\x80', full[15] = '\x7f', full[14] = '\2';
  std::string crowded = std::string("\0\3", 2) + std::string(15, '\0') + "abc";  // three codes of one bit
  with_both_readers([&] {
    CHECK(contains(message(without(jpeg.find("\xff\xc4"))), "a Huffman table of the JPEG is not there"));
    CHECK(contains(message(without(jpeg.find("\xff\xdb"))), "a quantisation table of the JPEG is not there"));
    CHECK(contains(message(with_segment(jpeg, 0xc4, full + std::string(257, 'x'))), "has 257 codes"));
    CHECK(contains(message(with_segment(jpeg, 0xc4, crowded)), "too many codes of 1 bits"));
    CHECK(contains(message(with_segment(jpeg, 0xc4, full.substr(0, 9))), "is damaged"));
    CHECK(contains(message(with_segment(jpeg, 0xdb, std::string(9, '\1'))), "cut short"));
  });
}

TEST_CASE("a PNG that unpacks to more than it says is refused, whatever its size") {
  Png png = png_of(noise(2, 2, 3));
  png.rows += std::string(100000, '\0');
  with_both_readers([&] { CHECK(contains(message(png.bytes()), "is damaged")); });
}

TEST_CASE("a PNG whose chunks contradict each other is refused before a sample is written") {
  const Png png = png_of(noise(10, 33, 3));
  const auto header = [](std::uint32_t h, std::uint32_t w) {
    return png_chunk("IHDR", big(w) + big(h) + char(8) + char(2) + std::string("\0\0\0", 3));
  };
  with_both_readers([&] {
    for (const std::string& second : {header(1, 1), header(10, 33), header(5000, 5000)}) {
      Png early = png, late = png;
      early.before = second;
      late.after = second;
      CHECK(contains(message(early.bytes()), "the PNG has two headers"));
      CHECK(contains(message(late.bytes()), "the PNG has two headers"));
    }
    Png transparent = png;  // the colour that is transparent comes after the samples
    transparent.after = png_chunk("tRNS", std::string(6, '\0'));
    CHECK(message(transparent.bytes()) != "no error");
  });
}

#if defined(__linux__)
TEST_CASE("text and profiles that unpack to 64 MB in a PNG of a few pixels take no such memory") {
  const std::string bomb = formats::zipped(std::string(64 << 20, '\0'));
  const auto peak = [] {  // of the memory of this process, in KB
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word && word != "VmHWM:") continue;
    Index size = 0;
    status >> size;
    return size;
  };
  using namespace std::string_literals;
  const std::string chunks[] = {png_chunk("zTXt", "Comment\0\0"s + bomb), png_chunk("iCCP", "p\0\0"s + bomb),
                                png_chunk("iTXt", "Comment\0\1\0\0\0"s + bomb)};
  for (const std::string& chunk : chunks)
    with_both_readers([&] {
      Png png = png_of(noise(3, 5, 3));
      png.before = chunk;
      const std::string bytes = png.bytes();
      std::ofstream("/proc/self/clear_refs") << 5;  // the peak begins anew
      const Index before = peak();
      CHECK(decode_picture(bytes, "x").image.samples == noise(3, 5, 3).samples);
      CHECK(peak() - before < 40000);
    });
}
#endif

TEST_CASE("BMP: palettes, masks, runs, both directions; cut anywhere it is refused") {
  const std::string palette("\3\2\1\0\6\5\4\0\11\10\7\0", 12);
  with_both_readers([&] {
    const Bmp one{3, 2, 1, 0, palette.substr(0, 8), std::string("\xa0\0\0\0\x40\0\0\0", 8)};
    CHECK(decode_image(one.bytes(), "x").samples ==
          Samples{1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6});
    const Bmp four{3, -1, 4, 0, palette, std::string("\x01\x20\0\0", 4)};
    CHECK(decode_image(four.bytes(), "x").samples == Samples{1, 2, 3, 4, 5, 6, 7, 8, 9});
    const Bmp outside{1, 1, 8, 0, palette, std::string("\3\0\0\0", 4)};
    CHECK(contains(message(outside.bytes()), "colour 3 of a palette of 3"));
    const Bmp padding{2, 1, 32, 0, "", std::string("\1\2\3\0\4\5\6\7", 8)};  // the fourth byte says nothing
    CHECK(decode_image(padding.bytes(), "x").samples == Samples{3, 2, 1, 6, 5, 4});
    const std::string masks = little(0xff0000) + little(0xff00) + little(0xff) + little(0xff000000);
    const Bmp alpha{2, 1, 32, 6, masks, std::string("\1\2\3\0\4\5\6\7", 8)};
    CHECK(decode_image(alpha.bytes(), "x").samples == Samples{3, 2, 1, 0, 6, 5, 4, 7});
    const Bmp of16{2, 1, 16, 0, "", little(0x7fff, 2) + little(0x0421, 2)};
    CHECK(decode_image(of16.bytes(), "x").samples == Samples{255, 255, 255, 8, 8, 8});
    const Bmp of565{1, 1, 16, 3, little(0xf800) + little(0x07e0) + little(0x1f), little(0xffe0)};
    CHECK(decode_image(of565.bytes(), "x").samples == Samples{255, 255, 0});
    const Bmp runs{4, 2, 8, 1, palette, std::string("\3\1\0\0\0\3\2\1\0\0\0\1", 12)};
    CHECK(decode_image(runs.bytes(), "x").samples == Samples{7, 8, 9, 4, 5, 6, 1, 2, 3, 1, 2, 3,  //
                                                             4, 5, 6, 4, 5, 6, 4, 5, 6, 1, 2, 3});
    for (const Bmp& bmp : {one, four, padding, alpha, of16, runs}) {
      std::string whole = bmp.bytes();
      CHECK(decode_picture(whole, "x").colour.density[0] == 2835);
      for (std::size_t size = 2; size < whole.size() - (bmp.compression == 1 ? 2 : 0); ++size)
        CHECK(contains(message(whole.substr(0, size)), "x' "));
      whole.replace(2, 4, std::string(4, '\0'));  // the size of the file is not believed
      CHECK(decode_image(whole, "x").height == std::abs(bmp.height));
      CHECK(contains(message(whole.substr(0, whole.size() - 4)), "is truncated"));
    }
    const Bmp large{1 << 20, -(1 << 20), 24, 0, "", "abcd"};
    CHECK(contains(message(large.bytes()), "at most 268435456 can be read"));
    const Bmp odd{1, 1, 24, 4, "", "abcd"};
    CHECK(contains(message(odd.bytes()), "compression 4, which is not read"));
  });
}

TEST_CASE("files of other kinds are called what they are") {
  using namespace std::string_literals;
  const std::pair<std::string, std::string> kinds[] = {
      {"GIF89a"s, "a GIF image"},
      {"\0\0\0\x18"
       "ftypavif"s,
       "an AVIF image"},
      {"\0\0\0\x18"
       "ftypheic"s,
       "a HEIF"},
      {"8BPS"s, "Photoshop"},
      {"P6\n1 1\n255\n"s, "a PNM image"},
      {"version https://git-lfs.github.com"s, "git-lfs"},
      {"<!DOCTYPE html><html>"s, "a web page"},
      {"<svg xmlns"s, "an SVG"},
      {"\x93NUMPY\1\0v\0"s, "an array of NumPy (.npy)"},
      {"\x1f\x8b\x08"s, "can be read, whatever the name says\n  hint: unpack it first"},
      {"text\nmore"s, "a text that begins with 'text'"},
      {"\1\2\3"s, "no image of a known kind"}};
  for (const auto& [bytes, kind] : kinds) {
    CHECK(contains(message(bytes), kind));
    CHECK(contains(message(bytes), "PNG, JPEG, BMP can be read"));
  }
}

TEST_CASE("a folder: what is left out has a reason, hidden files have none, no two results have one name") {
  const TemporaryFolder folder;
  const std::string png = png_of(noise(3, 3, 3)).bytes();
  for (const char* name : {"a.png", "b.PNG", "c.jpg", "a.jpg", "a.jpg.bmp"}) write(folder.path / name, png);
  for (const char* name : {"._a.png", ".DS_Store", "Thumbs.db", "desktop.ini"})
    write(folder.path / name, "x");
  write(folder.path / "d.gif", "GIF89a");
  write(folder.path / "e.txt", "text");
  write(folder.path / "f", png);
  std::filesystem::create_directory(folder.path / "g.png");
  std::filesystem::create_symlink("nowhere", folder.path / "h.png");
  const ImageFolder found = image_folder(folder.path);
  REQUIRE(found.left_out.size() == 5);
  const char* reasons[] = {"a GIF image", "not an image", "does not end as that of a PNG", "a folder",
                           "a link to a file that is not there"};
  for (std::size_t i = 0; i < 5; ++i) CHECK(contains(found.left_out[i].reason, reasons[i]));
  CHECK(distinct_stems(found.images) == std::vector<std::string>{"a.jpg", "a.jpg.bmp", "a.png", "b", "c"});
  const TemporaryFolder none;
  write(none.path / "d.gif", "GIF89a");
  CHECK_ERROR(list_images(none.path), "1 others, such as 'd.gif': a GIF image");
}

#if defined(CRISP_WITH_LIBWEBP)
#include <webp/encode.h>

TEST_CASE("WebP by libwebp: samples, alpha, orientation, profile; cut it is refused") {
  use_image_libraries();
  for (const Index channels : {3, 4}) {
    const Image x = noise(5, 9, channels);
    std::vector<std::uint8_t> bytes(x.samples.begin(), x.samples.end());
    for (std::size_t i = 3; channels == 4 && i < bytes.size(); i += 4) bytes[i] |= 1;
    std::uint8_t* made = nullptr;
    const int line = int(x.width * channels);
    const std::size_t size = channels == 4 ? WebPEncodeLosslessRGBA(bytes.data(), 9, 5, line, &made)
                                           : WebPEncodeLosslessRGB(bytes.data(), 9, 5, line, &made);
    const std::string file(reinterpret_cast<char*>(made), size);
    WebPFree(made);
    CHECK(decode_image(file, "x").samples == Samples(bytes.begin(), bytes.end()));
    for (std::size_t cut = 12; cut < file.size(); cut += 5)
      CHECK(contains(message(file.substr(0, cut)), "x' is "));
    const auto chunk = [](const std::string& type, const std::string& data) {
      return type + little(std::uint32_t(data.size())) + data + std::string(data.size() % 2, '\0');
    };
    const std::string icc = profile(333, true), block = exif(6, true);
    const std::string extended = "WEBP" +
                                 chunk("VP8X", std::string(1, char(0x28 | (channels == 4 ? 0x10 : 0))) +
                                                   std::string(3, '\0') + little(8, 3) + little(4, 3)) +
                                 chunk("ICCP", icc) + file.substr(12) + chunk("EXIF", block);
    const Picture p = decode_picture("RIFF" + little(std::uint32_t(extended.size())) + extended, "x");
    CHECK(p.colour.icc == icc);
    CHECK(p.image.height == 9);
  }
  image_readers() = {formats::png_reader(), formats::jpeg_reader(), formats::bmp_reader()};
}
#endif

#if defined(CRISP_WITH_LIBTIFF)
namespace {

// Written by libtiff: 5 x 9 pixels, in strips of 2 rows, or in tiles of 16 x 16.
std::string tiff_file(const Image& x, int bits, bool tiled, int orientation, const std::string& icc) {
  const TemporaryFolder folder;
  const std::string path = (folder.path / "x.tif").string();
  TIFF* const t = TIFFOpen(path.c_str(), "w");
  const Index side = tiled ? 16 : x.width, rows = tiled ? 16 : 2;
  TIFFSetField(t, TIFFTAG_IMAGEWIDTH, int(x.width));
  TIFFSetField(t, TIFFTAG_IMAGELENGTH, int(x.height));
  TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, int(x.channels));
  TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, bits);
  TIFFSetField(t, TIFFTAG_PHOTOMETRIC, x.has_colour() ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
  TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(t, TIFFTAG_ORIENTATION, orientation);
  TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_LZW);
  std::uint16_t alpha[] = {EXTRASAMPLE_UNASSALPHA};
  if (x.has_alpha()) TIFFSetField(t, TIFFTAG_EXTRASAMPLES, 1, alpha);
  if (!icc.empty()) TIFFSetField(t, TIFFTAG_ICCPROFILE, std::uint32_t(icc.size()), icc.data());
  if (tiled) TIFFSetField(t, TIFFTAG_TILEWIDTH, 16), TIFFSetField(t, TIFFTAG_TILELENGTH, 16);
  else TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 2);
  for (Index top = 0, number = 0; top < x.height; top += rows, ++number) {
    std::string block;
    for (Index i = 0; i < rows; ++i)
      for (Index k = 0; k < side * x.channels; ++k) {
        const bool inside = top + i < x.height && k < x.width * x.channels;
        const float v = inside ? x.samples[std::size_t((top + i) * x.width * x.channels + k)] : 0;
        const auto whole = std::uint16_t(bits == 16 ? v * 257 : v);
        block.append(reinterpret_cast<const char*>(&whole), std::size_t(bits / 8));
      }
    const Index there = tiled ? rows : std::min(rows, x.height - top);
    const auto size = tmsize_t(there * side * x.channels * bits / 8);
    if (tiled) TIFFWriteEncodedTile(t, std::uint32_t(number), block.data(), size);
    else TIFFWriteEncodedStrip(t, std::uint32_t(number), block.data(), size);
  }
  TIFFClose(t);
  return read_file("test", path);
}

}  // namespace

TEST_CASE("TIFF by libtiff: 8 and 16 bits, strips and tiles, orientation, profile; cut it is refused") {
  use_image_libraries();
  for (const Index channels : {1, 3, 4})
    for (const int bits : {8, 16})
      for (const bool tiled : {false, true}) {
        const Image x = noise(5, 9, channels);
        const std::string icc = profile(400, channels > 1);
        const std::string file = tiff_file(x, bits, tiled, 1, icc);
        const Picture p = decode_picture(file, "x");
        CHECK(p.image.samples == x.samples);
        CHECK(p.bits == bits);
        CHECK(p.colour.icc == icc);
        CHECK(decode_image(tiff_file(x, bits, tiled, 8, ""), "x").samples == upright(x, 8).samples);
        for (std::size_t cut = 4; cut < file.size(); cut += 41)
          CHECK_ERROR(decode_image(file.substr(0, cut), "x"), "x' is ");
      }
  image_readers() = {formats::png_reader(), formats::jpeg_reader(), formats::bmp_reader()};
}
#endif

#if defined(CRISP_WITH_LIBJPEG)
namespace {

// Four planes as a JPEG, stored as programs store CMYK: inverted. By libjpeg, with the best quality.
std::string cmyk_jpeg(const std::vector<unsigned char>& samples, unsigned width, unsigned height,
                      bool marker) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = width;
  jpeg.image_height = height;
  jpeg.input_components = 4;
  jpeg.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
  jpeg.write_Adobe_marker = marker ? TRUE : FALSE;
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < height) {
    std::vector<unsigned char> row(samples.begin() + jpeg.next_scanline * width * 4,
                                   samples.begin() + (jpeg.next_scanline + 1) * width * 4);
    JSAMPROW line = row.data();
    jpeg_write_scanlines(&jpeg, &line, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  const std::string file(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return file;
}

}  // namespace

TEST_CASE("CMYK in a JPEG, with and without the marker of Adobe, is RGB by ink and black") {
  const Index h = 9, w = 14;
  std::vector<unsigned char> inverted;
  Image right(h, w, 3);
  for (Index i = 0; i < h * w; ++i) {
    const int ink[] = {int(3 * i % 200), int(255 - i), int(i), int(100 + i % 150)};
    for (const int v : ink) inverted.push_back(static_cast<unsigned char>(v));
    for (Index c = 0; c < 3; ++c) right.samples[std::size_t(3 * i + c)] = float(ink[c]) * float(ink[3]) / 255;
  }
  for (const bool marker : {true, false}) {
    const std::string file = cmyk_jpeg(inverted, unsigned(w), unsigned(h), marker);
    with_both_readers([&] {
      const Image x = decode_image(file, "x");
      for (std::size_t i = 0; i < x.samples.size(); ++i) CHECK(std::abs(x.samples[i] - right.samples[i]) < 4);
    });
  }
}
#endif
