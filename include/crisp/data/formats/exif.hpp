// EXIF: which way up a camera held the picture.
#pragma once
#include "crisp/data/formats/bytes.hpp"

namespace crisp::data::formats {

/// The orientation in an EXIF block, which is a small TIFF file (EXIF 2.32, tag 274): 1 to 8, as row 0 and
/// column 0 of the samples lie at the picture's top and left (1), top and right (2), bottom and right (3),
/// bottom and left (4), left and top (5), right and top (6), right and bottom (7), left and bottom (8). It is
/// 1 where the block says nothing, or nothing that can be read.
inline int exif_orientation(std::string_view exif) {
  if (exif.starts_with(std::string_view("Exif\0\0", 6))) exif.remove_prefix(6);
  Bytes tiff{exif, exif.starts_with("II")};
  if (!tiff.begins("II") && !tiff.begins("MM")) return 1;
  if (tiff.u16(2) != 42) return 1;
  const std::size_t directory = tiff.u32(4);
  for (std::size_t i = 0; i < tiff.u16(directory); ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (!tiff.has(entry, 12)) break;
    if (tiff.u16(entry) != 274) continue;
    const bool is_long = tiff.u16(entry + 2) == 4;
    const std::uint32_t value = is_long ? tiff.u32(entry + 8) : tiff.u16(entry + 8);
    return value >= 1 && value <= 8 ? int(value) : 1;
  }
  return 1;
}

}  // namespace crisp::data::formats
