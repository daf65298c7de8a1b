// batch_norm: y = w (x - m) / sqrt(v + eps) + b for each channel, with m and v of the batch, or given (Ioffe
// and Szegedy 2015, algorithms 1 and 2). Where m and v are those of the batch, the gradient goes through them
// too.
#pragma once
#include <cmath>

#include "crisp/core/fused_ops.hpp"
#include "crisp/core/share.hpp"
#include "crisp/ops/elementwise.hpp"
#include "crisp/ops/matmul.hpp"

namespace crisp {

/// Mean and variance of each channel, (C) and (C); the variance is over n, as for normalising.
template <class T, class D>
struct ChannelStatistics {
  Tensor<Wide<T>, D> mean, variance;
};

namespace detail {

template <class T>
struct Divided {
  T* x;
  T by;
  CRISP_HD void operator()(Index i) const { x[i] /= by; }
};
template <class T>
struct SquaredDistance {
  const T *x, *mean;
  T* y;
  Index C;
  CRISP_HD void operator()(Index row, Index c) const {
    y[row * C + c] = (x[row * C + c] - mean[c]) * (x[row * C + c] - mean[c]);
  }
};
template <class T>
struct AddSquaredDistance {
  const T *a, *b;
  T* y;
  CRISP_HD void operator()(Index c) const { y[c] += (a[c] - b[c]) * (a[c] - b[c]); }
};
template <class T>
struct BatchNormValue {
  const T *x, *w, *b;
  const Wide<T>*mean, *variance;
  T* y;
  Index C;
  Wide<T> eps;
  CRISP_HD void operator()(Index row, Index c) const {
    using std::sqrt;
    y[row * C + c] = w[c] * ((x[row * C + c] - mean[c]) / sqrt(variance[c] + eps)) + b[c];
  }
};
template <class T>
struct TimesNormal {  // dy times the normalised x: summed over the rows, the gradient of w
  const T *x, *dy;
  const Wide<T>*mean, *variance;
  T* y;
  Index C;
  Wide<T> eps;
  CRISP_HD void operator()(Index row, Index c) const {
    using std::sqrt;
    y[row * C + c] = dy[row * C + c] * ((x[row * C + c] - mean[c]) / sqrt(variance[c] + eps));
  }
};
template <class T>
struct BatchNormSlope {  // rows is 0 where m and v are given: then they do not depend on x
  const T *x, *w, *dy;
  const Wide<T>*mean, *variance, *dw, *db;
  T* dx;
  Index C, rows;
  Wide<T> eps;
  CRISP_HD void operator()(Index row, Index c) const {
    using std::sqrt;
    const Index i = row * C + c;
    const Wide<T> rstd = 1 / sqrt(variance[c] + eps), normal = (x[i] - mean[c]) * rstd;
    const Wide<T> through = rows ? (db[c] + normal * dw[c]) / Wide<T>(rows) : 0;
    dx[i] = w[c] * rstd * (dy[i] - through);
  }
};

// `count` elements of x from `first` on, as another type.
template <class T, class U, class D>
Tensor<T, D> part(const Tensor<U, D>& x, Index first, Index count) {
  Tensor<T, D> y({count});
  D::for_each(count, Convert<T, U>{y.data(), x.data() + first});
  return y;
}

template <class T, class D>
ChannelStatistics<T, D> own_statistics(const Tensor<T, D>& x) {
  const Index C = x[-1], rows = x.numel() / C;
  ChannelStatistics<T, D> s{Tensor<Wide<T>, D>({C}), Tensor<Wide<T>, D>({C})};
  if constexpr (HasBatchNorm<D, T>)
    if (D::channel_statistics(x.data(), rows, C, s.mean.data(), s.variance.data())) return s;
  if constexpr (!std::same_as<T, Wide<T>>) {
    const ChannelStatistics<Wide<T>, D> wide = own_statistics(x.template to<Wide<T>>());
    return {wide.mean, wide.variance};
  } else {
    s.mean = sum_rows<T, D>(x.data(), rows, C);
    D::for_each(C, Divided<T>{s.mean.data(), T(rows)});
    Tensor<T, D> squares(x.shape());
    D::for_each(rows, C, SquaredDistance<T>{x.data(), s.mean.data(), squares.data(), C});
    s.variance = sum_rows<T, D>(squares.data(), rows, C);
    D::for_each(C, Divided<T>{s.variance.data(), T(rows)});
    return s;
  }
}

// One normalisation: x seen as (rows, C), and the numbers of each channel.
template <class T, class D>
struct BatchNorm {
  ChannelStatistics<T, D> statistics;
  Tensor<T, D> weight, bias;  // (C)
  bool of_batch;              // the statistics depend on x
  Wide<T> eps;

  const Wide<T>* mean() const { return statistics.mean.data(); }
  const Wide<T>* variance() const { return statistics.variance.data(); }

  /// y = w n + b with n = (x - m) / sqrt(v + eps).
  void forward(const Tensor<T, D>& x, Tensor<T, D>& y) const {
    const Index C = x[-1], rows = x.numel() / C;
    if constexpr (HasBatchNorm<D, T>)
      if (D::batch_norm(x.data(), weight.data(), bias.data(), mean(), variance(), y.data(), rows, C, eps))
        return;
    D::for_each(
        rows, C,
        BatchNormValue<T>{x.data(), weight.data(), bias.data(), mean(), variance(), y.data(), C, eps});
  }

