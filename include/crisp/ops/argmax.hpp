// argmax: where the largest element along an axis lies.
#pragma once
#include "crisp/ops/reduce.hpp"

namespace crisp {

namespace detail {
template <class T>
struct FirstMax {
  const T* x;
  Wide<T>* y;
  AxisView view;
  CRISP_HD void operator()(Index row) const {
    Index best = 0;
    for (Index k = 1; k < view.n; ++k)
      if (x[view.at(row, k)] > x[view.at(row, best)]) best = k;
    y[row] = Wide<T>(best);
  }
};
}  // namespace detail

/// The place of the largest element along one axis, from 0, the first of equal ones; the axis disappears:
/// logits (N, C) with axis -1 -> classes (N). It has no gradient. Throws Error for a bad axis.
template <class T, class D>
Tensor<Wide<T>, D> argmax(const Tensor<T, D>& x, int axis) {
  const detail::AxisView view = detail::reduced_axis("argmax", x.shape(), axis);
  Tensor<Wide<T>, D> y(detail::without_axis(x.shape(), axis));
  D::for_each(y.numel(), detail::FirstMax<T>{x.data(), y.data(), view});
  return y;
}

}  // namespace crisp
