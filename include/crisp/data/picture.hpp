// Picture: an image with what its file says beside the samples, to be written to the result's file.
#pragma once
#include <array>
#include <cstdint>

#include "crisp/data/augment.hpp"
#include "crisp/data/formats/bytes.hpp"

namespace crisp::data {

/// What a file says about its colours, and how large it is on paper. Each part is empty where the file does
/// not say it.
struct ColourInfo {
  std::string icc;  // an ICC profile
  /// The payloads of PNG's chunks cICP, sRGB, gAMA, cHRM (PNG specification, third edition, sec. 11.3.2).
  std::string cicp, srgb, gama, chrm;
  /// Pixels for a unit of length, horizontal and vertical; {0, 0} where it is not known.
  std::array<std::uint32_t, 2> density{};
  bool per_metre = false;  // the unit of density; false: only their ratio counts, the shape of a pixel
};

/// Whether the profile is whole, and made for RGB (colour) or for gray: ICC.1:2022, sec. 7.2.
inline bool is_icc_profile(std::string_view profile, bool colour) {
  const Bytes bytes{profile};
  return bytes.size() >= 132 && bytes.u32(0) == bytes.size() && profile.substr(36, 4) == "acsp" &&
         profile.substr(16, 4) == (colour ? "RGB " : "GRAY");
}

struct Picture {
  Image image{};
  int bits = 8;         // of a sample: 8 or 16
  int orientation = 1;  // of the samples, see formats::exif_orientation; 1 in what decode_picture gives
  ColourInfo colour{};
  std::vector<std::string> notes{};  // what was left out of the file, each in a few words
};

/// The samples the right way up: `orientation` as EXIF counts it, 1 to 8. Throws Error for another.
inline Image upright(const Image& x, int orientation) {
  check(orientation >= 1 && orientation <= 8, "upright: an orientation is 1 to 8, not ", orientation);
  static constexpr int ways[] = {0, 2, 3, 1, 4, 5, 7, 6};  // as turned() counts them
  return turned(x, ways[orientation - 1]);
}

}  // namespace crisp::data
