// layer_norm: y = w (x - m) / sqrt(v + eps) + b, with mean m and variance v of the last axis (Ba, Kiros and Hinton 2016).
#pragma once
#include <cmath>

#include "crisp/ops/elementwise.hpp"
#include "crisp/ops/matmul.hpp"

namespace crisp {

namespace detail {
template <class T> struct LayerNormRow {  // keeps the mean and rstd = 1 / sqrt(v + eps) for the way back
  const T *x, *w, *b; T* y; Wide<T> *mean, *rstd; Index C; Wide<T> eps;
  CRISP_HD void operator()(Index row) const {
    using std::sqrt;
    const T* from = x + row * C;
    Wide<T> m = 0, variance = 0;
    for (Index c = 0; c < C; ++c) m += from[c];
    m /= Wide<T>(C);
    for (Index c = 0; c < C; ++c) variance += (from[c] - m) * (from[c] - m);
    const Wide<T> r = 1 / sqrt(variance / Wide<T>(C) + eps);
    for (Index c = 0; c < C; ++c) y[row * C + c] = w[c] * (from[c] - m) * r + b[c];
    mean[row] = m;
    rstd[row] = r;
  }
};
template <class T> struct LayerNormSlope {  // g = w dy, n = (x - m) rstd; dx = (g - mean(g) - n mean(g n)) rstd
  const T *x, *w; const Wide<T> *mean, *rstd; const T* dy; T *dx, *dw; Index C;
  CRISP_HD void operator()(Index row) const {
    const T *from = x + row * C, *d = dy + row * C;
    const Wide<T> m = mean[row], r = rstd[row];
    Wide<T> sum = 0, along = 0;
    for (Index c = 0; c < C; ++c) {
      sum += w[c] * d[c];
      along += w[c] * d[c] * (from[c] - m) * r;
    }
    for (Index c = 0; c < C; ++c) {
      const Wide<T> n = (from[c] - m) * r;
      dx[row * C + c] = (w[c] * d[c] - sum / Wide<T>(C) - n * along / Wide<T>(C)) * r;
      dw[row * C + c] = d[c] * n;
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
  Tensor<T, D> y(x.shape());
  Tensor<Wide<T>, D> mean({rows}), rstd({rows});
  const auto fast = [&] {
    if constexpr (requires(T* p, Wide<T>* s, Index n) { D::layer_norm(p, p, p, p, s, s, n, n, Wide<T>()); })
      return D::layer_norm(x.value().data(), weight.value().data(), bias.value().data(), y.data(), mean.data(), rstd.data(), rows, C, Wide<T>(eps));
    return false;
  };
  if (!fast()) D::for_each(rows, detail::LayerNormRow<T>{x.value().data(), weight.value().data(), bias.value().data(), y.data(), mean.data(), rstd.data(), C, Wide<T>(eps)});
  return {"layer_norm", y, {x, weight, bias}, [=, bias = bias.node()](Tensor<T, D> dy) {
    if constexpr (requires(T* p, Wide<T>* s, Index n) { D::layer_norm_gradient(p, p, s, s, p, p, p, p, n, n); }) {
      Tensor<T, D> dx = detail::reuse_or_make(dy), dw({C}), db({C});
      if (D::layer_norm_gradient(x.value().data(), weight.value().data(), mean.data(), rstd.data(), dy.data(), dx.data(), dw.data(), db.data(), rows, C)) {
        x.add_grad(std::move(dx));
        weight.add_grad(std::move(dw));
        return bias->add_grad(std::move(db));
      }
    }
    Tensor<T, D> dx(x.shape()), dw(x.shape());
    D::for_each(rows, detail::LayerNormSlope<T>{x.value().data(), weight.value().data(), mean.data(), rstd.data(), dy.data(), dx.data(), dw.data(), C});
    x.add_grad(std::move(dx));
    if (weight.requires_grad()) weight.add_grad(detail::sum_rows<T, D>(dw.data(), rows, C));
    if (bias->requires_grad) bias->add_grad(detail::sum_rows<T, D>(dy.data(), rows, C));
  }, {{"eps", eps}}};
}

}  // namespace crisp
