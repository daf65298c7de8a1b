// Readers of image files by the libraries that most programs use: libpng, libjpeg-turbo, libwebp and libtiff,
// those of them that CMake found (it says so by CRISP_WITH_...). They are faster than the core's, and read
// more: link with crisp::files.
#pragma once
#include "crisp/data/formats/libpng.hpp"
#include "crisp/data/image_reader.hpp"
#ifdef CRISP_WITH_LIBJPEG
#include "crisp/data/formats/libjpeg.hpp"
#endif
#ifdef CRISP_WITH_LIBTIFF
#include "crisp/data/formats/tiff.hpp"
#endif
#ifdef CRISP_WITH_LIBWEBP
#include "crisp/data/formats/webp.hpp"
#endif

namespace crisp::data {

namespace formats {

#ifdef CRISP_WITH_LIBWEBP
inline ImageReader webp_reader() {
  return {"WebP",
          {".webp"},
          [](std::string_view bytes) { return kind_of_file(bytes).what == "a WebP image"; },
          [](const std::string& bytes, const std::string& name) {
            const WebpHeader h = webp_header(bytes, name);
            return ImageHeader{.height = h.height, .width = h.width, .orientation = h.orientation};
          },
          decode_webp};
}
#endif

#ifdef CRISP_WITH_LIBTIFF
inline ImageReader tiff_reader() {
  return {"TIFF",
          {".tif", ".tiff"},
          [](std::string_view bytes) { return kind_of_file(bytes).what == "a TIFF image"; },
          [](const std::string& bytes, const std::string& name) {
            const TiffHeader h = tiff_header(bytes, name);
            return ImageHeader{h.height, h.width, h.bits == 16 ? 16 : 8, h.orientation};
          },
          decode_tiff};
}
#endif

}  // namespace formats

/// From here on load_image, decode_image and list_images use the libraries. To be called at the begin of a
/// program, before threads read images.
inline void use_image_libraries() {
  ImageReader png = formats::png_reader();
  png.decode = formats::decode_png_by_libpng;
  add_image_reader(png);
#ifdef CRISP_WITH_LIBJPEG
  ImageReader jpeg = formats::jpeg_reader();
  jpeg.decode = formats::decode_jpeg_by_libjpeg;
  add_image_reader(jpeg);
#endif
#ifdef CRISP_WITH_LIBWEBP
  add_image_reader(formats::webp_reader());
#endif
#ifdef CRISP_WITH_LIBTIFF
  add_image_reader(formats::tiff_reader());
#endif
}

}  // namespace crisp::data
