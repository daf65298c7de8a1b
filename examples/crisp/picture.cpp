// See picture.hpp.
#include "picture.hpp"

#include "crisp/data/degrade.hpp"
#include "crisp/data/image_writer.hpp"
#include "request.hpp"

namespace crisp::program {

namespace {

// The sentence alone, without the function that says it.
template <class F>
auto in_words_of_the_page(const F& f) {
  try {
    return f();
  } catch (const Error& e) {
    const std::string what = e.what(), who = "load_image: ";
    throw Error(what.rfind(who, 0) == 0 ? what.substr(who.size()) : what);
  }
}

}  // namespace

data::Image load_picture(const fs::path& file) { return data::load_image(file); }
void save_picture(const fs::path& file, const data::Image& image) { data::save_image(file, image); }

std::function<data::Image(const data::Image& hr, Index scale)> reducer_of(const std::string& degrade) {
  const data::Degradation d = data::degradation(degrade);
  if (d.kind == data::Degradation::Kind::bicubic) return {};
  return [d](const data::Image& hr, Index scale) {
    Rng rng(0);  // the same noise each time: scores can be compared
    return data::degrade(hr, scale, d, rng);
  };
}

PictureSize picture_size(const std::string& bytes, const std::string& name) {
  return in_words_of_the_page([&] {
    check(!bytes.empty(), "'", name, "' is empty (0 bytes)");
    const data::ImageHeader header = data::image_header(bytes, name);
    check(header.width > 0 && header.height > 0, "'", name, "' is not a readable image: it has no pixels");
    return PictureSize{header.height, header.width};
  });
}

data::Image decode_picture(const std::string& bytes, const std::string& name) {
  return in_words_of_the_page([&] { return data::decode_image(bytes, name); });
}

int bits_of(const std::string& bytes) { return data::image_bits(bytes); }

std::string to_png(Index height, Index width, Index channels, int bits,
                   const std::function<void(const Rows& sink)>& make) {
  std::error_code error;
  const fs::path folder = fs::temp_directory_path(error);
  check(!error, "there is no folder for temporary files; the environment's TMPDIR can name one");
  const fs::path file = folder / ("crisp_" + random_id() + ".png");
  data::ImageWriter writer(file, height, width, channels, {.bits = bits});
  make([&](const data::Image& rows) { writer.write(rows); });
  writer.finish();
  std::string bytes = read_file("to_png", file);
  fs::remove(file);
  return bytes;
}

}  // namespace crisp::program
