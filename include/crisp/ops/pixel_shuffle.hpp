// pixel_shuffle: r * r channels become a square of r x r pixels, y[n, r h + i, r w + j, c] = x[n, h, w, (c r
// + i) r + j] (Shi et al. 2016, eq. 4); pixel_unshuffle is its inverse.
#pragma once
#include "crisp/core/fused_ops.hpp"
#include "crisp/ops/elementwise.hpp"
#include "crisp/ops/permute.hpp"

namespace crisp {

namespace detail {
// x (N, H, W, r r C) -> (N, r H, r W, C), and from there back.
template <class T, class D>
Tensor<T, D> shuffled(const Tensor<T, D>& x, Index r) {
  const Index N = x[0], H = x[1], W = x[2], C = x[3] / (r * r);
  if constexpr (HasPixelShuffle<D, T>) {
    Tensor<T, D> y = reuse_or_make(x);
    if (D::pixel_shuffle(x.data(), y.data(), N, H, W, C, r, false)) return y.reshape({N, r * H, r * W, C});
  }
  return permuted(x.reshape({N, H, W, C, r, r}), {0, 1, 4, 2, 5, 3}).reshape({N, r * H, r * W, C});
}
template <class T, class D>
Tensor<T, D> unshuffled(const Tensor<T, D>& y, Index r) {
  const Index N = y[0], H = y[1] / r, W = y[2] / r, C = y[3];
  if constexpr (HasPixelShuffle<D, T>) {
    Tensor<T, D> x = reuse_or_make(y);
    if (D::pixel_shuffle(y.data(), x.data(), N, H, W, C, r, true)) return x.reshape({N, H, W, r * r * C});
  }
  return permuted(y.reshape({N, H, r, W, r, C}), {0, 1, 3, 5, 2, 4}).reshape({N, H, W, r * r * C});
}
}  // namespace detail

/// x (N, H, W, r r C) -> (N, r H, r W, C). Throws Error unless the channels divide by r * r.
template <class T, class D>
Var<T, D> pixel_shuffle(Var<T, D> x, Index r) {
  check(x.shape().rank() == 4 && r >= 1 && x[3] % (r * r) == 0, "pixel_shuffle: the channels must divide by ",
        r, " x ", r, operand("input", x.shape(), "(N, H, W, C)"));
  const auto backward = [r, node = x.node()](Tensor<T, D> dy) { node->add_grad(detail::unshuffled(dy, r)); };
  return {"pixel_shuffle", detail::shuffled(x.value(), r), {x}, backward, {{"r", double(r)}}};
}

/// x (N, r H, r W, C) -> (N, H, W, r r C). Throws Error unless the height and the width divide by r.
template <class T, class D>
Var<T, D> pixel_unshuffle(Var<T, D> x, Index r) {
  check(x.shape().rank() == 4 && r >= 1 && x[1] % r == 0 && x[2] % r == 0,
        "pixel_unshuffle: the height and the width must divide by ", r,
        operand("input", x.shape(), "(N, H, W, C)"));
  const auto backward = [r, node = x.node()](Tensor<T, D> dy) { node->add_grad(detail::shuffled(dy, r)); };
  return {"pixel_unshuffle", detail::unshuffled(x.value(), r), {x}, backward, {{"r", double(r)}}};
}

}  // namespace crisp
