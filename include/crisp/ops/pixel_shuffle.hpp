// pixel_shuffle: r * r channels become a square of r x r pixels, y[n, r h + i, r w + j, c] = x[n, h, w, (c r + i) r + j]
// (Shi et al. 2016, eq. 4); pixel_unshuffle is its inverse.
#pragma once
#include "crisp/ops/permute.hpp"

namespace crisp {

/// x (N, H, W, r r C) -> (N, r H, r W, C). Throws Error unless the channels divide by r * r.
template <class T, class D>
Var<T, D> pixel_shuffle(const Var<T, D>& x, Index r) {
  check(x.shape().rank() == 4 && r >= 1 && x[3] % (r * r) == 0, "pixel_shuffle: the channels must divide by ", r, " x ", r, operand("input", x.shape(), "(N, H, W, C)"));
  const Index N = x[0], H = x[1], W = x[2], C = x[3] / (r * r);
  return {"pixel_shuffle", detail::permuted(x.value().reshape({N, H, W, C, r, r}), {0, 1, 4, 2, 5, 3}).reshape({N, r * H, r * W, C}), {x}, [=, node = x.node(), from = x.shape()](const Tensor<T, D>& dy) {
    node->add_grad(detail::permuted(dy.reshape({N, H, r, W, r, C}), {0, 1, 3, 5, 2, 4}).reshape(from));
  }, {{"r", double(r)}}};
}

/// x (N, r H, r W, C) -> (N, H, W, r r C). Throws Error unless the height and the width divide by r.
template <class T, class D>
Var<T, D> pixel_unshuffle(const Var<T, D>& x, Index r) {
  check(x.shape().rank() == 4 && r >= 1 && x[1] % r == 0 && x[2] % r == 0, "pixel_unshuffle: the height and the width must divide by ", r,
        operand("input", x.shape(), "(N, H, W, C)"));
  const Index N = x[0], H = x[1] / r, W = x[2] / r, C = x[3];
  return {"pixel_unshuffle", detail::permuted(x.value().reshape({N, H, r, W, r, C}), {0, 1, 3, 5, 2, 4}).reshape({N, H, W, C * r * r}), {x}, [=, node = x.node(), from = x.shape()](const Tensor<T, D>& dy) {
    node->add_grad(detail::permuted(dy.reshape({N, H, W, C, r, r}), {0, 1, 4, 2, 5, 3}).reshape(from));
  }, {{"r", double(r)}}};
}

}  // namespace crisp
