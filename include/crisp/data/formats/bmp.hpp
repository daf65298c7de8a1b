// BMP (Microsoft, "Bitmap Storage"; https://learn.microsoft.com/windows/win32/gdi/bitmap-storage): palettes
// of 1, 2, 4 and 8 bits, plain or run-length encoded, and 16, 24 and 32 bits with masks.
#pragma once
#include <bit>

#include "crisp/data/formats/bytes.hpp"
#include "crisp/data/picture.hpp"

namespace crisp::data::formats {

/// What the headers of a BMP file say.
struct BmpHeader {
  enum Compression { none = 0, rle8 = 1, rle4 = 2, masks = 3, masks_with_alpha = 6 };

  Index height = 0, width = 0;
  bool top_down = false;
  int bits = 0;  // of a pixel
  std::uint32_t compression = none;
  std::size_t samples = 0;                                     // where they begin
  std::size_t palette = 0, colours = 0, bytes_per_colour = 4;  // where it begins, how many
  std::array<std::uint32_t, 4> mask{};                         // red, green, blue, alpha; of 16 and 32 bits
  ColourInfo colour{};

  bool run_length() const { return compression == rle8 || compression == rle4; }
  std::size_t row_bytes() const { return (std::size_t(width) * std::size_t(bits) + 31) / 32 * 4; }
};

namespace detail {

// Where the header does not give the masks: 5 bits each of 16, or 8 bits each of 32. The fourth byte of the
// latter is padding.
inline void read_masks(const Bytes& file, std::uint32_t header_size, BmpHeader& h) {
  if (h.bits == 16) h.mask = {0x7c00, 0x03e0, 0x001f, 0};
  else h.mask = {0xff0000, 0xff00, 0xff, 0};
  const bool given = h.compression == BmpHeader::masks || h.compression == BmpHeader::masks_with_alpha;
  if (!given) return;
  const bool alpha = header_size >= 56 || h.compression == BmpHeader::masks_with_alpha;
  for (std::size_t i = 0; i < (alpha ? 4u : 3u); ++i) h.mask[i] = file.u32(14 + 40 + 4 * i);
}

inline void check_depth(const BmpHeader& h, const std::string& name) {
  const int n = h.bits;
  const bool palette = n == 1 || n == 2 || n == 4 || n == 8, whole = n == 16 || n == 24 || n == 32;
  bool fits = h.compression == BmpHeader::none && (palette || whole);
  if (h.compression == BmpHeader::rle8) fits = n == 8 && !h.top_down;
  if (h.compression == BmpHeader::rle4) fits = n == 4 && !h.top_down;
  if (h.compression == BmpHeader::masks || h.compression == BmpHeader::masks_with_alpha)
    fits = n == 16 || n == 32;
  if (!fits)
    refuse(name, "is a BMP of ", n, " bits a pixel and compression ", h.compression,
           ", which is not read\n  hint: save it as PNG");
  for (std::size_t i = 0; i < 3; ++i)
    if (whole && n != 24 && h.mask[i] == 0) refuse(name, "is damaged: the BMP's colour masks are empty");
}

}  // namespace detail

/// Throws Error with the name where the file is cut short, or of a kind that is not read.
inline BmpHeader bmp_header(std::string_view bytes, const std::string& name) {
  const Bytes file{bytes, true};
  BmpHeader h;
  h.samples = file.u32(10);
  const std::uint32_t header_size = file.u32(14);
  const bool of_os2 = header_size == 12;
  if (!file.has(14, std::max<std::uint32_t>(header_size, 12)))
    refuse(name, "is truncated: its ", bytes.size(), " bytes end within the BMP's header");
  if (!of_os2 && header_size < 40)
    refuse(name, "has a BMP header of ", header_size, " bytes, which is not read");
  const Index height = of_os2 ? Index(file.u16(20)) : Index(file.i32(22));
  h.width = of_os2 ? Index(file.u16(18)) : Index(file.i32(18));
  h.top_down = height < 0;
  h.height = h.top_down ? -height : height;
  h.bits = int(of_os2 ? file.u16(24) : file.u16(28));
  if (h.width < 1 || h.height < 1)
    refuse(name, "is damaged: it says that it has ", h.height, " x ", h.width, " pixels");
  check_pixels(h.height, h.width, name);
  if (!of_os2) {
    h.compression = file.u32(30);
    h.colour.density = {file.u32(38), file.u32(42)};
    h.colour.per_metre = true;
  }
  detail::read_masks(file, header_size, h);
  detail::check_depth(h, name);
  const bool masks_follow = header_size == 40 && h.compression == BmpHeader::masks;
  h.palette = 14 + header_size + (masks_follow ? 12 : 0);
  h.bytes_per_colour = of_os2 ? 3 : 4;
  const std::size_t max_colours = h.bits <= 8 ? std::size_t(1) << h.bits : 0;
  h.colours = of_os2 || file.u32(46) == 0 ? max_colours : std::min<std::size_t>(file.u32(46), max_colours);
  if (of_os2 && h.samples > h.palette)  // OS/2 leaves out colours, and does not say so
    h.colours = std::min(h.colours, (h.samples - h.palette) / 3);
  const std::size_t needed = h.run_length() ? 2 : h.row_bytes() * std::size_t(h.height);
  if (h.samples < h.palette || !file.has(h.samples, needed))
    refuse(name, "is truncated: its ", bytes.size(), " bytes end before the ", h.height, " x ", h.width,
           " pixels of the BMP do");
  constexpr double in_a_byte = 128;  // pixels that a run-length encoded file holds, unless it leaves some out
  if (h.run_length() && h.width * h.height > 1 << 22)
    check_enough(double(h.width * h.height) / in_a_byte, bytes.size(), h.height, h.width, name);
  return h;
}

namespace detail {

// Run-length encoded indices, from the bottom row; those that the file leaves out are 0.
inline std::vector<unsigned char> run_length_indices(const Bytes& file, const BmpHeader& h,
                                                     const std::string& name) {
  std::vector<unsigned char> indices(std::size_t(h.width * h.height));
  Index x = 0, y = 0;
  const auto put = [&](std::uint32_t index) {
    if (x < h.width && y < h.height)
      indices[std::size_t(y * h.width + x)] = static_cast<unsigned char>(index);
    ++x;
  };
  const bool wide = h.bits == 8;
  const auto nth = [&](std::uint32_t two, std::uint32_t i) {  // the two indices of a byte in turn
    if (wide) return two;
    return i % 2 == 0 ? two >> 4 : two & 15;
  };
  for (std::size_t at = h.samples; y < h.height;) {
    if (!file.has(at, 2)) refuse(name, "is truncated: the BMP ends at row ", y + 1, " of ", h.height);
    const std::uint32_t count = file.u8(at), value = file.u8(at + 1);
    at += 2;
    if (count > 0) {
      for (std::uint32_t i = 0; i < count; ++i) put(nth(value, i));
    } else if (value == 0) {  // the end of a row
      x = 0;
      ++y;
    } else if (value == 1) {  // the end of the picture
      break;
    } else if (value == 2) {  // a step to the right and up
      x += Index(file.u8(at));
      y += Index(file.u8(at + 1));
      at += 2;
    } else {  // `value` indices as they are, in whole 16-bit words
      const std::size_t size = wide ? value : (value + 1) / 2;
      if (!file.has(at, size)) refuse(name, "is truncated: the BMP ends at row ", y + 1, " of ", h.height);
      for (std::uint32_t i = 0; i < value; ++i) put(nth(file.u8(at + (wide ? i : i / 2)), i));
      at += (size + 1) / 2 * 2;
    }
  }
  return indices;
}

// The sample under the mask, from 0..its own maximum to 0..255.
inline float masked(std::uint32_t pixel, std::uint32_t mask) {
  const int shift = std::countr_zero(mask);
  const std::uint64_t largest = mask >> shift, value = (pixel & mask) >> shift;
  return float(value * 255 / largest);
}

inline void read_palette_row(const Bytes& file, const BmpHeader& h, const unsigned char* indices, float* to,
                             const std::string& name) {
  for (Index x = 0; x < h.width; ++x) {
    const std::size_t index = indices[x];
    if (index >= h.colours)
      refuse(name, "is damaged: a pixel of the BMP has colour ", index, " of a palette of ", h.colours);
    const std::size_t colour = h.palette + index * h.bytes_per_colour;
    for (std::size_t c = 0; c < 3; ++c) *to++ = float(file.u8(colour + 2 - c));
  }
}

inline void read_masked_row(const Bytes& row, const BmpHeader& h, Index channels, float* to) {
  const std::size_t bytes = std::size_t(h.bits) / 8;
  for (std::size_t x = 0; x < std::size_t(h.width); ++x)
    for (std::size_t c = 0; c < std::size_t(channels); ++c)
      *to++ = h.bits == 24 ? float(row.u8(3 * x + 2 - c))
                           : masked(std::uint32_t(row.number(x * bytes, bytes)), h.mask[c]);
}

inline std::vector<unsigned char> indices_of_row(const Bytes& row, const BmpHeader& h) {
  std::vector<unsigned char> indices(std::size_t(h.width));
  const std::size_t bits = std::size_t(h.bits), in_a_byte = 8 / bits;
  for (std::size_t x = 0; x < indices.size(); ++x) {
    const std::size_t shift = 8 - bits - x % in_a_byte * bits;
    indices[x] = static_cast<unsigned char>(row.u8(x / in_a_byte) >> shift & ((1u << bits) - 1));
  }
  return indices;
}

}  // namespace detail

/// The picture in a BMP file: RGB, or RGBA where the file has a mask for alpha. Throws Error with the name
/// for what is cut short, damaged or not read.
inline Picture decode_bmp(const std::string& bytes, const std::string& name) {
  const BmpHeader h = bmp_header(bytes, name);
  const Bytes file{bytes, true};
  const Index channels = h.bits > 8 && h.bits != 24 && h.mask[3] != 0 ? 4 : 3;
  Picture picture{.image = Image(h.height, h.width, channels), .colour = h.colour};
  std::vector<unsigned char> all;
  if (h.run_length()) all = detail::run_length_indices(file, h, name);
  for (Index i = 0; i < h.height; ++i) {  // in the order of the file
    const Index y = h.top_down ? i : h.height - 1 - i;
    float* const to = &picture.image.at(y, 0);
    const Bytes row = file.part(h.samples + std::size_t(i) * h.row_bytes(), h.row_bytes());
    if (h.run_length()) detail::read_palette_row(file, h, &all[std::size_t(i * h.width)], to, name);
    else if (h.bits <= 8) detail::read_palette_row(file, h, detail::indices_of_row(row, h).data(), to, name);
    else detail::read_masked_row(row, h, channels, to);
  }
  return picture;
}

}  // namespace crisp::data::formats
