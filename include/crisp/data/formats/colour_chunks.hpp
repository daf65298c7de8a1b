// What a file says of its colours, as the parts of a PNG, JPEG or BMP file that is written. Programs that
// include this link with zlib.
#pragma once
#include <zlib.h>

#include <vector>

#include "crisp/data/formats/bytes.hpp"
#include "crisp/data/picture.hpp"

namespace crisp::data::formats {

struct PngChunk {
  const char* type;
  std::string data;
};

inline std::string zipped(const std::string& bytes) {
  uLongf size = compressBound(uLong(bytes.size()));
  std::string to(size, '\0');
  const int done = compress(reinterpret_cast<Bytef*>(to.data()), &size,
                            reinterpret_cast<const Bytef*>(bytes.data()), uLong(bytes.size()));
  check(done == Z_OK, "zlib: ", bytes.size(), " bytes could not be compressed");
  to.resize(size);
  return to;
}

/// The chunks to be written before a PNG's samples; `colour`: RGB, not gray. A profile that is damaged or for
/// other colours is left out.
inline std::vector<PngChunk> colour_chunks(const ColourInfo& info, bool colour) {
  std::vector<PngChunk> chunks;
  const bool has_profile = is_icc_profile(info.icc, colour);
  if (!info.cicp.empty()) chunks.push_back({"cICP", info.cicp});
  if (has_profile) chunks.push_back({"iCCP", std::string("ICC profile\0\0", 13) + zipped(info.icc)});
  else if (!info.srgb.empty()) chunks.push_back({"sRGB", info.srgb});  // not beside a profile
  if (!info.gama.empty()) chunks.push_back({"gAMA", info.gama});
  if (!info.chrm.empty()) chunks.push_back({"cHRM", info.chrm});
  const auto [x, y] = info.density;
  if (x > 0 && y > 0 && x <= 0x7fffffff && y <= 0x7fffffff)
    chunks.push_back({"pHYs", big_endian(x, 4) + big_endian(y, 4) + (info.per_metre ? '\1' : '\0')});
  return chunks;
}

/// Puts the profile and the density into the bytes of a whole JPEG file that begins with a JFIF segment, and
/// the density into those of a BMP file.
inline void put_colour(std::string& file, const ColourInfo& info) {
  const auto [x, y] = info.density;
  if (file.starts_with("BM") && info.per_metre && x > 0 && y > 0) {
    for (std::size_t i = 0; i < 4; ++i) {  // the low byte first
      file[38 + i] = char(x >> (8 * i) & 255);
      file[42 + i] = char(y >> (8 * i) & 255);
    }
  }
  if (!file.starts_with("\xff\xd8\xff\xe0")) return;
  const auto dots = [&](std::uint32_t n) { return info.per_metre ? std::uint32_t(n * 0.0254 + 0.5) : n; };
  if (dots(x) > 0 && dots(y) > 0 && dots(x) <= 65535 && dots(y) <= 65535)
    file.replace(13, 5, (info.per_metre ? '\1' : '\0') + big_endian(dots(x), 2) + big_endian(dots(y), 2));
  if (!is_icc_profile(info.icc, true)) return;
  constexpr std::size_t most = 65519;  // bytes of a profile in a segment (ICC.1:2022, annex B.4)
  const std::size_t count = (info.icc.size() + most - 1) / most;
  if (count > 255) return;
  std::string segments;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string part = info.icc.substr(i * most, most);
    segments += "\xff\xe2" + big_endian(std::uint32_t(part.size() + 16), 2) +
                std::string("ICC_PROFILE\0", 12) + char(i + 1) + char(count) + part;
  }
  file.insert(4 + Bytes{file}.u16(4), segments);
}

}  // namespace crisp::data::formats
