// stb_image for PNG and JPEG, and stb_image_write, for crisp alone: in namespace crisp::data::stb. (This is
// the only header that includes them.) stb is configured by macros. Those of the file that includes this
// are put aside, and are back afterwards: so it may include stb before and after, with any configuration.
#pragma once
#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#include <memory>

#include "crisp/data/image.hpp"

#pragma push_macro("STB_IMAGE_IMPLEMENTATION")
#pragma push_macro("STB_IMAGE_STATIC")
#pragma push_macro("STB_IMAGE_WRITE_IMPLEMENTATION")
#pragma push_macro("STB_IMAGE_WRITE_STATIC")
#pragma push_macro("STBI_INCLUDE_STB_IMAGE_H")
#pragma push_macro("INCLUDE_STB_IMAGE_WRITE_H")
#pragma push_macro("STBIDEF")
#pragma push_macro("STBIWDEF")
#pragma push_macro("STBI_ONLY_BMP")
#pragma push_macro("STBI_ONLY_JPEG")
#pragma push_macro("STBI_ONLY_PNG")
#pragma push_macro("STBI_NO_BMP")
#pragma push_macro("STBI_NO_GIF")
#pragma push_macro("STBI_NO_HDR")
#pragma push_macro("STBI_NO_JPEG")
#pragma push_macro("STBI_NO_LINEAR")
#pragma push_macro("STBI_NO_PIC")
#pragma push_macro("STBI_NO_PNG")
#pragma push_macro("STBI_NO_PNM")
#pragma push_macro("STBI_NO_PSD")
#pragma push_macro("STBI_NO_STDIO")
#pragma push_macro("STBI_NO_TGA")
#pragma push_macro("STBI_NO_ZLIB")
#pragma push_macro("STBI_ASSERT")
#pragma push_macro("STBI_FREE")
#pragma push_macro("STBI_MALLOC")
#pragma push_macro("STBI_MAX_DIMENSIONS")
#pragma push_macro("STBI_REALLOC")
#pragma push_macro("STBI_REALLOC_SIZED")
#pragma push_macro("STBI_WRITE_NO_STDIO")
#pragma push_macro("STBIW_ASSERT")
#pragma push_macro("STBIW_FREE")
#pragma push_macro("STBIW_MALLOC")
#pragma push_macro("STBIW_MEMMOVE")
#pragma push_macro("STBIW_REALLOC")
#pragma push_macro("STBIW_REALLOC_SIZED")
#pragma push_macro("stbi__err")

