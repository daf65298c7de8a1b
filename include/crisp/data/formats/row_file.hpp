// An image file that is written row by row, from the top: so that a picture larger than the memory can be
// made.
#pragma once
#include <cstdio>
#include <vector>

#include "crisp/data/image.hpp"

namespace crisp::data::formats {

/// What the file of an image needs to know before its first row. Samples are of 8 or 16 bits, those of 16
/// with the high byte first.
struct RowLayout {
  Index height = 0, width = 0;
  Index channels = 0;
  int bits = 8;
};

/// `count` samples of 0..255 as a file holds them: rounded, clamped, of 16 bits the high byte first.
inline std::vector<unsigned char> file_samples(const float* samples, std::size_t count, int bits) {
  std::vector<unsigned char> bytes(count * std::size_t(bits / 8));
  for (std::size_t k = 0; k < count; ++k) {
    const float v = samples[k];
    if (bits == 8) {
      bytes[k] = static_cast<unsigned char>(round_to_8bit(v));
      continue;
    }
    const auto value = unsigned(v > 0 ? std::min(v, 255.0f) * 257.0f + 0.5f : 0.0f);
    bytes[2 * k] = static_cast<unsigned char>(value >> 8);
    bytes[2 * k + 1] = static_cast<unsigned char>(value & 255);
  }
  return bytes;
}

/// Each function returns false where it fails; errno says why.
class RowFile {
 public:
  RowFile() = default;
  RowFile(const RowFile&) = delete;
  RowFile& operator=(const RowFile&) = delete;
  virtual ~RowFile() = default;

  virtual bool begun() const = 0;  // whether the header is written
  virtual bool row(const unsigned char* samples) = 0;
  /// After the last row. The file is still open: who opened it closes it.
  virtual bool end() = 0;
};

}  // namespace crisp::data::formats
