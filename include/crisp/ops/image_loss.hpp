// Losses that look at neighbourhoods: total variation, and 1 - SSIM (Wang et al. 2004, eq. 13), for training.
#pragma once
#include "crisp/core/constant.hpp"
#include "crisp/core/gaussian.hpp"
#include "crisp/ops/arithmetic.hpp"
#include "crisp/ops/conv2d.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/ops/permute.hpp"
#include "crisp/ops/reshape.hpp"
#include "crisp/ops/slice.hpp"

namespace crisp {

/// Mean absolute difference of neighbours, down and across: x (N, H, W, C) -> () (Rudin, Osher and Fatemi
/// 1992, anisotropic). Throws Error for an image of less than 2 x 2 pixels.
template <class T, class D>
Var<Wide<T>, D> tv_loss(const Var<T, D>& x) {
  check(x.shape().rank() == 4 && x[1] >= 2 && x[2] >= 2,
        "tv_loss: an image of at least 2 x 2 pixels is needed", operand("input", x.shape(), "(N, H, W, C)"));
  const Var<Wide<T>, D> y(x);
  return l1_loss(slice(y, 1, 1, y[1] - 1), slice(y, 1, 0, y[1] - 1)) +
         l1_loss(slice(y, 2, 1, y[2] - 1), slice(y, 2, 0, y[2] - 1));
}

/// 1 - the mean SSIM of two images (N, H, W, C) of values 0..range -> (), with the Gaussian window of 11 x 11
/// and deviation 1.5 where it fits whole. Throws Error where the shapes differ, or for images of less than 11
/// x 11 pixels.
template <class T, class D>
Var<Wide<T>, D> ssim_loss(const Var<T, D>& x, const Operand<Wide<T>, D>& target, double range = 1) {
  using V = Var<Wide<T>, D>;
  constexpr Index size = 11;
  check(x.shape() == target.shape() && x.shape().rank() == 4 && x[1] >= size && x[2] >= size,
        "ssim_loss: two images of one size, at least 11 x 11 pixels, are needed",
        operand("input", x.shape(), "(N, H, W, C)"), operand("target", target.shape(), "(N, H, W, C)"));
  const std::vector<double> along = gaussian_window(size / 2, 1.5);
  std::vector<Wide<T>> window;  // (1, 11, 11, 1)
  for (const double h : along)
    for (const double w : along) window.push_back(Wide<T>(h * w));
  const V gauss = detail::constant<Wide<T>, D>({1, size, size, 1}, window);
  const auto one_channel = [](const V& v) {
    return reshape(permute(v, {0, 3, 1, 2}), {v[0] * v[3], v[1], v[2], 1});
  };
  const auto blur = [&](const V& v) { return conv2d(v, gauss, Conv2dOptions{.padding = Padding::valid}); };
  const V a = one_channel(V(x)), b = one_channel(target), ma = blur(a), mb = blur(b);
  const double c1 = 0.01 * range * 0.01 * range, c2 = 0.03 * range * 0.03 * range;
  const V va = blur(a * a) - ma * ma, vb = blur(b * b) - mb * mb, vab = blur(a * b) - ma * mb;
  const V map = ((2.0 * (ma * mb) + c1) * (2.0 * vab + c2)) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
  return 1.0 - mean(map);
}

}  // namespace crisp
