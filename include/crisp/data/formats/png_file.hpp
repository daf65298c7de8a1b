// PNG row by row, by libpng. Programs that include this link with libpng and zlib.
#pragma once
#include <png.h>

#include "crisp/data/formats/colour_chunks.hpp"
#include "crisp/data/formats/row_file.hpp"

namespace crisp::data::formats {

// libpng reports an error by a jump, which must pass no C++ object: so each step is a small function of plain
// types.
class PngFile : public RowFile {
 public:
  PngFile(std::FILE* file, const RowLayout& layout, const ColourInfo& colour) {
    begun_ = begin(file, layout);
    for (const PngChunk& chunk : colour_chunks(colour, layout.channels >= 3))
      begun_ = begun_ && write_chunk(chunk.type, chunk.data.data(), chunk.data.size());
  }
  ~PngFile() override {
    if (png_) png_destroy_write_struct(&png_, &info_);
  }
  bool begun() const override { return begun_; }

  bool row(const unsigned char* samples) override {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_write_row(png_, samples);
    return true;
  }
  bool end() override {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_write_end(png_, info_);
    return true;
  }

 private:
  bool begin(std::FILE* file, const RowLayout& layout) {
    static constexpr int kinds[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                    PNG_COLOR_TYPE_RGB_ALPHA};
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, quiet_error, quiet_warning);
    info_ = png_ ? png_create_info_struct(png_) : nullptr;
    if (!info_ || setjmp(png_jmpbuf(png_))) return false;
    png_init_io(png_, file);
    png_set_user_limits(png_, 0x7fffffff, 0x7fffffff);
    png_set_compression_level(png_, 4);
    png_set_IHDR(png_, info_, png_uint_32(layout.width), png_uint_32(layout.height), layout.bits,
                 kinds[layout.channels], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    return true;
  }
  bool write_chunk(const char* type, const char* data, std::size_t size) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_write_chunk(png_, reinterpret_cast<png_const_bytep>(type), reinterpret_cast<png_const_bytep>(data),
                    size);
    return true;
  }
  static void quiet_error(png_structp png, png_const_charp) { png_longjmp(png, 1); }
  static void quiet_warning(png_structp, png_const_charp) {}

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  bool begun_ = false;
};

}  // namespace crisp::data::formats
