// WebP (RFC 9649) by libwebp. Programs that include this link with libwebp.
#pragma once
#include <webp/decode.h>

#include <memory>

#include "crisp/data/formats/exif.hpp"
#include "crisp/data/picture.hpp"

namespace crisp::data::formats {

/// What a WebP file says before its samples.
struct WebpHeader {
  Index height = 0, width = 0;
  bool alpha = false;
  int orientation = 1;
  ColourInfo colour{};
};

/// Throws Error with the name for a file that is cut short, damaged or animated.
inline WebpHeader webp_header(const std::string& bytes, const std::string& name) {
  const Bytes file{bytes, true};
  const std::size_t size = std::size_t(file.u32(4)) + 8;
  if (size > bytes.size())
    refuse(name, "is truncated: it has ", bytes.size(), " of the ", size, " bytes of its WebP image");
  WebPBitstreamFeatures features{};
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  if (WebPGetFeatures(data, bytes.size(), &features) != VP8_STATUS_OK)
    refuse(name, "is damaged: libwebp cannot read its header");
  if (features.has_animation)
    refuse(name, "is an animated WebP image, which is not read\n  hint: save one of its pictures as PNG");
  WebpHeader h{.height = features.height, .width = features.width, .alpha = features.has_alpha != 0};
  check_pixels(h.height, h.width, name);
  // libwebp takes the memory for all pixels before it looks at their bytes.
  constexpr Index little = 1 << 22, ratio = 1032;
  if (h.height * h.width > little && h.height * h.width / ratio > Index(bytes.size()))
    refuse(name, "has ", h.height, " x ", h.width, " pixels in ", bytes.size(), " bytes; more than ", little,
           " must have a byte for each thousand\n  hint: if it is one colour, save it as PNG");
  for (std::size_t at = 12; file.has(at, 8) && at < size;) {  // the chunks of the RIFF container
    const std::string_view type = file.part(at, 4).all;
    const Bytes content = file.part(at + 8, file.u32(at + 4));
    if (type == "EXIF") h.orientation = exif_orientation(content.all);
    if (type == "ICCP") h.colour.icc = content.all;
    at += 8 + (std::size_t(file.u32(at + 4)) + 1) / 2 * 2;
  }
  return h;
}

/// The picture in a WebP file: RGB or RGBA. Throws Error with the name as above.
inline Picture decode_webp(const std::string& bytes, const std::string& name) {
  WebpHeader h = webp_header(bytes, name);
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  int width = 0, height = 0;
  const auto decode = h.alpha ? WebPDecodeRGBA : WebPDecodeRGB;
  const std::unique_ptr<std::uint8_t, void (*)(void*)> samples(decode(data, bytes.size(), &width, &height),
                                                               WebPFree);
  if (!samples) refuse(name, "is damaged: libwebp cannot read its samples");
  Picture picture{.image = Image(height, width, h.alpha ? 4 : 3),
                  .orientation = h.orientation,
                  .colour = std::move(h.colour)};
  std::vector<float>& to = picture.image.samples;
  std::copy_n(samples.get(), to.size(), to.begin());
  return picture;
}

}  // namespace crisp::data::formats