#undef STB_IMAGE_IMPLEMENTATION
#undef STB_IMAGE_STATIC
#undef STB_IMAGE_WRITE_IMPLEMENTATION
#undef STB_IMAGE_WRITE_STATIC
#undef STBI_INCLUDE_STB_IMAGE_H
#undef INCLUDE_STB_IMAGE_WRITE_H
#undef STBIDEF
#undef STBIWDEF
#undef STBI_ONLY_BMP
#undef STBI_ONLY_JPEG
#undef STBI_ONLY_PNG
#undef STBI_NO_BMP
#undef STBI_NO_GIF
#undef STBI_NO_HDR
#undef STBI_NO_JPEG
#undef STBI_NO_LINEAR
#undef STBI_NO_PIC
#undef STBI_NO_PNG
#undef STBI_NO_PNM
#undef STBI_NO_PSD
#undef STBI_NO_STDIO
#undef STBI_NO_TGA
#undef STBI_NO_ZLIB
#undef STBI_ASSERT
#undef STBI_FREE
#undef STBI_MALLOC
#undef STBI_MAX_DIMENSIONS
#undef STBI_REALLOC
#undef STBI_REALLOC_SIZED
#undef STBI_WRITE_NO_STDIO
#undef STBIW_ASSERT
#undef STBIW_FREE
#undef STBIW_MALLOC
#undef STBIW_MEMMOVE
#undef STBIW_REALLOC
#undef STBIW_REALLOC_SIZED
#undef stbi__err

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wsign-compare"
#endif
// stb takes a sixth of a program's time to compile at -O2. (nvcc warns of such a pragma.)
#if defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__)
#pragma GCC push_options
#pragma GCC optimize("O1")
#endif
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_GIF
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
// stb declares these as extern "C", for which g++ knows no namespace: they need names of their own.
#define stbi_convert_iphone_png_to_rgb crisp_stbi_convert_iphone_png_to_rgb
#define stbi_convert_iphone_png_to_rgb_thread crisp_stbi_convert_iphone_png_to_rgb_thread
#define stbi_failure_reason crisp_stbi_failure_reason
#define stbi_image_free crisp_stbi_image_free
#define stbi_info_from_callbacks crisp_stbi_info_from_callbacks
#define stbi_info_from_memory crisp_stbi_info_from_memory
#define stbi_is_16_bit_from_callbacks crisp_stbi_is_16_bit_from_callbacks
#define stbi_is_16_bit_from_memory crisp_stbi_is_16_bit_from_memory
#define stbi_is_hdr_from_callbacks crisp_stbi_is_hdr_from_callbacks
#define stbi_is_hdr_from_memory crisp_stbi_is_hdr_from_memory
#define stbi_load_16_from_callbacks crisp_stbi_load_16_from_callbacks
#define stbi_load_16_from_memory crisp_stbi_load_16_from_memory
#define stbi_load_from_callbacks crisp_stbi_load_from_callbacks
#define stbi_load_from_memory crisp_stbi_load_from_memory
#define stbi_set_flip_vertically_on_load crisp_stbi_set_flip_vertically_on_load
#define stbi_set_flip_vertically_on_load_thread crisp_stbi_set_flip_vertically_on_load_thread
#define stbi_set_unpremultiply_on_load crisp_stbi_set_unpremultiply_on_load
#define stbi_set_unpremultiply_on_load_thread crisp_stbi_set_unpremultiply_on_load_thread
#define stbi_zlib_decode_buffer crisp_stbi_zlib_decode_buffer
#define stbi_zlib_decode_malloc crisp_stbi_zlib_decode_malloc
#define stbi_zlib_decode_malloc_guesssize crisp_stbi_zlib_decode_malloc_guesssize
#define stbi_zlib_decode_malloc_guesssize_headerflag crisp_stbi_zlib_decode_malloc_guesssize_headerflag
#define stbi_zlib_decode_noheader_buffer crisp_stbi_zlib_decode_noheader_buffer
#define stbi_zlib_decode_noheader_malloc crisp_stbi_zlib_decode_noheader_malloc
namespace crisp::data::stb {
#include <stb_image.h>
#include <stb_image_write.h>
}  // namespace crisp::data::stb
#undef stbi_convert_iphone_png_to_rgb
#undef stbi_convert_iphone_png_to_rgb_thread
#undef stbi_failure_reason
#undef stbi_image_free
#undef stbi_info_from_callbacks
#undef stbi_info_from_memory
#undef stbi_is_16_bit_from_callbacks
#undef stbi_is_16_bit_from_memory
#undef stbi_is_hdr_from_callbacks
#undef stbi_is_hdr_from_memory
#undef stbi_load_16_from_callbacks
#undef stbi_load_16_from_memory
#undef stbi_load_from_callbacks
#undef stbi_load_from_memory
#undef stbi_set_flip_vertically_on_load
#undef stbi_set_flip_vertically_on_load_thread
#undef stbi_set_unpremultiply_on_load
#undef stbi_set_unpremultiply_on_load_thread
#undef stbi_zlib_decode_buffer
#undef stbi_zlib_decode_malloc
#undef stbi_zlib_decode_malloc_guesssize
#undef stbi_zlib_decode_malloc_guesssize_headerflag
#undef stbi_zlib_decode_noheader_buffer
#undef stbi_zlib_decode_noheader_malloc
#if defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__)
#pragma GCC pop_options
#endif
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#pragma pop_macro("STB_IMAGE_IMPLEMENTATION")
#pragma pop_macro("STB_IMAGE_STATIC")
#pragma pop_macro("STB_IMAGE_WRITE_IMPLEMENTATION")
#pragma pop_macro("STB_IMAGE_WRITE_STATIC")
#pragma pop_macro("STBI_INCLUDE_STB_IMAGE_H")
#pragma pop_macro("INCLUDE_STB_IMAGE_WRITE_H")
#pragma pop_macro("STBIDEF")
#pragma pop_macro("STBIWDEF")
#pragma pop_macro("STBI_ONLY_BMP")
#pragma pop_macro("STBI_ONLY_JPEG")
#pragma pop_macro("STBI_ONLY_PNG")
#pragma pop_macro("STBI_NO_BMP")
#pragma pop_macro("STBI_NO_GIF")
#pragma pop_macro("STBI_NO_HDR")
#pragma pop_macro("STBI_NO_JPEG")
#pragma pop_macro("STBI_NO_LINEAR")
#pragma pop_macro("STBI_NO_PIC")
#pragma pop_macro("STBI_NO_PNG")
#pragma pop_macro("STBI_NO_PNM")
#pragma pop_macro("STBI_NO_PSD")
#pragma pop_macro("STBI_NO_STDIO")
#pragma pop_macro("STBI_NO_TGA")
#pragma pop_macro("STBI_NO_ZLIB")
#pragma pop_macro("STBI_ASSERT")
#pragma pop_macro("STBI_FREE")
#pragma pop_macro("STBI_MALLOC")
#pragma pop_macro("STBI_MAX_DIMENSIONS")
#pragma pop_macro("STBI_REALLOC")
#pragma pop_macro("STBI_REALLOC_SIZED")
#pragma pop_macro("STBI_WRITE_NO_STDIO")
#pragma pop_macro("STBIW_ASSERT")
#pragma pop_macro("STBIW_FREE")
#pragma pop_macro("STBIW_MALLOC")
#pragma pop_macro("STBIW_MEMMOVE")
#pragma pop_macro("STBIW_REALLOC")
#pragma pop_macro("STBIW_REALLOC_SIZED")
#pragma pop_macro("stbi__err")