  /// dw and db, (2, C): the sums over the rows of dy n, and of dy.
  Tensor<Wide<T>, D> parameter_gradients(const Tensor<T, D>& x, const Tensor<T, D>& dy) const {
    const Index C = x[-1], rows = x.numel() / C;
    Tensor<Wide<T>, D> sums({2, C});
    if constexpr (HasBatchNorm<D, T>)
      if (D::batch_norm_sums(x.data(), dy.data(), mean(), variance(), sums.data(), rows, C, eps)) return sums;
    Tensor<T, D> products(x.shape());
    D::for_each(rows, C, TimesNormal<T>{x.data(), dy.data(), mean(), variance(), products.data(), C, eps});
    const Tensor<T, D> dw = sum_rows<T, D>(products.data(), rows, C), db = sum_rows<T, D>(dy.data(), rows, C);
    D::for_each(C, Convert<Wide<T>, T>{sums.data(), dw.data()});
    D::for_each(C, Convert<Wide<T>, T>{sums.data() + C, db.data()});
    return sums;
  }

  /// dx = w / sqrt(v + eps) (dy - (db + n dw) / rows), the second part only where m and v depend on x. It may
  /// take dy's place.
  Tensor<T, D> input_gradient(const Tensor<T, D>& x, const Tensor<Wide<T>, D>& sums, Tensor<T, D>& dy) const {
    const Index C = x[-1], rows = x.numel() / C;
    const Wide<T>*dw = sums.data(), *db = dw + C;
    Tensor<T, D> dx = reuse_or_make(dy);
    if constexpr (HasBatchNorm<D, T>)
      if (D::batch_norm_gradient(x.data(), weight.data(), dy.data(), mean(), variance(), dw, dx.data(), rows,
                                 C, eps, of_batch))
        return dx;
    D::for_each(rows, C,
                BatchNormSlope<T>{x.data(), weight.data(), dy.data(), mean(), variance(), dw, db, dx.data(),
                                  C, of_batch ? rows : 0, eps});
    return dx;
  }
};

inline void check_batch_norm(const Shape& x, const Shape& weight, const Shape& bias, const Shape& mean,
                             const Shape& variance) {
  const Index C = x.rank() ? x[-1] : 0;
  const Shape each{C};
  check(C > 0 && weight == each && bias == each && mean == each && variance == each,
        "batch_norm: each of the ", C, " channels needs a weight, a bias, a mean and a variance",
        operand("input", x, "(..., C)"), operand("weight", weight, "(C)"), operand("bias", bias, "(C)"),
        operand("mean", mean, "(C)"));
}

}  // namespace detail

/// The statistics of the channels of x (..., C). Where processes share the batch, they are those of the whole
/// batch (Chan, Golub and LeVeque 1979, for equal parts). Throws Error for a value without elements.
template <class T, class D>
ChannelStatistics<T, D> channel_statistics(const Tensor<T, D>& x) {
  check(x.numel() > 0 && x.shape().rank() >= 2, "batch_norm: the input needs a batch and channels",
        operand("input", x.shape(), "(..., C)"));
  ChannelStatistics<T, D> s = detail::own_statistics(x);
  if (detail::share.parts == 1) return s;
  const Tensor<Wide<T>, D> mean = detail::over_parts(s.mean);  // (C)
  D::for_each(x[-1], detail::AddSquaredDistance<Wide<T>>{s.mean.data(), mean.data(), s.variance.data()});
  return {mean, detail::over_parts(s.variance)};
}

/// x (..., C), weight (C), bias (C) -> (..., C), normalised with the given statistics. `of_batch`: they are
/// those of x, as channel_statistics gave them, and depend on it. Throws Error where the shapes do not fit.
template <class T, class D>
Var<T, D> batch_norm(Var<T, D> x, const Operand<T, D>& weight, const Operand<T, D>& bias,
                     const ChannelStatistics<T, D>& s, bool of_batch, double eps = 1e-5) {
  detail::check_batch_norm(x.shape(), weight.shape(), bias.shape(), s.mean.shape(), s.variance.shape());
  const detail::BatchNorm<T, D> norm{s, weight.value(), bias.value(), of_batch, Wide<T>(eps)};
  Tensor<T, D> y = detail::reuse_or_make(x.value(), !detail::grad_enabled);
  norm.forward(x.value(), y);
  std::vector<Var<T, D>> inputs{x, weight, bias};
  if constexpr (std::same_as<T, Wide<T>>)
    inputs.insert(inputs.end(), {s.mean, s.variance});  // for a trace; no gradient goes to them
  const auto backward = [=](Tensor<T, D> dy) {
    const Tensor<Wide<T>, D> sums = norm.parameter_gradients(x.value(), dy);  // (2, C): dw, db
    weight.add_grad(detail::part<T>(sums, 0, sums[1]));
    bias.add_grad(detail::part<T>(sums, sums[1], sums[1]));
    if (!x.requires_grad()) return;
    const Tensor<Wide<T>, D> of_whole_batch = of_batch ? detail::over_parts(sums) : sums;
    x.add_grad(norm.input_gradient(x.value(), of_whole_batch, dy));
  };
  return {"batch_norm", y, inputs, backward, {{"eps", eps}, {"of_batch", double(of_batch)}}};
}

}  // namespace crisp
