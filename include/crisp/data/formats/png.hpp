// PNG (W3C, "Portable Network Graphics Specification", third edition): its chunks, checked one by one, what
// they say about the picture, and the samples by stb.
#pragma once
#include <functional>
#include <memory>

#include "crisp/core/rounding.hpp"
#include "crisp/data/formats/exif.hpp"
#include "crisp/data/picture.hpp"
#include "crisp/data/stb.hpp"

namespace crisp::data::formats {

/// The eight bytes that each PNG file begins with.
inline constexpr std::string_view png_signature("\x89PNG\r\n\x1a\n", 8);

/// What a PNG file says before its samples.
struct PngHeader {
  Index height = 0, width = 0;
  int depth = 0, kind = 0;  // bits of a sample; the specification's colour type
  bool has_key = false;     // tRNS: a palette with alpha, or a colour that is transparent
  bool interlaced = false, animated = false;
  int orientation = 1;
  ColourInfo colour{};
  std::string zipped_icc;  // the profile, as it is in the file

  bool is_gray() const { return kind == 0 || kind == 4; }
  Index channels() const { return (is_gray() ? 1 : 3) + (kind >= 4 || has_key ? 1 : 0); }
};

namespace detail {

inline void check_png_header(const PngHeader& h, const std::string& name) {
  const bool known = h.kind == 0 || h.kind == 2 || h.kind == 3 || h.kind == 4 || h.kind == 6;
  const bool depth_known = h.depth == 1 || h.depth == 2 || h.depth == 4 || h.depth == 8 || h.depth == 16;
  bool fits = known && depth_known;
  if (h.kind == 3) fits = fits && h.depth <= 8;
  if (h.kind == 2 || h.kind >= 4) fits = fits && h.depth >= 8;
  if (!fits)
    refuse(name, "is damaged: a PNG of colour type ", h.kind, " and ", h.depth, " bits does not exist");
  if (h.width < 1 || h.height < 1 || h.width > 0x7fffffff || h.height > 0x7fffffff)
    refuse(name, "is damaged: it says that it has ", h.height, " x ", h.width, " pixels");
  check_pixels(h.height, h.width, name);
}

inline void take_png_chunk(PngHeader& h, const std::string& type, const Bytes& data) {
  ColourInfo& colour = h.colour;
  if (type == "tRNS") h.has_key = true;
  if (type == "acTL") h.animated = true;
  if (type == "eXIf") h.orientation = exif_orientation(data.all);
  if (type == "cICP" && data.size() == 4) colour.cicp = data.all;
  if (type == "sRGB" && data.size() == 1) colour.srgb = data.all;
  if (type == "gAMA" && data.size() == 4) colour.gama = data.all;
  if (type == "cHRM" && data.size() == 32) colour.chrm = data.all;
  if (type == "pHYs" && data.size() == 9) {
    colour.density = {data.u32(0), data.u32(4)};
    colour.per_metre = data.u8(8) == 1;
  }
  if (type == "iCCP" && h.zipped_icc.empty()) {
    const std::size_t end = data.all.find('\0');  // of the profile's name; the method, 0, follows
    if (end <= 79 && data.has(end, 3) && data.u8(end + 1) == 0) h.zipped_icc = data.all.substr(end + 2);
  }
}

// The bytes of the samples before they are compressed: each row after a byte that names its filter; of an
// interlaced picture, seven small ones (sec. 8.2).
inline std::size_t raw_size(const PngHeader& h) {
  static constexpr Index samples_of[] = {1, 0, 3, 1, 2, 0, 4};  // a pixel, by colour type
  const Index samples = samples_of[h.kind];
  struct Pass {
    Index top, left, down, right;
  };
  static constexpr Pass whole{0, 0, 1, 1};
  static constexpr Pass seven[] = {{0, 0, 8, 8}, {0, 4, 8, 8}, {4, 0, 8, 4}, {0, 2, 4, 4},
                                   {2, 0, 4, 2}, {0, 1, 2, 2}, {1, 0, 2, 1}};
  const auto size = [&](const Pass& p) {
    const Index rows = ceil_div(std::max<Index>(h.height - p.top, 0), p.down);
    const Index columns = ceil_div(std::max<Index>(h.width - p.left, 0), p.right);
    return columns == 0 ? 0 : rows * (1 + ceil_div(columns * samples * h.depth, 8));
  };
  if (!h.interlaced) return std::size_t(size(whole));
  Index sum = 0;
  for (const Pass& pass : seven) sum += size(pass);
  return std::size_t(sum);
}

}  // namespace detail

/// The header of a PNG file. `sees` is given each chunk, its type and its data, in order. Throws Error with
/// the name for a file that is cut short, that has a damaged chunk, or that only iPhones read.
inline PngHeader png_header(
    const std::string& bytes, const std::string& name,
    const std::function<void(const std::string& type, std::string_view data)>& sees = {}) {
  const Bytes file{bytes};
  PngHeader h;
  std::size_t samples = 0;  // their bytes
  for (std::size_t at = png_signature.size();;) {
    const std::size_t size = file.u32(at);
    if (!file.has(at, 12) || !file.has(at + 12, size))
      refuse(name, "is truncated: its ", bytes.size(), " bytes end before the PNG does");
    const std::string type(file.part(at + 4, 4).all);
    const Bytes data = file.part(at + 8, size);
    if (crc32(file.part(at + 4, size + 4).all) != file.u32(at + 8 + size))
      refuse(name, "is damaged: the checksum of its chunk ", type, " at byte ", at, " is wrong");
    if (type == "CgBI")
      refuse(name, "is a PNG for iPhones alone (CgBI), which is not read\n  hint: save it as a usual PNG");
    if (h.width == 0 && (type != "IHDR" || size != 13)) refuse(name, "is damaged: the PNG has no header");
    if (type == "IHDR") {
      if (h.width != 0) refuse(name, "is damaged: the PNG has two headers");
      h.width = Index(data.u32(0));
      h.height = Index(data.u32(4));
      h.depth = int(data.u8(8));
      h.kind = int(data.u8(9));
      h.interlaced = data.u8(12) != 0;
      detail::check_png_header(h, name);
    }
    detail::take_png_chunk(h, type, data);
    if (type == "IDAT") samples += size;
    if (sees) sees(type, data.all);
    if (type == "IEND") break;  // what follows is not of the picture
    at += size + 12;
  }
  if (samples == 0) refuse(name, "is damaged: the PNG has no samples (IDAT)");
  constexpr double ratio = 1032;  // bytes that deflate makes of one, at most
  check_enough(double(detail::raw_size(h)) / ratio, samples, h.height, h.width, name);
  return h;
}

namespace detail {

// A zlib stream's content, of at most so many bytes; empty where it is damaged or longer.
inline std::string inflated(std::string_view zipped, std::size_t limit) {
  std::string content(limit, '\0');
  const int size =
      stb::crisp_stbi_zlib_decode_buffer(content.data(), int(limit), zipped.data(), int(zipped.size()));
  content.resize(size > 0 ? std::size_t(size) : 0);
  const bool whole = zipped.size() >= 4 && Bytes{zipped}.u32(zipped.size() - 4) == adler32(content);
  return whole ? content : std::string();
}

inline Picture png_picture(PngHeader h) {
  Picture picture{.bits = h.depth == 16 ? 16 : 8, .orientation = h.orientation};
  if (h.animated) picture.notes.push_back("an animated PNG: its first picture alone is read");
  if (!h.zipped_icc.empty()) {
    h.colour.icc = inflated(h.zipped_icc, std::min<std::size_t>(1032 * h.zipped_icc.size(), 1 << 24));
    if (h.colour.icc.empty()) picture.notes.push_back("its colour profile is damaged, and left out");
  }
  picture.colour = std::move(h.colour);
  return picture;
}

}  // namespace detail

/// The picture in a PNG file, by stb: gray, gray with alpha, RGB or RGBA. Throws Error with the name for what
/// is cut short or damaged.
inline Picture decode_png(const std::string& bytes, const std::string& name) {
  std::string zipped;
  const PngHeader h = png_header(bytes, name, [&](const std::string& type, std::string_view data) {
    if (type == "IDAT") zipped += data;
  });
  // stb does not look at the checksum, nor at how much it unpacks.
  if (detail::inflated(zipped, detail::raw_size(h)).size() != detail::raw_size(h))
    refuse(name, "is damaged: the samples of the PNG are not as many as it says, or their checksum is wrong");
  Picture picture = detail::png_picture(h);
  picture.image = h.depth == 16 ? stb::decode_16(bytes, name) : stb::decode_8(bytes, name);
  return picture;
}

}  // namespace crisp::data::formats
