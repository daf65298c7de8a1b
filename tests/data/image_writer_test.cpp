// Images written row by row: they come back as they were, of 8 and 16 bits, and are there whole or not at
// all.
#include "crisp/data/image_writer.hpp"

#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using data::Image;
using data::ImageWriter;

namespace {

Image noise(Index h, Index w, Index c, double step) {
  Image x(h, w, c);
  Rng rng(4);
  for (float& v : x.samples) v = float(std::floor(rng.uniform(0, 255 * step + 1)) / step);
  return x;
}

void write_in_parts(const std::filesystem::path& path, const Image& x, data::WriterOptions o = {}) {
  ImageWriter writer(path, x.height, x.width, x.channels, o);
  for (Index row = 0, part = 1; row < x.height; row += part, part = std::min<Index>(part + 1, x.height - row))
    writer.write(data::crop(x, row, 0, part, x.width));
  writer.finish();
}

}  // namespace

TEST_CASE("ImageWriter: every kind of image comes back, of 8 and of 16 bits, in parts of any height") {
  const TemporaryFolder folder;
  for (Index channels = 1; channels <= 4; ++channels)
    for (const auto& [h, w] : {std::pair<Index, Index>{1, 1}, {7, 13}, {30, 2}}) {
      const Image x = noise(h, w, channels, 1), fine = noise(h, w, channels, 257);
      write_in_parts(folder.path / "a.png", x);
      CHECK(data::load_image(folder.path / "a.png").samples == x.samples);
      write_in_parts(folder.path / "b.png", fine, {.bits = 16});
      CHECK(data::load_picture(folder.path / "b.png").bits == 16);
      const Image back = data::load_image(folder.path / "b.png");
      REQUIRE(back.same_size(fine));
      for (std::size_t i = 0; i < fine.samples.size(); ++i)
        CHECK(back.samples[i] == doctest::Approx(fine.samples[i]).epsilon(1e-6));
      if (channels % 2 == 0) continue;
      write_in_parts(folder.path / "c.bmp", x);
      const Image bmp = data::load_image(folder.path / "c.bmp");
      CHECK(data::channels(bmp, 0, channels).samples == x.samples);
      write_in_parts(folder.path / "d.jpg", x, {.jpeg_quality = 100});
      const Image jpeg = data::load_image(folder.path / "d.jpg");
      CHECK(jpeg.height == x.height);
      REQUIRE(jpeg.width == x.width);
      for (Index i = 0; i < h * w; ++i)
        for (Index c = 0; c < channels; ++c)
          CHECK(std::abs(jpeg.samples[std::size_t(i * jpeg.channels + c)] -
                         x.samples[std::size_t(i * channels + c)]) < 8);
    }
}

TEST_CASE("ImageWriter: values beyond 0..255 and NaN are brought into the range") {
  const TemporaryFolder folder;
  Image x(1, 4, 1);
  x.samples = {-3, 300, NAN, 127.6f};
  write_in_parts(folder.path / "a.png", x);
  CHECK(data::load_image(folder.path / "a.png").samples == std::vector<float>{0, 255, 0, 128});
  write_in_parts(folder.path / "b.png", x, {.bits = 16});
  CHECK(data::load_image(folder.path / "b.png").samples[1] == 255);
  CHECK(data::load_image(folder.path / "b.png").samples[3] == doctest::Approx(127.6).epsilon(1e-4));
}

TEST_CASE(
    "ImageWriter: what is wrong is said before anything is written, and what is not finished leaves "
    "nothing") {
  const TemporaryFolder folder;
  const auto path = folder.path / "a.png";
  {
    ImageWriter writer(path, 4, 3, 1);
    writer.write(Image(2, 3, 1));
    CHECK_ERROR(
        writer.write(Image(1, 4, 1)),
        "rows of 1 x 4 gray do not fit: 4 x 3 pixels of 1 channels are written, 2 rows of them are there");
    CHECK_ERROR(writer.write(Image(3, 3, 1)), "do not fit");
    CHECK_ERROR(writer.finish(), "2 of 4 rows were written");
  }
  CHECK(std::filesystem::is_empty(folder.path));
  CHECK_ERROR(ImageWriter(folder.path / "a.gif", 1, 1, 1), "'.gif' is not a format");
  CHECK_ERROR(ImageWriter(folder.path / "a.jpg", 1, 1, 4), "alpha cannot be kept in a .jpg file");
  CHECK_ERROR(ImageWriter(folder.path / "a.jpg", 1, 1, 3, {.bits = 16}), "a .jpg file cannot hold 16 bits");
  CHECK_ERROR(ImageWriter(folder.path / "a.jpg", 70000, 1, 3),
              "70000 x 1 pixels are too many for a .jpg file, which holds 65535 a side");
  CHECK_ERROR(ImageWriter(folder.path / "a.png", 0, 1, 1), "the image is empty (0 x 1 pixels)");
  CHECK_ERROR(ImageWriter(folder.path / "none" / "a.png", 1, 1, 1),
              "cannot be written: No such file or directory");
  CHECK_ERROR(ImageWriter(folder.path / (std::string(300, 'n') + ".png"), 1, 1, 1), "File name too long");
  CHECK(std::filesystem::is_empty(folder.path));
  CHECK_ERROR(data::encode_image(Image(1, 70000, 1), ".jpg"), "too many for a .jpg file");
}

TEST_CASE(
    "ImageWriter: a full disk and a name that is taken are told in the system's words, and nothing is left") {
  const TemporaryFolder folder;
  const auto path = folder.path / "a.png", part = folder.path / "a.png.part";
  if (std::filesystem::exists("/dev/full")) {  // behind the name under which the picture is prepared
    for (const Index height : {1, 300}) {      // fails at the end, or in the middle
      std::filesystem::create_symlink("/dev/full", part);
      const Image x = noise(height, 300, 3, 1);
      CHECK_ERROR(write_in_parts(path, x), "a.png' cannot be written: No space left on device");
      CHECK(std::filesystem::is_empty(folder.path));
    }
  }
  std::filesystem::create_directory(part);
  CHECK_ERROR(ImageWriter(path, 1, 1, 1), "a.png' cannot be written: Is a directory");
  CHECK(std::filesystem::is_directory(part));
  std::filesystem::create_directory(path);
  CHECK_ERROR(ImageWriter(path, 1, 1, 1), "a.png' is a folder; give the name of a file");
}
