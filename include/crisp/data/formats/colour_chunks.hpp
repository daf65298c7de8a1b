// What a file says of its colours, as the parts of a PNG or JPEG file that is written. Programs that
// include this link with zlib.
#pragma once
#include <zlib.h>

#include <vector>

#include "crisp/core/rounding.hpp"
#include "crisp/data/formats/bytes.hpp"
#include "crisp/data/picture.hpp"

namespace crisp::data::formats {

struct PngChunk {
  const char* type;
  std::string data;
};

/// The bytes as zlib compresses them (RFC 1950), for the chunks of a PNG. Throws Error where it fails.
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

/// The density in dots an inch, or its ratio, as a JPEG holds it; {0, 0} where it cannot.
inline std::array<std::uint32_t, 2> dots_an_inch(const ColourInfo& info) {
  std::array<std::uint32_t, 2> dots = info.density;
  for (std::uint32_t& n : dots) n = info.per_metre ? std::uint32_t(n * 0.0254 + 0.5) : n;
  const bool fits = dots[0] > 0 && dots[1] > 0 && dots[0] <= 65535 && dots[1] <= 65535;
  return fits ? dots : std::array<std::uint32_t, 2>{};
}

/// The profile as the segments of a JPEG (ICC.1:2022, annex B.4); none where it is damaged or for other
/// colours.
inline std::vector<std::string> icc_segments(const ColourInfo& info, bool colour) {
  constexpr std::size_t limit = 65519;  // bytes of a profile in a segment
  const std::size_t count = std::size_t(ceil_div(Index(info.icc.size()), Index(limit)));
  std::vector<std::string> segments;
  if (!is_icc_profile(info.icc, colour) || count > 255) return segments;
  for (std::size_t i = 0; i < count; ++i)
    segments.push_back(std::string("ICC_PROFILE\0", 12) + char(i + 1) + char(count) +
                       info.icc.substr(i * limit, limit));
  return segments;
}

/// Puts the profile and the density into the bytes of a whole JPEG file of RGB that begins with a JFIF
/// segment.
inline void put_colour(std::string& jpeg, const ColourInfo& info) {
  const auto [x, y] = dots_an_inch(info);
  if (x > 0) jpeg.replace(13, 5, (info.per_metre ? '\1' : '\0') + big_endian(x, 2) + big_endian(y, 2));
  std::string segments;
  for (const std::string& data : icc_segments(info, true))
    segments += "\xff\xe2" + big_endian(std::uint32_t(data.size() + 2), 2) + data;
  jpeg.insert(4 + Bytes{jpeg}.u16(4), segments);
}

}  // namespace crisp::data::formats
