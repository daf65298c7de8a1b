// Images from and to files: PNG, JPEG and BMP.
#pragma once
#include <cstdio>

#include "crisp/core/file.hpp"
#include "crisp/data/alpha.hpp"
#include "crisp/data/formats/row_file.hpp"
#include "crisp/data/image_reader.hpp"
#include "crisp/data/stb.hpp"

namespace crisp::data {

namespace detail {

inline void append_bytes(void* to, void* data, int size) {
  static_cast<std::string*>(to)->append(static_cast<char*>(data), std::size_t(size));
}

}  // namespace detail

struct SaveOptions {
  int jpeg_quality = 95;  // 1 to 100
};

namespace detail {

// An image of 8 bits a sample.
struct ByteImage {
  Index height = 0, width = 0;
  Index channels = 0;
  std::vector<unsigned char> bytes;
};

inline bool is_written(const std::string& format) {
  return format == ".png" || format == ".jpg" || format == ".jpeg" || format == ".bmp";
}

inline void check_size(const std::string& format, Index height, Index width) {
  const Index limit = format == ".jpg" || format == ".jpeg" ? 65535 : 2147483647 / 4;
  check(std::max(height, width) <= limit, "save_image: ", height, " x ", width, " pixels are too many for a ",
        format, " file, which holds ", limit, " a side\n  hint: write a .png");
  const bool is_bmp = format == ".bmp";
  const double bytes = double(height) * double(3 * width + 3) + 54;  // of a BMP, which counts them in 32 bits
  check(!is_bmp || bytes <= 4294967295.0, "save_image: ", height, " x ", width,
        " pixels are too many for a .bmp, which holds 4 GB\n  hint: write a .png");
}

inline std::string encode_bytes(const ByteImage& image, const std::string& format, int jpeg_quality) {
  const int h = int(image.height), w = int(image.width);
  const int c = int(image.channels);
  std::string out;
  int done = 0;
  if (format == ".png")
    done = stb::stbi_write_png_to_func(append_bytes, &out, w, h, c, image.bytes.data(), w * c);
  else if (format == ".bmp")
    done = stb::stbi_write_bmp_to_func(append_bytes, &out, w, h, c, image.bytes.data());
  else done = stb::stbi_write_jpg_to_func(append_bytes, &out, w, h, c, image.bytes.data(), jpeg_quality);
  check(done != 0, "save_image: ", h, " x ", w, " pixels could not be encoded as ", format);
  return out;
}

}  // namespace detail

/// The image as the bytes of a file; the format is an extension: ".png", ".jpg", ".jpeg" or ".bmp". Samples
/// are rounded to 8 bits. Alpha that is 255 everywhere is left out where the format has none. Throws Error
/// for another format, an empty image, or other alpha in a JPEG or BMP.
inline std::string encode_image(const Image& given, const std::string& format, SaveOptions o = {}) {
  check(detail::is_written(format), "save_image: '", format,
        "' is not a format that can be written; use .png, .jpg, .jpeg or .bmp");
  const Image image = format == ".png" ? given : without_opaque_alpha(given);
  check(!image.empty(), "save_image: the image is empty (", image.height, " x ", image.width, " pixels)");
  check(o.jpeg_quality >= 1 && o.jpeg_quality <= 100, "save_image: the JPEG quality must be 1 to 100, not ",
        o.jpeg_quality);
  check(format == ".png" || !image.has_alpha(), "save_image: ", describe(image), " cannot be kept in a ",
        format, " file\n  hint: write a .png");
  detail::check_size(format, image.height, image.width);
  const detail::ByteImage rounded{image.height, image.width, image.channels,
                                  formats::file_samples(image.samples.data(), image.samples.size(), 8)};
  return detail::encode_bytes(rounded, format, o.jpeg_quality);
}

/// Writes the image in the format that the extension names; the file
/// appears whole or not at all. Throws Error.
inline void save_image(const std::filesystem::path& path, const Image& image, SaveOptions o = {}) {
  write_file("save_image", path, encode_image(image, lower_extension(path), o));
}

/// The image in the bytes of a file, see decode_picture. Throws Error with the name.
inline Image decode_image(const std::string& bytes, const std::string& name) {
  return decode_picture(bytes, name).image;
}

/// Reads an image file with what it says of its colours, see decode_picture. Throws Error with the file's
/// name, also for one that is missing or empty.
inline Picture load_picture(const std::filesystem::path& path) {
  return decode_picture(read_file("load_image", path), path.string());
}

/// The image alone.
inline Image load_image(const std::filesystem::path& path) { return load_picture(path).image; }

}  // namespace crisp::data
