// Images from and to files: PNG, JPEG and BMP, through stb.
#pragma once
#include <cstdio>
#include <memory>
#include <set>

#include "crisp/core/file.hpp"
#include "crisp/data/image.hpp"
#include "crisp/data/stb.hpp"

namespace crisp::data {

namespace detail {

inline std::string lower_extension(const std::filesystem::path& path) {
  std::string e = path.extension().string();
  std::transform(e.begin(), e.end(), e.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return e;
}
inline bool is_image_extension(const std::string& e) {
  return e == ".png" || e == ".jpg" || e == ".jpeg" || e == ".bmp";
}

// stb gives what it has of a file that ends too early: so look for the end that each format must have.
inline void check_complete(const std::string& bytes, const std::string& path) {
  const bool png = bytes.starts_with("\x89PNG\r\n"), jpeg = bytes.starts_with("\xff\xd8\xff");
  const bool bmp = bytes.starts_with("BM");
  check(png || jpeg || bmp, "load_image: '", path,
        "' is neither a PNG, a JPEG nor a BMP image, whatever its name says");
  bool complete = true;
  const std::size_t tail = bytes.size() - std::min<std::size_t>(bytes.size(), 4096);
  if (png) complete = bytes.find("IEND", tail) != std::string::npos;
  if (jpeg) complete = bytes.rfind("\xff\xd9") != std::string::npos;
  if (bmp && bytes.size() >= 6) {
    std::size_t size = 0;  // in bytes 2 to 5, the low one first
    for (std::size_t i = 0; i < 4; ++i)
      size |= std::size_t(static_cast<unsigned char>(bytes[2 + i])) << (8 * i);
    complete = bytes.size() >= size;
  }
  check(complete, "load_image: '", path, "' is truncated: its ", bytes.size(),
        " bytes end before the image does");
}

inline void append_bytes(void* to, void* data, int size) {
  static_cast<std::string*>(to)->append(static_cast<char*>(data), std::size_t(size));
}

}  // namespace detail

struct SaveOptions {
  int jpeg_quality = 95;  // 1 to 100
};

namespace detail {

// An image of 8 bits a sample.
struct Bytes {
  Index height = 0, width = 0;
  Index channels = 0;
  std::vector<unsigned char> bytes;
};

inline void check_size(const std::string& format, Index height, Index width) {
  const Index limit = format == ".jpg" || format == ".jpeg" ? 65535 : 2147483647 / 4;
  check(std::max(height, width) <= limit, "save_image: ", height, " x ", width, " pixels are too many for a ",
        format, " file, which holds ", limit, " a side\n  hint: write a .png");
}

inline std::string encode_bytes(const Bytes& image, const std::string& format, int jpeg_quality) {
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
/// are rounded to 8 bits. Throws Error for another format, an empty image, or alpha in a JPEG.
inline std::string encode_image(const Image& image, const std::string& format, SaveOptions o = {}) {
  check(detail::is_image_extension(format), "save_image: '", format,
        "' is not a format that can be written; use .png, .jpg, .jpeg or .bmp");
  check(!image.empty(), "save_image: the image is empty (", image.height, " x ", image.width, " pixels)");
  check(o.jpeg_quality >= 1 && o.jpeg_quality <= 100, "save_image: the JPEG quality must be 1 to 100, not ",
        o.jpeg_quality);
  check(format == ".png" || !image.has_alpha(), "save_image: ", describe(image), " cannot be kept in a ",
        format, " file\n  hint: write a .png");
  detail::check_size(format, image.height, image.width);
  detail::Bytes rounded{image.height, image.width, image.channels, {}};
  rounded.bytes.reserve(image.samples.size());
  for (const float v : image.samples) rounded.bytes.push_back(static_cast<unsigned char>(round_to_8bit(v)));
  return detail::encode_bytes(rounded, format, o.jpeg_quality);
}

/// Writes the image in the format that the extension names; the file
/// appears whole or not at all. Throws Error.
inline void save_image(const std::filesystem::path& path, const Image& image, SaveOptions o = {}) {
  write_file("save_image", path, encode_image(image, detail::lower_extension(path), o));
}

struct ImageHeader {
  Index height = 0, width = 0;
  Index channels = 0;
};

/// The size that the bytes of an image file name, without decoding it. Throws Error with the name for what is
/// truncated or no image.
inline ImageHeader image_header(const std::string& bytes, const std::string& name) {
  detail::check_complete(bytes, name);
  check(bytes.size() < (std::size_t(1) << 30), "load_image: '", name, "' has ", bytes.size(),
        " bytes; at most 1 GiB can be read");
  int width = 0, height = 0, channels = 0;
  const auto* data = reinterpret_cast<const stb::stbi_uc*>(bytes.data());
  const int known = stb::crisp_stbi_info_from_memory(data, int(bytes.size()), &width, &height, &channels);
  if (!known)
    throw Error(str("load_image: '", name, "' is not a readable image: ", stb::crisp_stbi_failure_reason()));
  return {height, width, channels};
}

/// The image in the bytes of a PNG (8 or 16 bits), JPEG or BMP file: gray, gray with alpha, RGB or RGB with
/// alpha, in 0..255. Throws Error with the name for what is truncated, too large or no image.
inline Image decode_image(const std::string& bytes, const std::string& name) {
  const ImageHeader header = image_header(bytes, name);
  constexpr Index limit = Index(1) << 28;
  check(header.width * header.height <= limit, "load_image: '", name, "' has ", header.height, " x ",
        header.width, " pixels; at most ", limit, " can be read");
  const auto* data = reinterpret_cast<const stb::stbi_uc*>(bytes.data());
  const int size = int(bytes.size());
  int w = 0, h = 0, c = 0;
  Image image;
  const auto take = [&](auto* pixels, float step) {
    check(pixels != nullptr, "load_image: '", name,
          "' is not a readable image: ", stb::crisp_stbi_failure_reason());
    const std::unique_ptr<void, void (*)(void*)> owner(pixels, stb::crisp_stbi_image_free);
    image = Image(h, w, c);
    for (std::size_t i = 0; i < image.samples.size(); ++i) image.samples[i] = float(pixels[i]) / step;
  };
  if (stb::crisp_stbi_is_16_bit_from_memory(data, size))
    take(stb::crisp_stbi_load_16_from_memory(data, size, &w, &h, &c, 0), 257.0f);
  else take(stb::crisp_stbi_load_from_memory(data, size, &w, &h, &c, 0), 1.0f);
  return image;
}

/// The bits of a sample in the bytes of an image file: 16 for a PNG of 16 bits, else 8.
inline int image_bits(const std::string& bytes) {
  const int size = int(std::min<std::size_t>(bytes.size(), 1 << 30));
  const auto* data = reinterpret_cast<const stb::stbi_uc*>(bytes.data());
  return stb::crisp_stbi_is_16_bit_from_memory(data, size) ? 16 : 8;
}

/// Reads an image file, see decode_image. Throws Error with the file's name, also for one that is missing or
/// empty.
inline Image load_image(const std::filesystem::path& path) {
  return decode_image(read_file("load_image", path), path.string());
}

/// The images of a folder, sorted by name. Throws Error where there is no such folder, or no image in it.
inline std::vector<std::filesystem::path> list_images(const std::filesystem::path& folder) {
  std::error_code error;
  check(std::filesystem::exists(folder, error), "there is no folder '", folder.string(), "'");
  check(std::filesystem::is_directory(folder, error), "'", folder.string(), "' is not a folder");
  std::set<std::filesystem::path> files;  // sorted
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->is_regular_file(error) && detail::is_image_extension(detail::lower_extension(it->path())))
      files.insert(it->path());
  check(!files.empty(), "there are no images in '", folder.string(), "' (.png, .jpg, .jpeg or .bmp)");
  return {files.begin(), files.end()};
}

/// All images of a folder, sorted by name. Throws Error at the first that cannot be read.
inline std::vector<Image> load_folder(const std::filesystem::path& folder) {
  std::vector<Image> images;
  for (const auto& path : list_images(folder)) images.push_back(load_image(path));
  return images;
}

}  // namespace crisp::data
