// PNG by libpng, several times as fast as by stb. Programs that include this link with libpng.
#pragma once
#include <png.h>

#include <bit>
#include <cstring>

#include "crisp/data/formats/png.hpp"

namespace crisp::data::formats {

namespace detail {

// libpng reports an error by a jump, which must pass no C++ object: so what it is given and gives is plain.
struct PngSource {
  const unsigned char* at = nullptr;
  std::size_t left = 0;
  char error[200] = "";

  static void read(png_structp png, png_bytep to, png_size_t count) {
    auto* const source = static_cast<PngSource*>(png_get_io_ptr(png));
    if (count > source->left) png_error(png, "it ends too early");
    std::memcpy(to, source->at, count);
    source->at += count;
    source->left -= count;
  }
  static void fail(png_structp png, png_const_charp message) {
    auto* const source = static_cast<PngSource*>(png_get_error_ptr(png));
    std::strncpy(source->error, message, sizeof source->error - 1);
    png_longjmp(png, 1);
  }
  static void pass_over(png_structp, png_const_charp) {}
};

// The samples to `rows`, of 8 or 16 bits, without palette and with alpha where there is transparency: as many
// rows of as many bytes as there is room for. What libpng makes of the file may differ from what we do, so
// that it is asked before it writes.
inline bool read_png(PngSource& source, png_bytep* rows, std::size_t count, std::size_t bytes_of_row) {
  png_structp png =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, PngSource::fail, PngSource::pass_over);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  if (!info || setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, nullptr);
    return false;
  }
  png_set_read_fn(png, &source, PngSource::read);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_read_info(png, info);
  png_set_benign_errors(png, 0);  // a wrong checksum of the samples is an error
  png_set_expand(png);
  if constexpr (std::endian::native == std::endian::little) png_set_swap(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (png_get_image_height(png, info) != count || png_get_rowbytes(png, info) != bytes_of_row)
    png_error(png, "its chunks contradict each other");
  png_read_image(png, rows);
  png_read_end(png, nullptr);
  png_destroy_read_struct(&png, &info, nullptr);
  return true;
}

template <class Sample>
Image read_png(const std::string& bytes, const PngHeader& h, const std::string& name) {
  const std::size_t line = std::size_t(h.width * h.channels());
  std::vector<Sample> samples(line * std::size_t(h.height));
  std::vector<png_bytep> rows(std::size_t(h.height));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = reinterpret_cast<png_bytep>(&samples[i * line]);
  PngSource source{reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()};
  if (!read_png(source, rows.data(), rows.size(), line * sizeof(Sample)))
    refuse(name, "is damaged: ", source.error);
  Image image(h.height, h.width, h.channels());
  for (std::size_t i = 0; i < samples.size(); ++i)
    image.samples[i] = float(samples[i]) / (sizeof(Sample) == 2 ? 257.0f : 1.0f);
  return image;
}

}  // namespace detail

/// As decode_png, by libpng.
inline Picture decode_png_by_libpng(const std::string& bytes, const std::string& name) {
  const PngHeader h = png_header(bytes, name);
  Picture picture = detail::png_picture(h);
  picture.image = h.depth == 16 ? detail::read_png<std::uint16_t>(bytes, h, name)
                                : detail::read_png<unsigned char>(bytes, h, name);
  return picture;
}

}  // namespace crisp::data::formats
