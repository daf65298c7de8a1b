// JPEG by libjpeg-turbo: several times as fast as by stb, arithmetic coding too, and the samples that most
// programs give. Programs that include this link with libjpeg.
#pragma once
#include <cstdio>
// libjpeg's header needs the one above.
#include <jerror.h>
#include <jpeglib.h>
#include <setjmp.h>

#include "crisp/data/formats/jpeg.hpp"

namespace crisp::data::formats {

namespace detail {

// libjpeg reports an error by a call that must not return: a jump, which must pass no C++ object.
struct JpegErrors {
  jpeg_error_mgr manager{};
  jmp_buf back{};
  char text[JMSG_LENGTH_MAX] = "";

  static JpegErrors& of(j_common_ptr jpeg) { return *static_cast<JpegErrors*>(jpeg->client_data); }
  static void fail(j_common_ptr jpeg) {
    jpeg->err->format_message(jpeg, of(jpeg).text);
    longjmp(of(jpeg).back, 1);
  }
  // libjpeg goes on where samples are missing or make no sense; here that is an error. Bytes that are too
  // many are none.
  static void warn(j_common_ptr jpeg, int level) {
    if (level >= 0) return;
    switch (jpeg->err->msg_code) {
      case JWRN_EXTRANEOUS_DATA:
      case JWRN_ADOBE_XFORM:
      case JWRN_JFIF_MAJOR:
      case JWRN_JPEG_EOF:
        return;
      default:
        fail(jpeg);
    }
  }
};

struct JpegRows {
  jpeg_decompress_struct jpeg{};
  JpegErrors errors{};
  unsigned char* to = nullptr;  // (H, W, C)
  int channels = 0;             // 1, 3, or 4 for CMYK
};

inline bool read_jpeg(JpegRows& r, const unsigned char* bytes, unsigned long size) {
  r.jpeg.err = jpeg_std_error(&r.errors.manager);
  r.jpeg.client_data = &r.errors;
  r.errors.manager.error_exit = JpegErrors::fail;
  r.errors.manager.emit_message = JpegErrors::warn;
  if (setjmp(r.errors.back)) {
    jpeg_destroy_decompress(&r.jpeg);
    return false;
  }
  jpeg_create_decompress(&r.jpeg);
  r.jpeg.client_data = &r.errors;
  jpeg_mem_src(&r.jpeg, bytes, size);
  jpeg_read_header(&r.jpeg, TRUE);
  if (r.channels == 1) r.jpeg.out_color_space = JCS_GRAYSCALE;
  if (r.channels == 3) r.jpeg.out_color_space = JCS_RGB;
  if (r.channels == 4) r.jpeg.out_color_space = JCS_CMYK;
  jpeg_start_decompress(&r.jpeg);
  while (r.jpeg.output_scanline < r.jpeg.output_height) {
    JSAMPROW row = r.to + std::size_t(r.jpeg.output_scanline) * r.jpeg.output_width * unsigned(r.channels);
    jpeg_read_scanlines(&r.jpeg, &row, 1);
  }
  jpeg_destroy_decompress(&r.jpeg);  // what follows the samples is not of the picture
  return true;
}

// CMYK as programs write it, inverted, to a sample of RGB: the product of ink and black.
inline float without_black(unsigned char ink, unsigned char black) {
  return float((2 * ink * black + 255) / 510);
}

}  // namespace detail

/// As decode_jpeg, by libjpeg.
inline Picture decode_jpeg_by_libjpeg(const std::string& bytes, const std::string& name) {
  const std::vector<JpegSegment> segments = jpeg_segments(bytes, name);
  const JpegHeader h = jpeg_header(segments, name);
  std::vector<unsigned char> samples(std::size_t(h.height * h.width) * h.components);
  const auto rows = std::make_unique<detail::JpegRows>();
  rows->to = samples.data();
  rows->channels = int(h.components);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  if (!detail::read_jpeg(*rows, data, static_cast<unsigned long>(bytes.size())))
    refuse(name, "is damaged: ", rows->errors.text);
  Picture picture = detail::jpeg_picture(h);
  picture.image = Image(h.height, h.width, h.components == 1 ? 1 : 3);
  std::vector<float>& to = picture.image.samples;
  if (h.components < 4) std::copy(samples.begin(), samples.end(), to.begin());
  else
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = detail::without_black(samples[i / 3 * 4 + i % 3], samples[i / 3 * 4 + 3]);
  return picture;
}

}  // namespace crisp::data::formats
