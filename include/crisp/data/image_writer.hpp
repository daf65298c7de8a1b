// ImageWriter: an image file written row by row, so that a picture larger than the memory can be made; PNG of
// 16 bits; and what files say of their colours. Programs that include this link with libpng and zlib, and
// with libjpeg where CMake found it.
#pragma once
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>

#include "crisp/core/file.hpp"
#include "crisp/data/formats/bmp_file.hpp"
#include "crisp/data/formats/png_file.hpp"
#include "crisp/data/image_io.hpp"
#ifdef CRISP_WITH_LIBJPEG
#include "crisp/data/formats/jpeg_file.hpp"
#endif

namespace crisp::data {

struct WriterOptions {
  int bits = 8;            // 16 is for PNG
  int jpeg_quality = 95;   // 1 to 100
  ColourInfo colour = {};  // goes into the file as far as its format holds it
};

namespace detail {

#ifdef CRISP_WITH_LIBJPEG
using JpegFile = formats::JpegFile;
#else
// Without libjpeg a JPEG is written at its end, by stb: all rows are kept until then.
class JpegFile : public formats::RowFile {
 public:
  JpegFile(std::FILE* file, const formats::RowLayout& layout, ColourInfo colour, int quality)
      : file_(file), colour_(std::move(colour)), quality_(quality) {
    rows_ = {layout.height, layout.width, layout.channels, {}};
    rows_.bytes.reserve(std::size_t(layout.height * layout.width * layout.channels));
  }
  bool begun() const override { return true; }
  bool row(const unsigned char* samples) override {
    rows_.bytes.insert(rows_.bytes.end(), samples, samples + rows_.width * rows_.channels);
    return true;
  }
  bool end() override {
    std::string bytes = encode_bytes(rows_, ".jpg", quality_);
    formats::put_colour(bytes, colour_);
    return std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size();
  }

 private:
  std::FILE* file_;
  ColourInfo colour_;
  int quality_;
  ByteImage rows_;
};
#endif

inline std::unique_ptr<formats::RowFile> row_file(const std::string& format, std::FILE* file,
                                                  const formats::RowLayout& layout, const WriterOptions& o) {
  if (format == ".png") return std::make_unique<formats::PngFile>(file, layout, o.colour);
  if (format == ".bmp") return std::make_unique<formats::BmpFile>(file, layout, o.colour);
  return std::make_unique<JpegFile>(file, layout, o.colour, o.jpeg_quality);
}

}  // namespace detail

/// Writes beside the final name; finish() renames. An ImageWriter that is not finished leaves nothing behind.
class ImageWriter {
 public:
  /// The extension names the format: .png, .jpg, .jpeg or .bmp. Throws Error for another one, for alpha where
  /// the format has none, for 16 bits in another than PNG, and where the file cannot be written.
  ImageWriter(std::filesystem::path path, Index height, Index width, Index channels, WriterOptions o = {})
      : path_(std::move(path)), layout_{height, width, channels, o.bits} {
    const std::string format = lower_extension(path_);
    check_format(format, layout_, o);
    crisp::detail::check_target("save_image", path_);
    part_.emplace(path_.string() + ".part");
    attempt([&] { return (file_ = {part_->create(), std::fclose}) != nullptr; });
    attempt([&] { return (rows_ = detail::row_file(format, file_.get(), layout_, o))->begun(); });
  }
  ImageWriter(const ImageWriter&) = delete;
  ImageWriter& operator=(const ImageWriter&) = delete;

  /// The next rows (h, W, C), 0..255; they are rounded here. Throws Error for another
  /// width or too many rows, or a full disk.
  void write(const Image& rows) {
    const bool fits = rows.width == layout_.width && rows.channels == layout_.channels;
    check(fits && written_ + rows.height <= layout_.height, "ImageWriter: rows of ", describe(rows),
          " do not fit: ", layout_.height, " x ", layout_.width, " pixels of ", layout_.channels,
          " channels are written, ", written_, " rows of them are there");
    const std::size_t line = std::size_t(rows.width * rows.channels);
    for (std::size_t i = 0; i < rows.samples.size(); i += line) {
      const auto samples = formats::file_samples(&rows.samples[i], line, layout_.bits);
      attempt([&] { return rows_->row(samples.data()); });
    }
    written_ += rows.height;
  }

  /// After the last row: the file is there. Throws Error where rows are missing or the disk is full.
  void finish() {
    check(written_ == layout_.height, "ImageWriter: ", written_, " of ", layout_.height,
          " rows were written");
    attempt([&] { return rows_->end(); });
    attempt([&] { return std::fclose(file_.release()) == 0; });
    attempt([&] { return part_->rename_to(path_) == 0; });
  }

 private:
  static void check_format(const std::string& format, const formats::RowLayout& x, const WriterOptions& o) {
    check(detail::is_written(format), "save_image: '", format,
          "' is not a format that can be written; use .png, .jpg, .jpeg or .bmp");
    check(x.height >= 1 && x.width >= 1 && x.channels >= 1 && x.channels <= 4,
          "save_image: the image is empty (", x.height, " x ", x.width, " pixels)");
    check(format == ".png" || x.channels == 1 || x.channels == 3,
          "save_image: an image with alpha cannot be kept in a ", format, " file\n  hint: write a .png");
    check(o.bits == 8 || (o.bits == 16 && format == ".png"), "save_image: a ", format, " file cannot hold ",
          o.bits, " bits a sample\n  hint: write a .png of 8 or 16 bits");
    check(o.jpeg_quality >= 1 && o.jpeg_quality <= 100, "save_image: the JPEG quality must be 1 to 100, not ",
          o.jpeg_quality);
    detail::check_size(format, x.height, x.width);
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
  formats::RowLayout layout_;
  Index written_ = 0;
  std::optional<TemporaryFile> part_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, std::fclose};
  std::unique_ptr<formats::RowFile> rows_;  // goes before the file that it writes to
};

}  // namespace crisp::data
