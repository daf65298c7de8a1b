// BMP row by row: 24 bits a pixel, and the rows from the bottom, as all programs read it.
#pragma once
#include <vector>

#include "crisp/data/formats/bytes.hpp"
#include "crisp/data/formats/row_file.hpp"
#include "crisp/data/picture.hpp"

namespace crisp::data::formats {

/// Gray becomes RGB. Density is written where it is known for a metre.
class BmpFile : public RowFile {
 public:
  /// The bytes of a row in the file: a multiple of 4.
  static Index row_bytes(Index width) { return (3 * width + 3) / 4 * 4; }
  static Index file_bytes(Index height, Index width) { return 54 + height * row_bytes(width); }

  BmpFile(std::FILE* file, const RowLayout& layout, const ColourInfo& colour)
      : file_(file), layout_(layout), line_(std::size_t(row_bytes(layout.width))) {
    const auto number = [](Index value, std::size_t count) {
      const std::string bytes = big_endian(std::uint32_t(value), count);
      return std::string(bytes.rbegin(), bytes.rend());
    };
    const Index x = colour.per_metre ? colour.density[0] : 0, y = colour.per_metre ? colour.density[1] : 0;
    const Index bytes = file_bytes(layout.height, layout.width);
    const std::string header = "BM" + number(bytes, 4) + number(0, 4) + number(54, 4) + number(40, 4) +
                               number(layout.width, 4) + number(layout.height, 4) + number(1, 2) +
                               number(24, 2) + number(0, 4) + number(bytes - 54, 4) + number(x, 4) +
                               number(y, 4) + number(0, 8);
    begun_ = std::fwrite(header.data(), 1, header.size(), file) == header.size();
  }
  bool begun() const override { return begun_; }

  bool row(const unsigned char* samples) override {
    const Index colours = layout_.channels;
    for (Index x = 0; x < layout_.width; ++x)
      for (Index c = 0; c < 3; ++c)
        line_[std::size_t(3 * x + c)] = samples[x * colours + (colours == 1 ? 0 : 2 - c)];
    const Index from_bottom = layout_.height - 1 - written_++;
    const auto place = static_cast<off_t>(54 + from_bottom * row_bytes(layout_.width));
    return fseeko(file_, place, SEEK_SET) == 0 &&
           std::fwrite(line_.data(), 1, line_.size(), file_) == line_.size();
  }
  bool end() override { return written_ == layout_.height; }

 private:
  std::FILE* file_;
  RowLayout layout_;
  std::vector<unsigned char> line_;
  Index written_ = 0;
  bool begun_ = false;
};

}  // namespace crisp::data::formats
