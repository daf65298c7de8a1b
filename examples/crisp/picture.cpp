// See picture.hpp.
#include "picture.hpp"

#include <cstdio>
#include <iostream>
#include <new>

#include "crisp/data/degrade.hpp"
#include "crisp/data/image_folder.hpp"
#include "crisp/data/image_libraries.hpp"
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

// A file in memory, not on the disk: pictures are nobody else's business. What is written goes into `text`.
std::FILE* file_in(std::string& text) {
  const auto append = [](void* to, const char* bytes, std::size_t size) {
    try {
      static_cast<std::string*>(to)->append(bytes, size);
    } catch (const std::bad_alloc&) {  // must not pass through libpng
      return ssize_t(0);
    }
    return ssize_t(size);
  };
  cookie_io_functions_t functions{};
  functions.write = append;
  return fopencookie(&text, "wb", functions);
}

}  // namespace

void use_image_libraries() { data::use_image_libraries(); }

std::string readable_formats() { return data::readable_formats(); }

std::vector<fs::path> images_in(const std::string& option, const fs::path& folder) {
  require_folder(option, folder);
  try {
    return data::list_images(folder);
  } catch (const Error& e) {
    throw WrongUse(str(option, ": ", e.what()));
  }
}

void tell_left_out(const fs::path& folder) {
  constexpr std::size_t limit = 20;  // lines
  const std::vector<data::LeftOut> all = data::image_folder(folder).left_out;
  if (all.empty()) return;
  for (std::size_t i = 0; i < std::min(all.size(), limit); ++i)
    std::cerr << str("crisp: left out: '", all[i].file.string(), "': ", all[i].reason, "\n");
  std::cerr << str("crisp: ", all.size(), all.size() == 1 ? " entry of '" : " entries of '", folder.string(),
                   all.size() == 1 ? "' was left out\n" : "' were left out\n");
}

std::vector<std::string> distinct_stems(const std::vector<fs::path>& images) {
  return data::distinct_stems(images);
}

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

data::Picture decode_picture(const std::string& bytes, const std::string& name) {
  return in_words_of_the_page([&] { return data::decode_picture(bytes, name); });
}

std::string to_png(Index height, Index width, Index channels, int bits, const data::ColourInfo& colour,
                   const std::function<void(const Rows& sink)>& make) {
  const auto attempt = [](bool done) { check(done, "there is not enough memory for the PNG"); };
  const data::formats::RowLayout layout{height, width, channels, bits};
  const auto line = std::size_t(width * channels);
  std::string text;
  {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(file_in(text), std::fclose);
    attempt(file != nullptr);
    data::formats::PngFile png(file.get(), layout, colour);
    attempt(png.begun());
    make([&](const data::Image& rows) {
      for (std::size_t i = 0; i < rows.samples.size(); i += line)
        attempt(png.row(data::formats::file_samples(&rows.samples[i], line, bits).data()));
    });
    attempt(png.end() && std::fflush(file.get()) == 0);
  }
  text.shrink_to_fit();
  return text;
}

}  // namespace crisp::program
