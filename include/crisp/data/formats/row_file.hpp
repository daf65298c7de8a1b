// An image file that is written row by row, from the top: so that a picture larger than the memory can be
// made.
#pragma once
#include <cstdio>
#include <memory>

#include "crisp/data/image.hpp"

namespace crisp::data::formats {

/// What the file of an image needs to know before its first row. Samples are of 8 or 16 bits, those of 16
/// with the high byte first.
struct RowLayout {
  Index height = 0, width = 0;
  Index channels = 0;
  int bits = 8;
};

/// Each function returns false where it fails; errno says why.
class RowFile {
 public:
  RowFile() = default;
  RowFile(const RowFile&) = delete;
  RowFile& operator=(const RowFile&) = delete;
  virtual ~RowFile() = default;

  virtual bool row(const unsigned char* samples) = 0;
  /// After the last row. The file is still open: who opened it closes it.
  virtual bool end() = 0;
};

}  // namespace crisp::data::formats
