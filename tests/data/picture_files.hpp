// Files of pictures for the tests, put together byte by byte; and both sets of readers in turn.
#pragma once
#include <doctest/doctest.h>

#include "crisp/core/random.hpp"
#include "crisp/data/image_io.hpp"
#include "crisp/data/image_libraries.hpp"

namespace crisp::test {

/// f() with the core's readers, then with those of the libraries.
template <class F>
void with_both_readers(const F& f) {
  using namespace data::formats;
  const std::vector<data::ImageReader> core{png_reader(), jpeg_reader(), bmp_reader()};
  data::image_readers() = core;
  {
    INFO("by the core's readers");
    f();
  }
  data::use_image_libraries();
  {
    INFO("by the libraries");
    f();
  }
  data::image_readers() = core;
}

inline data::Image noise(Index h, Index w, Index c, std::uint64_t seed = 1) {
  data::Image x(h, w, c);
  Rng rng(seed);
  for (float& v : x.samples) v = float(rng.below(256));
  return x;
}

inline std::string big(std::uint32_t value, std::size_t count = 4) {
  return data::formats::big_endian(value, count);
}
inline std::string little(std::uint32_t value, std::size_t count = 4) {
  const std::string bytes = big(value, count);
  return {bytes.rbegin(), bytes.rend()};
}

inline std::string png_chunk(const std::string& type, const std::string& data) {
  return big(std::uint32_t(data.size())) + type + data + big(data::formats::crc32(type + data));
}

/// A zlib stream of stored blocks: not compressed.
inline std::string stored(const std::string& data) {
  std::string stream = "\x78\x01";
  for (std::size_t at = 0; at == 0 || at < data.size(); at += 65535) {
    const std::string part = data.substr(at, 65535);
    const auto size = std::uint32_t(part.size());
    stream += char(at + 65535 >= data.size()) + little(size, 2) + little(~size & 0xffff, 2) + part;
  }
  return stream + big(data::formats::adler32(data));
}

/// A PNG of w x h pixels; `rows` are the samples, each row after a filter byte of 0.
struct Png {
  std::uint32_t width, height;
  int depth = 8, kind = 2;
  std::string rows, before, after;  // whole chunks before and after the samples
  std::string bytes() const {
    const std::string header = big(width) + big(height) + char(depth) + char(kind) + std::string("\0\0\0", 3);
    return std::string(data::formats::png_signature) + png_chunk("IHDR", header) + before +
           png_chunk("IDAT", stored(rows)) + after + png_chunk("IEND", "");
  }
};

/// The image, of 8 bits, as the rows of a Png.
inline std::string png_rows(const data::Image& x) {
  std::string rows;
  for (Index i = 0; i < x.height; ++i) {
    rows += '\0';
    for (Index k = 0; k < x.width * x.channels; ++k)
      rows += char(static_cast<unsigned char>(x.samples[std::size_t(i * x.width * x.channels + k)]));
  }
  return rows;
}
inline Png png_of(const data::Image& x) {
  const int kinds[] = {0, 0, 4, 2, 6};
  return {std::uint32_t(x.width), std::uint32_t(x.height), 8, kinds[x.channels], png_rows(x), "", ""};
}

/// A JPEG file with a segment after its first, the JFIF one.
inline std::string with_segment(const std::string& jpeg, int marker, const std::string& data) {
  const std::size_t at = 4 + Bytes{jpeg}.u16(4);
  return jpeg.substr(0, at) + '\xff' + char(marker) + big(std::uint32_t(data.size()) + 2, 2) + data +
         jpeg.substr(at);
}

/// An EXIF block that says the orientation, in either order of bytes.
inline std::string exif(int orientation, bool little_endian) {
  const auto number = [&](std::uint32_t v, std::size_t n) {
    return little_endian ? little(v, n) : big(v, n);
  };
  return (little_endian ? "II" : "MM") + number(42, 2) + number(8, 4) + number(2, 2) +  // two entries
         number(256, 2) + number(3, 2) + number(1, 4) + number(9, 2) + number(0, 2) +   // the width
         number(274, 2) + number(3, 2) + number(1, 4) + number(std::uint32_t(orientation), 2) + number(0, 2) +
         number(0, 4);
}

/// What passes for an ICC profile of so many bytes.
inline std::string profile(std::size_t size, bool colour) {
  std::string p = big(std::uint32_t(size));
  p.resize(size);
  for (std::size_t i = 4; i < size; ++i) p[i] = char(i * 31 % 251);
  p.replace(16, 4, colour ? "RGB " : "GRAY").replace(36, 4, "acsp");
  return p;
}

/// A BMP: the headers, a palette or masks, and the rows, from the bottom unless the height is negative.
struct Bmp {
  int width, height, bits = 24;
  std::uint32_t compression = 0;
  std::string palette, rows;
  std::string bytes() const {
    const std::string info = little(40) + little(std::uint32_t(width)) + little(std::uint32_t(height)) +
                             little(1, 2) + little(std::uint32_t(bits), 2) + little(compression) +
                             little(std::uint32_t(rows.size())) + little(2835) + little(2835) +
                             little(bits <= 8 ? std::uint32_t(palette.size() / 4) : 0) + little(0);
    const auto begin = std::uint32_t(14 + info.size() + palette.size());
    return "BM" + little(begin + std::uint32_t(rows.size())) + little(0) + little(begin) + info + palette +
           rows;
  }
};

}  // namespace crisp::test
