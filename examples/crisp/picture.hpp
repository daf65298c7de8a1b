// Pictures between files and pages: their size before they are decoded; PNG made row by row.
#pragma once
#include <functional>
#include <string>

#include "crisp/data/image.hpp"

namespace crisp::program {

struct PictureSize {
  Index height = 0, width = 0;
};

/// From the head of a PNG, JPEG or BMP file. Throws Error with the name where the bytes are none, or end too
/// early.
PictureSize picture_size(const std::string& bytes, const std::string& name);

/// The picture. Throws Error as above.
data::Image decode_picture(const std::string& bytes, const std::string& name);

/// How many bits a sample has: 8 or 16.
int bits_of(const std::string& bytes);

/// The bytes of a PNG file; `make` gives its rows, from the top, to its argument. Throws Error.
using Rows = std::function<void(const data::Image& rows)>;
std::string to_png(Index height, Index width, Index channels, int bits,
                   const std::function<void(const Rows& sink)>& make);

}  // namespace crisp::program
