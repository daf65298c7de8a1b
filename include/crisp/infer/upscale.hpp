// Whole-image super-resolution: a picture in, a picture `scale` times as large out, through a network.
#pragma once
#include "crisp/data/color.hpp"
#include "crisp/data/resize.hpp"
#include "crisp/infer/tiled.hpp"

namespace crisp::infer {

namespace detail {

// Some channels of an image, as an image.
inline data::Image channels(const data::Image& x, Index first, Index count) {
  data::Image y(x.height, x.width, count);
  for (Index i = 0; i < x.height * x.width; ++i)
    for (Index c = 0; c < count; ++c) y.samples[std::size_t(i * count + c)] = x.samples[std::size_t(i * x.channels + first + c)];
  return y;
}

// The channels of two images of one size, side by side.
inline data::Image join(const data::Image& a, const data::Image& b) {
  data::Image y(a.height, a.width, a.channels + b.channels);
  for (Index i = 0; i < a.height * a.width; ++i) {
    for (Index c = 0; c < a.channels; ++c) y.samples[std::size_t(i * y.channels + c)] = a.samples[std::size_t(i * a.channels + c)];
    for (Index c = 0; c < b.channels; ++c) y.samples[std::size_t(i * y.channels + a.channels + c)] = b.samples[std::size_t(i * b.channels + c)];
  }
  return y;
}

inline data::Image bicubic(const data::Image& x, Index scale) { return data::enlarge(x, scale, data::Resampling::bicubic_matlab); }

// The planes a network works on, as it wants them: enlarged first, or as they are.
template <class Net>
data::Image planes_upscaled(const Net& net, const data::Image& planes, Index scale) {
  return apply(net, takes_enlarged_input(net) ? bicubic(planes, scale) : planes);
}

template <class Net>
data::Image colour_upscaled(const Net& net, const data::Image& x, Index scale) {
  if (channels_of(net) == 3) {
    if (x.channels == 3) return planes_upscaled(net, x, scale);
    return data::luma_of_gray(planes_upscaled(net, data::gray_to_rgb(x), scale));
  }
  if (x.channels == 1) return planes_upscaled(net, x, scale);
  const data::Image ycbcr = data::to_ycbcr(x);
  const data::Image y = planes_upscaled(net, channels(ycbcr, 0, 1), scale), chroma = bicubic(channels(ycbcr, 1, 2), scale);
  return data::from_ycbcr(join(y, chroma));
}

}  // namespace detail
}  // namespace crisp::infer
