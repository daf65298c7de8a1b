// Runs a network over a whole image, in overlapping tiles where it is large: so memory stays bounded, and no seam shows,
// as each tile sees as many pixels beyond its edge as an output pixel depends on.
#pragma once
#include <algorithm>

#include "crisp/autograd/var.hpp"
#include "crisp/data/image.hpp"
#include "crisp/models/form.hpp"

namespace crisp::infer {

/// How a network is fed, see models/form.hpp. A struct that does not say: luma, already enlarged, as SRCNN.
template <class Net>
models::Form form_of(const Net& net) {
  if constexpr (requires { net.form(); }) return net.form();
  else return {.channels = 1, .enlarged = true};
}

/// (H, W, C), 0..255 -> (1, H, W, C), 0..1.
template <class T, class D>
Tensor<T, D> to_tensor(const data::Image& image) {
  std::vector<T> values(image.samples.size());
  std::transform(image.samples.begin(), image.samples.end(), values.begin(), [](float v) { return T(v) / T(255); });
  return Tensor<T, D>({1, image.height, image.width, image.channels}, values);
}

/// (1, H, W, C), about 0..1 -> (H, W, C), about 0..255, neither rounded nor clamped.
template <class T, class D>
data::Image to_image(const Tensor<T, D>& x) {
  check(x.shape().rank() == 4 && x[0] == 1, "to_image: one image is needed", operand("input", x.shape(), "(N, H, W, C)"));
  data::Image image(x[1], x[2], x[3]);
  const std::vector<T> values = x.to_host();
  std::transform(values.begin(), values.end(), image.samples.begin(), [](T v) { return float(v * T(255)); });
  return image;
}

namespace detail {

// Copies (height, width) pixels of `from`, which begin at (top, left), to (to_top, to_left) of `to`.
inline void paste(const data::Image& from, Index top, Index left, Index height, Index width, data::Image& to, Index to_top, Index to_left) {
  for (Index i = 0; i < height; ++i)
    std::copy_n(from.samples.begin() + ((top + i) * from.width + left) * from.channels, width * from.channels,
                to.samples.begin() + ((to_top + i) * to.width + to_left) * to.channels);
}

}  // namespace detail

/// net(image) for an image of any size: (H, W, C), 0..255 -> (factor H, factor W, C), about 0..255, where factor is 1
/// for a network that takes the enlarged image. Tiles of `tile` pixels are used where the network states its reach.
template <template <class, class> class Net, class T, class D>
data::Image apply(const Net<T, D>& net, const data::Image& image, Index tile = 384) {
  const NoGrad guard;
  const models::Form form = form_of(net);
  const Index H = image.height, W = image.width, halo = form.reach, f = form.enlarged ? 1 : form.scale;
  const auto whole = [&](const data::Image& x) { return to_image(net(Var<T, D>(to_tensor<T, D>(x))).value()); };
  if (halo < 0 || (H <= tile && W <= tile)) return whole(image);

  data::Image result(f * H, f * W, image.channels);
  for (Index top = 0; top < H; top += tile)
    for (Index left = 0; left < W; left += tile) {
      const Index height = std::min(tile, H - top), width = std::min(tile, W - left);
      const Index y0 = std::max<Index>(0, top - halo), x0 = std::max<Index>(0, left - halo);
      const Index y1 = std::min(H, top + height + halo), x1 = std::min(W, left + width + halo);
      detail::paste(whole(data::crop(image, y0, x0, y1 - y0, x1 - x0)), f * (top - y0), f * (left - x0), f * height, f * width, result, f * top, f * left);
    }
  return result;
}

}  // namespace crisp::infer
