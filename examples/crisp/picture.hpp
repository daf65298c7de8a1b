// Pictures in files, and between files and pages: their size before they are decoded; PNG made row by row.
// The code that reads and writes image files takes seconds to compile; picture.cpp does so for several
// commands.
#pragma once
#include <functional>
#include <string>

#include "common.hpp"
#include "crisp/data/picture.hpp"

namespace crisp::program {

/// Lets all commands read by the libraries that were found when this was built; called first.
void use_image_libraries();

/// "PNG, JPEG, BMP": what can be read.
std::string readable_formats();

/// The images in a folder, sorted; throws WrongUse with the option's name where it is missing or holds none.
std::vector<fs::path> images_in(const std::string& option, const fs::path& folder);

/// Says on standard error what else lies in the folder, with the reason why it is not read; hidden files are
/// passed over.
void tell_left_out(const fs::path& folder);

/// See data::distinct_stems: names for results, none twice.
std::vector<std::string> distinct_stems(const std::vector<fs::path>& images);

/// As data::load_image and data::save_image.
data::Image load_picture(const fs::path& file);
void save_picture(const fs::path& file, const data::Image& image);

/// How the pictures are reduced, for data sets and for evaluation; empty for plain bicubic.
std::function<data::Image(const data::Image& hr, Index scale)> reducer_of(const std::string& degrade);

struct PictureSize {
  Index height = 0, width = 0;
};

/// From the head of an image file, the right way up. Throws Error with the name where the bytes are none, or
/// end too early.
PictureSize picture_size(const std::string& bytes, const std::string& name);

/// The picture. Throws Error as above.
data::Picture decode_picture(const std::string& bytes, const std::string& name);

/// The bytes of a PNG file, made in memory; `make` gives all its rows, from the top, to its argument. Throws
/// Error where the memory is too small.
using Rows = std::function<void(const data::Image& rows)>;
std::string to_png(Index height, Index width, Index channels, int bits, const data::ColourInfo& colour,
                   const std::function<void(const Rows& sink)>& make);

}  // namespace crisp::program