namespace crisp::data::stb {

/// The pixels that stb gave, as an image (H, W, C) of 0..255; 16 bits are divided by 257. Throws Error with
/// the name where stb gave none. Frees the pixels.
template <class Sample>
Image to_image(Sample* pixels, Index height, Index width, Index channels, const std::string& name) {
  const std::unique_ptr<void, void (*)(void*)> owner(pixels, crisp_stbi_image_free);
  check(pixels != nullptr, "load_image: '", name, "' is damaged: ", crisp_stbi_failure_reason());
  Image image(height, width, channels);
  const float step = sizeof(Sample) == 2 ? 257.0f : 1.0f;
  for (std::size_t i = 0; i < image.samples.size(); ++i) image.samples[i] = float(pixels[i]) / step;
  return image;
}

/// The samples of a PNG or JPEG file of 8 bits. Throws Error with the name where stb cannot read it.
inline Image decode_8(const std::string& bytes, const std::string& name) {
  int w = 0, h = 0, c = 0;
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  auto* const pixels = crisp_stbi_load_from_memory(data, int(bytes.size()), &w, &h, &c, 0);
  return to_image(pixels, h, w, c, name);
}

/// The same of a PNG file of 16 bits, in 0..255 with a fraction.
inline Image decode_16(const std::string& bytes, const std::string& name) {
  int w = 0, h = 0, c = 0;
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  auto* const pixels = crisp_stbi_load_16_from_memory(data, int(bytes.size()), &w, &h, &c, 0);
  return to_image(pixels, h, w, c, name);
}

}  // namespace crisp::data::stb
