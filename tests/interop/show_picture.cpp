// show_picture core|libraries FILE...: writes what crisp reads of each picture to FILE.core or
// FILE.libraries: height, width, channels and bits in a line, then the samples, two bytes each, the low one
// first, where 8 bits are 0..255 and 16 bits 0..65535. Where it cannot be read: the message.
#include <cmath>

#include "crisp/data/image_io.hpp"
#include "crisp/data/image_libraries.hpp"

using namespace crisp;

static std::string shown(const std::string& file) {
  const data::Picture p = data::load_picture(file);
  const data::Image& x = p.image;
  std::string text = str(x.height, " ", x.width, " ", x.channels, " ", p.bits, "\n");
  for (const float v : x.samples) {
    const auto whole = unsigned(std::lround(p.bits == 16 ? v * 257 : v));
    text += {char(whole & 255), char(whole >> 8)};
  }
  return text;
}

int main(int argc, char** argv) {
  const std::string readers = argc > 1 ? argv[1] : "core";
  if (readers == "libraries") data::use_image_libraries();
  for (int i = 2; i < argc; ++i) {
    std::string text;
    try {
      text = shown(argv[i]);
    } catch (const Error& e) {
      text = str("error: ", e.what(), "\n");
    }
    write_file("show_picture", str(argv[i], ".", readers), text);
  }
}
