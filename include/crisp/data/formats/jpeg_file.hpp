// JPEG row by row, by libjpeg-turbo. Programs that include this link with libjpeg.
#pragma once
#include "crisp/data/formats/colour_chunks.hpp"
#include "crisp/data/formats/libjpeg.hpp"
#include "crisp/data/formats/row_file.hpp"

namespace crisp::data::formats {

/// Gray or RGB of 8 bits. `quality`: 1 to 100; above 90 the chroma has as many samples as the luma.
class JpegFile : public RowFile {
 public:
  JpegFile(std::FILE* file, const RowLayout& layout, const ColourInfo& colour, int quality) {
    state_->file = file;
    begun_ = begin(*state_, layout, colour, quality);
    const std::vector<std::string> segments = icc_segments(colour, layout.channels == 3);
    for (std::size_t i = 0; begun_ && i < segments.size(); ++i)
      begun_ = segment(*state_, segments[i].data(), unsigned(segments[i].size()));
  }
  ~JpegFile() override { jpeg_destroy_compress(&state_->jpeg); }
  bool begun() const override { return begun_; }

  bool row(const unsigned char* samples) override { return write(*state_, samples); }
  bool end() override { return finish(*state_); }

 private:
  struct State {
    jpeg_compress_struct jpeg{};
    detail::JpegErrors errors{};
    std::FILE* file = nullptr;
  };

  // Each of these is left by a jump where libjpeg fails: they hold plain values alone.
  static bool begin(State& s, const RowLayout& layout, const ColourInfo& colour, int quality) {
    s.jpeg.err = jpeg_std_error(&s.errors.manager);
    s.jpeg.client_data = &s.errors;
    s.errors.manager.error_exit = detail::JpegErrors::fail;
    if (setjmp(s.errors.back)) return false;
    jpeg_create_compress(&s.jpeg);
    jpeg_stdio_dest(&s.jpeg, s.file);
    s.jpeg.image_width = JDIMENSION(layout.width);
    s.jpeg.image_height = JDIMENSION(layout.height);
    s.jpeg.input_components = int(layout.channels);
    s.jpeg.in_color_space = layout.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&s.jpeg);
    jpeg_set_quality(&s.jpeg, quality, TRUE);
    if (quality > 90) s.jpeg.comp_info[0].h_samp_factor = s.jpeg.comp_info[0].v_samp_factor = 1;
    const auto [x, y] = dots_an_inch(colour);
    if (x > 0 && y > 0) {
      s.jpeg.density_unit = colour.per_metre ? 1 : 0;
      s.jpeg.X_density = UINT16(x);
      s.jpeg.Y_density = UINT16(y);
    }
    jpeg_start_compress(&s.jpeg, TRUE);
    return true;
  }
  static bool segment(State& s, const char* data, unsigned size) {
    if (setjmp(s.errors.back)) return false;
    jpeg_write_marker(&s.jpeg, JPEG_APP0 + 2, reinterpret_cast<const JOCTET*>(data), size);
    return true;
  }
  static bool write(State& s, const unsigned char* samples) {
    if (setjmp(s.errors.back)) return false;
    JSAMPROW line = const_cast<unsigned char*>(samples);  // libjpeg does not write to it
    return jpeg_write_scanlines(&s.jpeg, &line, 1) == 1;
  }
  static bool finish(State& s) {
    if (setjmp(s.errors.back)) return false;
    jpeg_finish_compress(&s.jpeg);
    return true;
  }

  std::unique_ptr<State> state_ = std::make_unique<State>();  // stays where it is: libjpeg points into it
  bool begun_ = false;
};

}  // namespace crisp::data::formats
