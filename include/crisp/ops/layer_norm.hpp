// layer_norm: y = w (x - m) / sqrt(v + eps) + b, with mean m and variance v of the last axis (Ba, Kiros and
// Hinton 2016).
#pragma once
#include <cmath>

#include "crisp/core/fused_ops.hpp"
#include "crisp/ops/elementwise.hpp"
#include "crisp/ops/matmul.hpp"

namespace crisp {

namespace detail {

template <class T>
struct LayerNormRow {  // keeps the mean and rstd = 1 / sqrt(v + eps) for the backward pass
  const T *x, *w, *b;
  T* y;
  Wide<T>*mean, *rstd;
  Index C;
  Wide<T> eps;
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
template <class T>
struct LayerNormSlope {  // g = w dy, n = (x - m) rstd; dx = (g - mean(g) - n mean(g n)) rstd
  const T *x, *w;
  const Wide<T>*mean, *rstd;
  const T* dy;
  T *dx, *dw;
  Index C;
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

// One normalisation of x (rows, C): the mean and rstd of each row, which the gradients read.
template <class T, class D>
struct LayerNorm {
  Index C, rows;
  Tensor<Wide<T>, D> mean, rstd;  // (rows)

  LayerNorm(const Tensor<T, D>& x, const Tensor<T, D>& w, const Tensor<T, D>& b, double eps, Tensor<T, D>& y)
      : C(x[-1]), rows(x.numel() / C), mean({rows}), rstd({rows}) {
    if constexpr (HasLayerNorm<D, T>)
      if (D::layer_norm(x.data(), w.data(), b.data(), y.data(), mean.data(), rstd.data(), rows, C,
                        Wide<T>(eps)))
        return;
    D::for_each(rows, LayerNormRow<T>{x.data(), w.data(), b.data(), y.data(), mean.data(), rstd.data(), C,
                                      Wide<T>(eps)});
  }

  struct Gradients {
    Tensor<T, D> dx, dw, db;
  };
  /// dx may take dy's place.
  Gradients gradients(const Tensor<T, D>& x, const Tensor<T, D>& w, Tensor<T, D>& dy) const {
    if constexpr (HasLayerNorm<D, T>) {
      Gradients g{reuse_or_make(dy), Tensor<T, D>({C}), Tensor<T, D>({C})};
      if (D::layer_norm_gradient(x.data(), w.data(), mean.data(), rstd.data(), dy.data(), g.dx.data(),
                                 g.dw.data(), g.db.data(), rows, C))
        return g;
    }
    Tensor<T, D> dx(x.shape()), dw_of_rows(x.shape());
    D::for_each(rows, LayerNormSlope<T>{x.data(), w.data(), mean.data(), rstd.data(), dy.data(), dx.data(),
                                        dw_of_rows.data(), C});
    return {dx, sum_rows<T, D>(dw_of_rows.data(), rows, C), sum_rows<T, D>(dy.data(), rows, C)};
  }
};

}  // namespace detail

/// x (..., C), weight (C), bias (C) -> (..., C). Throws Error where the shapes do not fit.
template <class T, class D>
Var<T, D> layer_norm(const Var<T, D>& x, const Operand<T, D>& weight, const Operand<T, D>& bias,
                     double eps = 1e-5) {
  const Index C = x.shape().rank() ? x[-1] : 0;
  check(C > 0 && weight.shape() == Shape{C} && bias.shape() == Shape{C},
        "layer_norm: the weight and the bias must have one value for each of the ", C, " channels",
        operand("input", x.shape(), "(..., C)"), operand("weight", weight.shape(), "(C)"),
        operand("bias", bias.shape(), "(C)"));
  Tensor<T, D> y(x.shape());
  const detail::LayerNorm<T, D> norm(x.value(), weight.value(), bias.value(), eps, y);
  const auto backward = [=, bias = bias.node()](Tensor<T, D> dy) {
    auto [dx, dw, db] = norm.gradients(x.value(), weight.value(), dy);
    x.add_grad(std::move(dx));
    weight.add_grad(std::move(dw));
    bias->add_grad(std::move(db));
  };
  return {"layer_norm", y, {x, weight, bias}, backward, {{"eps", eps}}};
}

}  // namespace crisp
