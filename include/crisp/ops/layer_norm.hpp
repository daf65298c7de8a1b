// layer_norm: y = w (x - m) / sqrt(v + eps) + b, with mean m and variance v of the last axis (Ba, Kiros and Hinton 2016).
#pragma once
#include <cmath>

#include "crisp/ops/matmul.hpp"

namespace crisp {

namespace detail {
template <class T> struct LayerNormRow {  // keeps the normalised values and 1 / sqrt(v + eps) for the way back
  const T *x, *w, *b; T *y, *normal, *rstd; Index C; T eps;
  CRISP_HD void operator()(Index row) const {
    using std::sqrt;
    const T* from = x + row * C;
    T mean = 0, variance = 0;
    for (Index c = 0; c < C; ++c) mean += from[c];
    mean /= T(C);
    for (Index c = 0; c < C; ++c) variance += (from[c] - mean) * (from[c] - mean);
    const T r = T(1) / sqrt(variance / T(C) + eps);
    for (Index c = 0; c < C; ++c) {
      const T v = (from[c] - mean) * r;
      normal[row * C + c] = v;
      y[row * C + c] = w[c] * v + b[c];
    }
    rstd[row] = r;
  }
};
template <class T> struct LayerNormSlope {  // g = w dy; dx = (g - mean(g) - normal mean(g normal)) rstd
  const T *w, *normal, *rstd, *dy; T *dx, *dw; Index C;
  CRISP_HD void operator()(Index row) const {
    const T *n = normal + row * C, *d = dy + row * C;
    T sum = 0, along = 0;
    for (Index c = 0; c < C; ++c) {
      sum += w[c] * d[c];
      along += w[c] * d[c] * n[c];
    }
    for (Index c = 0; c < C; ++c) {
      dx[row * C + c] = (w[c] * d[c] - sum / T(C) - n[c] * along / T(C)) * rstd[row];
      dw[row * C + c] = d[c] * n[c];
    }
  }
};
}  // namespace detail

/// x (..., C), weight (C), bias (C) -> (..., C). Throws Error where the shapes do not fit.
template <class T, class D>
Var<T, D> layer_norm(const Var<T, D>& x, const Operand<T, D>& weight, const Operand<T, D>& bias, double eps = 1e-5) {
  const Index C = x.shape().rank() ? x[-1] : 0;
  check(C > 0 && weight.shape() == Shape{C} && bias.shape() == Shape{C}, "layer_norm: the weight and the bias must have one value for each of the ", C,
        " channels", operand("input", x.shape(), "(..., C)"), operand("weight", weight.shape(), "(C)"), operand("bias", bias.shape(), "(C)"));
  const Index rows = x.numel() / C;
  Tensor<T, D> y(x.shape()), normal(x.shape()), rstd({rows});
  D::for_each(rows, detail::LayerNormRow<T>{x.value().data(), weight.value().data(), bias.value().data(), y.data(), normal.data(), rstd.data(), C, T(eps)});
  return {"layer_norm", y, {x, weight, bias}, [=](const Tensor<T, D>& dy) {
    Tensor<T, D> dx(x.shape()), dw(x.shape());
    D::for_each(rows, detail::LayerNormSlope<T>{weight.value().data(), normal.data(), rstd.data(), dy.data(), dx.data(), dw.data(), C});
    x.add_grad(std::move(dx));
    if (weight.requires_grad()) weight.add_grad(detail::sum_rows<T, D>(dw.data(), rows, C));
    if (bias.requires_grad()) bias.add_grad(detail::sum_rows<T, D>(dy.data(), rows, C));
  }, {{"eps", eps}}};
}

}  // namespace crisp
