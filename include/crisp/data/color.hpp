// Luma and chroma of ITU-R BT.601 in the range of 8-bit video, Y 16..235, as MATLAB's rgb2ycbcr has them.
#pragma once
#include "crisp/data/alpha.hpp"

namespace crisp::data {

/// (H, W, C) -> (H, W, 1): Y = 16 + (65.481 R + 128.553 G + 24.966 B) / 255, not rounded: white is 235, red
/// 81.481. Gray values are taken as luma as they are; alpha is left
/// out.
inline Image luma(const Image& x) {
  if (!x.has_colour()) return without_alpha(x);
  Image y(x.height, x.width, 1);
  for (Index i = 0; i < x.height * x.width; ++i) {
    const float* p = &x.samples[static_cast<std::size_t>(i * x.channels)];
    y.samples[static_cast<std::size_t>(i)] =
        float(16.0 + (65.481 * p[0] + 128.553 * p[1] + 24.966 * p[2]) / 255.0);
  }
  return y;
}

/// RGB -> Y, Cb, Cr, in 16..235 and 16..240, not rounded; alpha is left out. Throws Error for a gray image.
inline Image to_ycbcr(const Image& x) {
  check(x.has_colour(), "to_ycbcr: a colour image is needed, not ", describe(x));
  Image y(x.height, x.width, 3);
  for (Index i = 0; i < x.height * x.width; ++i) {
    const float* p = &x.samples[static_cast<std::size_t>(i * x.channels)];
    const double r = p[0] / 255.0, g = p[1] / 255.0;
    const double b = p[2] / 255.0;
    float* q = &y.samples[static_cast<std::size_t>(i * 3)];
    q[0] = float(16 + 65.481 * r + 128.553 * g + 24.966 * b);
    q[1] = float(128 - 37.797 * r - 74.203 * g + 112.0 * b);
    q[2] = float(128 + 112.0 * r - 93.786 * g - 18.214 * b);
  }
  return y;
}

/// The inverse of to_ycbcr, not rounded: values outside 0..255 can occur.
/// Throws Error unless there are 3 channels.
inline Image from_ycbcr(const Image& x) {
  check(x.channels == 3, "from_ycbcr: an image of 3 channels (Y, Cb, Cr) is needed, not ", describe(x));
  // The exact inverse of the matrix above: luma back to 0..1, then BT.601's
  // weights of red 0.299 and blue 0.114.
  constexpr double kr = 0.299, kb = 0.114;
  constexpr double kg = 1 - kr - kb;
  Image y(x.height, x.width, 3);
  for (Index i = 0; i < x.height * x.width; ++i) {
    const float* p = &x.samples[static_cast<std::size_t>(i * 3)];
    const double l = (p[0] - 16.0) / 219.0;
    const double cb = (p[1] - 128.0) / 112.0, cr = (p[2] - 128.0) / 112.0;
    const double r = l + (1 - kr) * cr, b = l + (1 - kb) * cb;
    float* q = &y.samples[static_cast<std::size_t>(i * 3)];
    q[0] = float(255 * r);
    q[1] = float(255 * (l - kr * r - kb * b) / kg);
    q[2] = float(255 * b);
  }
  return y;
}

/// Gray -> RGB with three equal channels.
inline Image gray_to_rgb(const Image& gray) { return join(join(gray, gray), gray); }

}  // namespace crisp::data
