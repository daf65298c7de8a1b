// Image: a picture in memory, (H, W, C) samples in 0..255 as float, the last axis fastest.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "crisp/core/error.hpp"

namespace crisp::data {

/// 1 channel is gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha. Samples of 8-bit files are whole numbers,
/// those of 16-bit files keep their fraction (v / 257).
struct Image {
  Index height = 0, width = 0;
  Index channels = 0;
  std::vector<float> samples;

  Image() = default;

  /// Throws Error for a negative size or more than 4 channels.
  Image(Index h, Index w, Index c, float value = 0) : height(h), width(w), channels(c) {
    check(h >= 0 && w >= 0 && c >= 0 && c <= 4, "Image: ", h, " x ", w, " pixels of ", c,
          " channels were asked for; it takes sizes of 0 or more and 1 to 4 channels");
    samples.assign(static_cast<std::size_t>(h * w * c), value);
  }

  float& at(Index y, Index x, Index c = 0) { return samples[std::size_t((y * width + x) * channels + c)]; }
  float at(Index y, Index x, Index c = 0) const {
    return samples[std::size_t((y * width + x) * channels + c)];
  }

  bool empty() const { return samples.empty(); }
  bool has_alpha() const { return channels == 2 || channels == 4; }
  bool has_colour() const { return channels >= 3; }
  bool same_size(const Image& other) const {
    return height == other.height && width == other.width && channels == other.channels;
  }
};

/// "120 x 80 RGB", for messages: height, width, kind. Of an image, or of what is known of one.
template <class Picture>
std::string describe(const Picture& image) requires requires {
  image.height, image.width, image.channels;
}
{
  static constexpr const char* kinds[] = {"empty", "gray", "gray with alpha", "RGB", "RGB with alpha"};
  return str(image.height, " x ", image.width, " ", kinds[image.channels]);
}

/// A sample as 8 bits hold it: clamped to 0..255 and rounded, halves up. NaN becomes 0.
inline float round_to_8bit(float v) { return v > 0 ? std::floor(std::min(v, 255.0f) + 0.5f) : 0.0f; }

/// The image with every sample rounded to 8 bits.
inline Image round_to_8bit(Image image) {
  for (float& v : image.samples) v = round_to_8bit(v);
  return image;
}

/// `count` channels from `first`, as an image. Throws Error where there are not so many.
inline Image channels(const Image& x, Index first, Index count) {
  check(first >= 0 && count >= 1 && first + count <= x.channels, "channels: ", count, " channels from ",
        first, " were asked of ", describe(x));
  Image y(x.height, x.width, count);
  for (Index i = 0; i < x.height * x.width; ++i)
    std::copy_n(x.samples.begin() + i * x.channels + first, count, y.samples.begin() + i * count);
  return y;
}

/// The channels of two images of one height and width, side by side. Throws Error where they differ in size.
inline Image join(const Image& a, const Image& b) {
  check(a.height == b.height && a.width == b.width, "join: the images differ in size: ", describe(a), " and ",
        describe(b));
  Image y(a.height, a.width, a.channels + b.channels);
  for (Index i = 0; i < a.height * a.width; ++i) {
    std::copy_n(a.samples.begin() + i * a.channels, a.channels, y.samples.begin() + i * y.channels);
    std::copy_n(b.samples.begin() + i * b.channels, b.channels,
                y.samples.begin() + i * y.channels + a.channels);
  }
  return y;
}

/// A part of an image. Throws Error where it does not lie within.
inline Image crop(const Image& x, Index top, Index left, Index height, Index width) {
  const bool begins_within = top >= 0 && left >= 0 && height >= 0 && width >= 0;
  check(begins_within && top + height <= x.height && left + width <= x.width, "crop: ", height, " x ", width,
        " pixels at row ", top, ", column ", left, " do not lie within ", describe(x));
  Image y(height, width, x.channels);
  const Index row = width * x.channels;
  for (Index i = 0; i < height; ++i) {
    const Index from = ((top + i) * x.width + left) * x.channels;
    std::copy_n(x.samples.begin() + from, row, y.samples.begin() + i * row);
  }
  return y;
}

/// Cuts off the bottom and the right until both sides are multiples of `scale`.
/// Throws Error where nothing is left.
inline Image crop_to_multiple(const Image& x, Index scale) {
  check(scale >= 1, "crop_to_multiple: the scale must be at least 1, not ", scale);
  check(x.height >= scale && x.width >= scale, "an image of ", x.height, " x ", x.width,
        " pixels is too small for a scale of ", scale);
  if (x.height % scale == 0 && x.width % scale == 0) return x;
  return crop(x, 0, 0, x.height - x.height % scale, x.width - x.width % scale);
}

}  // namespace crisp::data
