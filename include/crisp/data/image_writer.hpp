// ImageWriter: an image file written row by row, so that a picture larger than the memory can be made; PNG of
// 16 bits; and what files say of their colours. Programs that include this link with libpng and zlib.
#pragma once
#include <png.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "crisp/data/formats/colour_chunks.hpp"
#include "crisp/data/image_io.hpp"

namespace crisp::data {

struct WriterOptions {
  int bits = 8;            // 16 is for PNG
  int jpeg_quality = 95;   // 1 to 100
  ColourInfo colour = {};  // goes into the file as far as its format holds it
};

namespace detail {

// libpng reports an error by a jump, which must pass no C++ object: so each step
// is a small function of plain types.
class PngFile {
 public:
  PngFile() = default;
  PngFile(const PngFile&) = delete;
  PngFile& operator=(const PngFile&) = delete;
  ~PngFile() { close(); }

  /// Into a file that is open, or nullptr, which is an error; PngFile closes it.
  bool begin(std::FILE* file, png_uint_32 width, png_uint_32 height, int channels, int bits) {
    static constexpr int kinds[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                    PNG_COLOR_TYPE_RGB_ALPHA};
    file_ = file;
    if (!file_) return false;
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, quiet_error, quiet_warning);
    info_ = png_ ? png_create_info_struct(png_) : nullptr;
    if (!info_ || setjmp(png_jmpbuf(png_))) return false;
    png_init_io(png_, file_);
    png_set_user_limits(png_, 0x7fffffff, 0x7fffffff);
    png_set_compression_level(png_, 4);
    png_set_IHDR(png_, info_, width, height, bits, kinds[channels], PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    return true;
  }
  bool chunk(const char* type, const std::string& data) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_write_chunk(png_, reinterpret_cast<png_const_bytep>(type),
                    reinterpret_cast<png_const_bytep>(data.data()), data.size());
    return true;
  }
  bool row(const unsigned char* bytes) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_write_row(png_, bytes);
    return true;
  }
  bool end() {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_write_end(png_, info_);
    return close();
  }

 private:
  bool close() {
    if (png_) png_destroy_write_struct(&png_, &info_);
    const bool good = !file_ || std::fclose(std::exchange(file_, nullptr)) == 0;
    return good;
  }
  static void quiet_error(png_structp png, png_const_charp) { png_longjmp(png, 1); }
  static void quiet_warning(png_structp, png_const_charp) {}

  std::FILE* file_ = nullptr;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

}  // namespace detail

/// Writes beside the final name; finish() renames. An ImageWriter that is not finished leaves nothing behind.
class ImageWriter {
 public:
  /// The extension names the format: .png, .jpg, .jpeg or .bmp. Throws Error for another one, for alpha where
  /// the format has none, for 16 bits in another than PNG, and where the file cannot be written.
  ImageWriter(std::filesystem::path path, Index height, Index width, Index channels, WriterOptions o = {})
      : path_(std::move(path)), options_(o), height_(height) {
    const std::string format = lower_extension(path_);
    check_format(format, height, width, channels, o);
    png_ = format == ".png";
    rows_ = Bytes{height, width, channels, {}};
    if (!png_) {
      rows_.bytes.reserve(std::size_t(height * width * channels));
      return;
    }
    std::error_code unknown;
    check(!std::filesystem::is_directory(path_, unknown), "save_image: '", path_.string(),
          "' is a folder; give the name of a file");
    part_.emplace(path_.string() + ".part");
    attempt([&] {
      return png_file_.begin(part_->create(), png_uint_32(width), png_uint_32(height), int(channels), o.bits);
    });
    for (const formats::PngChunk& chunk : formats::colour_chunks(o.colour, channels >= 3))
      attempt([&] { return png_file_.chunk(chunk.type, chunk.data); });
  }
  ImageWriter(const ImageWriter&) = delete;
  ImageWriter& operator=(const ImageWriter&) = delete;

  /// The next rows (h, W, C), 0..255; they are rounded here. Throws Error for another
  /// width or too many rows, or a full disk.
  void write(const Image& rows) {
    const bool fits = rows.width == rows_.width && rows.channels == rows_.channels;
    check(fits && written_ + rows.height <= height_, "ImageWriter: rows of ", describe(rows),
          " do not fit: ", height_, " x ", rows_.width, " pixels of ", rows_.channels,
          " channels are written, ", written_, " rows of them are there");
    const Index line = rows.width * rows.channels;
    std::vector<unsigned char> bytes(std::size_t(line * options_.bits / 8));
    for (Index i = 0; i < rows.height; ++i) {
      for (Index k = 0; k < line; ++k) {
        const float v = rows.samples[std::size_t(i * line + k)];
        if (options_.bits == 8) bytes[std::size_t(k)] = static_cast<unsigned char>(round_to_8bit(v));
        else put_16(v, &bytes[std::size_t(2 * k)]);
      }
      if (!png_) rows_.bytes.insert(rows_.bytes.end(), bytes.begin(), bytes.end());
      else attempt([&] { return png_file_.row(bytes.data()); });
    }
    written_ += rows.height;
  }

  /// After the last row: the file is there. Throws Error where rows are missing or the disk is full.
  void finish() {
    check(written_ == height_, "ImageWriter: ", written_, " of ", height_, " rows were written");
    if (!png_) {
      const std::string format = lower_extension(path_);
      std::string bytes = detail::encode_bytes(rows_, format, options_.jpeg_quality);
      formats::put_colour(bytes, options_.colour);
      write_file("save_image", path_, bytes);
    } else {
      attempt([&] { return png_file_.end(); });
      attempt([&] { return part_->rename_to(path_) == 0; });
    }
  }

 private:
  using Bytes = detail::Bytes;

  static void check_format(const std::string& format, Index height, Index width, Index channels,
                           const WriterOptions& o) {
    check(detail::is_written(format), "save_image: '", format,
          "' is not a format that can be written; use .png, .jpg, .jpeg or .bmp");
    check(height >= 1 && width >= 1 && channels >= 1 && channels <= 4, "save_image: the image is empty (",
          height, " x ", width, " pixels)");
    check(format == ".png" || channels == 1 || channels == 3,
          "save_image: an image with alpha cannot be kept in a ", format, " file\n  hint: write a .png");
    check(o.bits == 8 || (o.bits == 16 && format == ".png"), "save_image: a ", format, " file cannot hold ",
          o.bits, " bits a sample\n  hint: write a .png of 8 or 16 bits");
    detail::check_size(format, height, width);
  }
  static void put_16(float v, unsigned char* to) {  // 0..255 -> 0..65535, the high byte first
    const auto value = unsigned(v > 0 ? std::min(v, 255.0f) * 257.0f + 0.5f : 0.0f);
    to[0] = static_cast<unsigned char>(value >> 8);
    to[1] = static_cast<unsigned char>(value & 255);
  }
  // Throws Error, with the system's words, where f() fails.
  template <class F>
  void attempt(const F& f) const {
    errno = 0;
    if (f()) return;
    const std::string why = crisp::detail::words_of_error(crisp::detail::last_error());
    throw Error(str("save_image: '", path_.string(), "' cannot be written: ", why));
  }

  std::filesystem::path path_;
  WriterOptions options_;
  Index height_, written_ = 0;
  bool png_ = false;
  std::optional<TemporaryFile> part_;  // of a PNG; removed after png_file_ is closed
  detail::PngFile png_file_;
  Bytes rows_;  // all of them, for the formats that are written at once
};

}  // namespace crisp::data
