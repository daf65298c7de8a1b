// roll: an image shifted cyclically; what leaves at one edge enters at the other.
#pragma once
#include "crisp/autograd/var.hpp"

namespace crisp {

namespace detail {
template <class T>
struct Roll {  // row = (n, h, w)
  const T* x;
  T* y;
  Index H, W, C, down, right;  // both shifts in [0, H) and [0, W)
  CRISP_HD void operator()(Index row, Index c) const {
    const Index w = row % W, h = row / W % H, n = row / W / H;
    const Index from_h = h < down ? h - down + H : h - down, from_w = w < right ? w - right + W : w - right;
    y[row * C + c] = x[((n * H + from_h) * W + from_w) * C + c];
  }
};
template <class T, class D>
Tensor<T, D> rolled(const Tensor<T, D>& x, Index down, Index right) {
  const Index N = x[0], H = x[1], W = x[2], C = x[3];
  Tensor<T, D> y(x.shape());
  if (x.numel() > 0)
    D::for_each(N * H * W, C, Roll<T>{x.data(), y.data(), H, W, C, (down % H + H) % H, (right % W + W) % W});
  return y;
}
}  // namespace detail

/// x (N, H, W, C) -> (N, H, W, C), shifted down and to the right by so many pixels (up and left where
/// negative).
template <class T, class D>
Var<T, D> roll(const Var<T, D>& x, Index down, Index right) {
  check(x.shape().rank() == 4, "roll: the input must have 4 axes",
        operand("input", x.shape(), "(N, H, W, C)"));
  const auto backward = [node = x.node(), down, right](const Tensor<T, D>& dy) {
    node->add_grad(detail::rolled(dy, -down, -right));
  };
  return {"roll",
          detail::rolled(x.value(), down, right),
          {x},
          backward,
          {{"down", double(down)}, {"right", double(right)}}};
}

}  // namespace crisp
