// expand: a value repeated along axes of one element: y[i, j] = x[0, j]. The gradient is the sum over the
// repetitions.
#pragma once
#include "crisp/ops/permute.hpp"
#include "crisp/ops/reduce.hpp"

namespace crisp {

namespace detail {

// Each axis of `shape`, counted from the end, is that of `to`, or has one element, or is missing in front.
inline bool expands_to(const Shape& shape, const Shape& to) {
  if (shape.rank() > to.rank()) return false;
  for (int a = 1; a <= shape.rank(); ++a)
    if (shape[-a] != to[-a] && shape[-a] != 1) return false;
  return true;
}

// As a permutation reads x, but with a step of 0 along what is repeated.
template <class T, class D>
Tensor<T, D> expanded_to(const Tensor<T, D>& x, const Shape& shape) {
  Tensor<T, D> y(shape);
  const int rank = shape.rank();
  if (rank == 0) return x;
  if (y.numel() == 0) return y;
  Permute<T> kernel{x.data(), y.data(), {}, {}, rank - 1, shape[-1], 0};
  Index step = 1;
  for (int a = 1; a <= rank; ++a) {  // from the last axis on
    const Index here = a <= x.shape().rank() ? x[-a] : 1, used = here == 1 ? 0 : step;
    if (a == 1) kernel.col_step = used;
    else kernel.extent[rank - a] = shape[-a], kernel.step[rank - a] = used;
    step *= here;
  }
  D::for_each(y.numel() / shape[-1], shape[-1], kernel);
  return y;
}

// The sum of dy over all that was repeated.
template <class T, class D>
Tensor<T, D> folded_to(Tensor<T, D> dy, const Shape& shape) {
  for (int a = 0; a < dy.shape().rank(); ++a) {
    const int own = a - (dy.shape().rank() - shape.rank());
    if (dy[a] == 1 || (own >= 0 && shape[own] != 1)) continue;
    const AxisView view = axis_view(dy.shape(), a);
    Shape once = dy.shape();
    once[a] = 1;
    Tensor<T, D> sum(once);
    D::template row_reduce<Sum>(view.outer * view.inner, view.n, ReadAlong<T>{dy.data(), view, 1},
                                sum.data());
    dy = sum;
  }
  return dy.reshape(shape);
}

}  // namespace detail

/// x -> shape: axes of one element, and axes that x lacks in front, are repeated: (N, 1, 1, C) or (C) ->
/// (N, H, W, C). Throws Error where an axis is neither that of the shape nor 1.
template <class T, class D>
Var<T, D> expand(const Var<T, D>& x, const Shape& shape) {
  check(detail::expands_to(x.shape(), shape), "expand: each axis must be that of the result, or 1",
        operand("input", x.shape()), operand("result", shape));
  const auto backward = [node = x.node(), from = x.shape()](const Tensor<T, D>& dy) {
    node->add_grad(detail::folded_to(dy, from));
  };
  return {"expand", detail::expanded_to(x.value(), shape), {x}, backward};
}

}  // namespace crisp
