// downsample: an image reduced by a whole factor, as MATLAB's imresize does it: bicubic, with the kernel
// widened against aliasing (Keys 1981).
#pragma once
#include "crisp/core/rounding.hpp"
#include "crisp/ops/upsample.hpp"

namespace crisp {

/// x (N, H, W, C) -> (N, ceil(H / scale), ceil(W / scale), C); each image as data::reduce makes it. Throws
/// Error for an empty image or a scale below 1.
template <class T, class D>
Var<T, D> downsample(const Var<T, D>& x, Index scale) {
  check(x.shape().rank() == 4 && x.numel() > 0 && scale >= 1,
        "downsample: an image and a scale of at least 1 are needed, not ", scale,
        operand("input", x.shape(), "(N, H, W, C)"));
  return detail::resampled("downsample", x, ceil_div(x[1], scale), ceil_div(x[2], scale), 1.0 / double(scale),
                           Resampling::bicubic_matlab, {{"scale", double(scale)}});
}

}  // namespace crisp
