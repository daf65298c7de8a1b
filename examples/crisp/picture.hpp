// Pictures in files, and between files and pages: their size before they are decoded; PNG made row by row.
// The code that reads and writes image files takes seconds to compile; picture.cpp does so for several
// commands.
#pragma once
#include <functional>
#include <string>

#include "common.hpp"
#include "crisp/data/image.hpp"

namespace crisp::program {

/// As data::load_image and data::save_image.
data::Image load_picture(const fs::path& file);
void save_picture(const fs::path& file, const data::Image& image);

/// How the pictures are reduced, for data sets and for evaluation; empty for plain bicubic.
std::function<data::Image(const data::Image& hr, Index scale)> reducer_of(const std::string& degrade);

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
