// scale_channels: y[n, h, w, c] = x[n, h, w, c] s[n, c]: each image's channels times weights of its own (Hu
// et al. 2018, eq. 4).
#pragma once
#include "crisp/autograd/var.hpp"

namespace crisp {

namespace detail {
template <class T>
struct ScaleChannels {  // row = (n, pixel)
  const T *x, *s;
  T* y;
  Index P, C;
  CRISP_HD void operator()(Index row, Index c) const { y[row * C + c] = x[row * C + c] * s[row / P * C + c]; }
};
template <class T>
struct AlongPixels {  // row = (n, c), k = pixel
  const T *x, *dy;
  Index P, C;
  CRISP_HD Wide<T> operator()(Index row, Index k) const {
    const Index at = (row / C * P + k) * C + row % C;
    return x[at] * dy[at];
  }
};
}  // namespace detail

/// x (N, H, W, C), s (N, 1, 1, C) -> (N, H, W, C). Throws Error where the shapes do not fit.
template <class T, class D>
Var<T, D> scale_channels(const Var<T, D>& x, const Operand<T, D>& s) {
  check(x.shape().rank() == 4 && s.shape() == Shape{x[0], 1, 1, x[3]},
        "scale_channels: each image needs one number a channel", operand("input", x.shape(), "(N, H, W, C)"),
        operand("scale", s.shape(), "(N, 1, 1, C)"));
  const Index N = x[0], P = x[1] * x[2], C = x[3];
  Tensor<T, D> y(x.shape());
  D::for_each(N * P, C, detail::ScaleChannels<T>{x.value().data(), s.value().data(), y.data(), P, C});
  const auto backward = [=](const Tensor<T, D>& dy) {
    Tensor<T, D> dx(x.shape()), ds(s.shape());
    D::for_each(N * P, C, detail::ScaleChannels<T>{dy.data(), s.value().data(), dx.data(), P, C});
    D::template row_reduce<Sum>(N * C, P, detail::AlongPixels<T>{x.value().data(), dy.data(), P, C},
                                ds.data());
    x.add_grad(std::move(dx));
    s.add_grad(std::move(ds));
  };
  return {"scale_channels", y, {x, s}, backward};
}

}  // namespace crisp
