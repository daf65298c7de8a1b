// softmax: y_i = exp(x_i) / sum over k of exp(x_k), along the last axis.
// dx_i = y_i (dy_i - sum over k of y_k dy_k).
#pragma once
#include <cmath>

#include "crisp/autograd/var.hpp"
#include "crisp/core/fused_ops.hpp"

namespace crisp {

namespace detail {

template <class T>
struct SoftmaxRow {
  const T* x;
  T* y;
  Index n;
  CRISP_HD void operator()(Index row) const {
    using std::exp;
    const T* from = x + row * n;
    T* to = y + row * n;
    Wide<T> largest = from[0], sum = 0;
    for (Index k = 1; k < n; ++k) largest = from[k] > largest ? Wide<T>(from[k]) : largest;
    for (Index k = 0; k < n; ++k) sum += to[k] = exp(from[k] - largest);  // at most 1: nothing overflows
    const Wide<T> scale = 1 / sum;
    for (Index k = 0; k < n; ++k) to[k] *= scale;
  }
};
template <class T>
struct SoftmaxSlope {
  const T *y, *dy;
  T* dx;
  Index n;
  CRISP_HD void operator()(Index row) const {
    Wide<T> sum = 0;
    for (Index k = row * n; k < (row + 1) * n; ++k) sum += y[k] * dy[k];
    for (Index k = row * n; k < (row + 1) * n; ++k) dx[k] = y[k] * (dy[k] - sum);
  }
};

// y = softmax of each row of x, which may be y itself.
template <class T, class D>
void softmax_rows(const Tensor<T, D>& x, Index rows, Index n, Tensor<T, D>& y) {
  if constexpr (HasSoftmax<D, T>)
    if (D::softmax(x.data(), y.data(), rows, n)) return;
  D::for_each(rows, SoftmaxRow<T>{x.data(), y.data(), n});
}
template <class T, class D>
void softmax_gradient(const Tensor<T, D>& y, const Tensor<T, D>& dy, Index rows, Index n, Tensor<T, D>& dx) {
  if constexpr (HasSoftmax<D, T>)
    if (D::softmax_gradient(y.data(), dy.data(), dx.data(), rows, n)) return;
  D::for_each(rows, SoftmaxSlope<T>{y.data(), dy.data(), dx.data(), n});
}

}  // namespace detail

/// x (..., n) -> (..., n), each row positive with sum 1. Throws Error for a value without a last axis or
/// elements in it.
template <class T, class D>
Var<T, D> softmax(const Var<T, D>& x) {
  check(x.shape().rank() >= 1 && x[-1] > 0, "softmax: the last axis has no elements",
        operand("input", x.shape()));
  const Index n = x[-1], rows = x.numel() / n;
  Tensor<T, D> y(x.shape());
  detail::softmax_rows(x.value(), rows, n, y);
  const auto backward = [=, node = x.node()](const Tensor<T, D>& dy) {
    Tensor<T, D> dx(dy.shape());
    detail::softmax_gradient(y, dy, rows, n, dx);
    node->add_grad(std::move(dx));
  };
  return {"softmax", y, {x}, backward};
}

}  // namespace crisp
