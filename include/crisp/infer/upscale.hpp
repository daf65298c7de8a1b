// Whole-image super-resolution: a picture in, a picture `scale` times as large out, through a network.
#pragma once
#include "crisp/data/color.hpp"
#include "crisp/data/resize.hpp"
#include "crisp/infer/tiled.hpp"

namespace crisp::infer {

namespace detail {

inline data::Image bicubic(const data::Image& x, Index scale) { return data::enlarge(x, scale, data::Resampling::bicubic_matlab); }

// Through the network, enlarged first where it wants that.
template <class Net>
data::Image run(const Net& net, const data::Image& x, Index scale) {
  return apply(net, form_of(net).enlarged ? bicubic(x, scale) : x);
}

// A gray or RGB image without alpha.
template <class Net>
data::Image upscale_opaque(const Net& net, const data::Image& x, Index scale) {
  if (form_of(net).channels == 3) return x.channels == 3 ? run(net, x, scale) : data::channels(run(net, data::gray_to_rgb(x), scale), 1, 1);
  if (x.channels == 1) return run(net, x, scale);
  const data::Image ycbcr = data::to_ycbcr(x);
  return data::from_ycbcr(data::join(run(net, data::channels(ycbcr, 0, 1), scale), bicubic(data::channels(ycbcr, 1, 2), scale)));
}

}  // namespace detail

/// The image, `scale` times as high and wide: (H, W, C), 0..255 -> (scale H, scale W, C), not rounded. A network on luma
/// (its input: luma / 255, enlarged by MATLAB's bicubic if it takes that) leaves Cb and Cr to bicubic; gray stays gray;
/// alpha is enlarged by bicubic. Throws Error for an empty image or a scale below 1.
template <template <class, class> class Net, class T, class D>
data::Image upscale(const Net<T, D>& net, const data::Image& image, Index scale) {
  check(scale >= 1, "upscale: the scale must be a whole number of at least 1, not ", scale);
  check(image.height >= 1 && image.width >= 1, "upscale: the image is empty (", image.height, " x ", image.width, " pixels)");
  if (!image.has_alpha()) return detail::upscale_opaque(net, image, scale);
  const Index colours = image.channels - 1;
  return data::join(detail::upscale_opaque(net, data::channels(image, 0, colours), scale),
                    detail::bicubic(data::channels(image, colours, 1), scale));
}

}  // namespace crisp::infer
