// batch_norm: y = w (x - m) / sqrt(v + eps) + b for each channel, with m and v of the batch, or given (Ioffe and
// Szegedy 2015, algorithms 1 and 2). Where m and v are those of the batch, the gradient goes through them too.
#pragma once
#include <cmath>

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
template <class T> struct Divided {
  T* x; T by;
  CRISP_HD void operator()(Index i) const { x[i] /= by; }
};
template <class T> struct SquaredDistance {
  const T *x, *mean; T* y; Index C;
  CRISP_HD void operator()(Index row, Index c) const { y[row * C + c] = (x[row * C + c] - mean[c]) * (x[row * C + c] - mean[c]); }
};
template <class T> struct AddSquaredDistance {
  const T *a, *b; T* y;
  CRISP_HD void operator()(Index c) const { y[c] += (a[c] - b[c]) * (a[c] - b[c]); }
};
template <class T> struct BatchNormValue {
  const T *x, *w, *b; const Wide<T> *mean, *variance; T* y; Index C; Wide<T> eps;
  CRISP_HD void operator()(Index row, Index c) const {
    using std::sqrt;
    y[row * C + c] = w[c] * ((x[row * C + c] - mean[c]) / sqrt(variance[c] + eps)) + b[c];
  }
};
template <class T> struct TimesNormal {  // dy times the normalised x: summed over the rows, the gradient of w
  const T *x, *dy; const Wide<T> *mean, *variance; T* y; Index C; Wide<T> eps;
  CRISP_HD void operator()(Index row, Index c) const {
    using std::sqrt;
    y[row * C + c] = dy[row * C + c] * ((x[row * C + c] - mean[c]) / sqrt(variance[c] + eps));
  }
};
template <class T> struct BatchNormSlope {  // rows is 0 where m and v are given
  const T *x, *w, *dy; const Wide<T> *mean, *variance, *dw, *db; T* dx; Index C, rows; Wide<T> eps;
  CRISP_HD void operator()(Index row, Index c) const {
    using std::sqrt;
    const Index i = row * C + c;
    const Wide<T> rstd = 1 / sqrt(variance[c] + eps), normal = (x[i] - mean[c]) * rstd;
    const Wide<T> through = rows ? (db[c] + normal * dw[c]) / Wide<T>(rows) : 0;
    dx[i] = w[c] * rstd * (dy[i] - through);
  }
};
template <class T, class U, class D>
Tensor<T, D> part(const Tensor<U, D>& x, Index first, Index count) {
  Tensor<T, D> y({count});
  D::for_each(count, Convert<T, U>{y.data(), x.data() + first});
  return y;
}
}  // namespace detail

namespace detail {
template <class T, class D>
ChannelStatistics<T, D> own_statistics(const Tensor<T, D>& x) {
  const Index C = x[-1], rows = x.numel() / C;
  if constexpr (requires(Wide<T>* p) { D::channel_statistics(x.data(), rows, C, p, p); }) {
    ChannelStatistics<T, D> s{Tensor<Wide<T>, D>({C}), Tensor<Wide<T>, D>({C})};
    D::channel_statistics(x.data(), rows, C, s.mean.data(), s.variance.data());
    return s;
  } else if constexpr (!std::same_as<T, Wide<T>>) {
    const ChannelStatistics<Wide<T>, D> s = own_statistics(x.template to<Wide<T>>());
    return {s.mean, s.variance};
  } else {
    ChannelStatistics<T, D> s{detail::sum_rows<T, D>(x.data(), rows, C), {}};
    D::for_each(C, detail::Divided<T>{s.mean.data(), T(rows)});
    Tensor<T, D> squares(x.shape());
    D::for_each(rows, C, detail::SquaredDistance<T>{x.data(), s.mean.data(), squares.data(), C});
    s.variance = detail::sum_rows<T, D>(squares.data(), rows, C);
    D::for_each(C, detail::Divided<T>{s.variance.data(), T(rows)});
    return s;
  }
}
}  // namespace detail

/// The statistics of the channels of x (..., C); where processes share the batch, those of the whole of it (Chan, Golub and LeVeque
/// 1979, for equal parts). Throws Error for a value without elements.
template <class T, class D>
ChannelStatistics<T, D> channel_statistics(const Tensor<T, D>& x) {
  check(x.numel() > 0 && x.shape().rank() >= 2, "batch_norm: the input needs a batch and channels", operand("input", x.shape(), "(..., C)"));
  ChannelStatistics<T, D> s = detail::own_statistics(x);
  if (detail::share.parts == 1) return s;
  const Tensor<Wide<T>, D> mean = detail::over_parts(s.mean);  // (C)
  D::for_each(x[-1], detail::AddSquaredDistance<Wide<T>>{s.mean.data(), mean.data(), s.variance.data()});
  return {mean, detail::over_parts(s.variance)};
}

/// x (..., C), weight (C), bias (C) -> (..., C), normalised with the given statistics. `of_batch`: they are those of x, as
/// channel_statistics gave them, and depend on it. Throws Error where the shapes do not fit.
template <class T, class D>
Var<T, D> batch_norm(Var<T, D> x, const Operand<T, D>& weight, const Operand<T, D>& bias, const ChannelStatistics<T, D>& s, bool of_batch,
                     double eps = 1e-5) {
  const Index C = x.shape().rank() ? x[-1] : 0;
  check(C > 0 && weight.shape() == Shape{C} && bias.shape() == Shape{C} && s.mean.shape() == Shape{C} && s.variance.shape() == Shape{C},
        "batch_norm: each of the ", C, " channels needs a weight, a bias, a mean and a variance", operand("input", x.shape(), "(..., C)"),
        operand("weight", weight.shape(), "(C)"), operand("bias", bias.shape(), "(C)"), operand("mean", s.mean.shape(), "(C)"));
  const Index rows = x.numel() / C;
  constexpr bool fast = requires(T* p, Wide<T>* q) { D::batch_norm(p, p, p, q, q, p, rows, C, Wide<T>(eps)); };
  Tensor<T, D> y = detail::reuse_or_make(x.value(), !detail::grad_enabled);
  const T *in = x.value().data(), *w = weight.value().data(), *b = bias.value().data();
  const Wide<T> *mean = s.mean.data(), *variance = s.variance.data();
  if constexpr (fast) D::batch_norm(in, w, b, mean, variance, y.data(), rows, C, Wide<T>(eps));
  else D::for_each(rows, C, detail::BatchNormValue<T>{in, w, b, mean, variance, y.data(), C, Wide<T>(eps)});
  const Var<Wide<T>, D> m(s.mean), v(s.variance);  // inputs too, though no gradient goes to them
  return {"batch_norm", y, {x, weight, bias, m, v}, [=](Tensor<T, D> dy) {
    const auto slope = [&](const Tensor<Wide<T>, D>& dw, const Tensor<Wide<T>, D>& db, Tensor<T, D>& dx) {
      D::for_each(rows, C, detail::BatchNormSlope<T>{x.value().data(), weight.value().data(), dy.data(), s.mean.data(), s.variance.data(), dw.data(), db.data(),
                                                     dx.data(), C, of_batch ? rows : 0, Wide<T>(eps)});
    };
    const bool shared = of_batch && detail::share.parts > 1;  // then dx depends on the dw and db of all parts
    if constexpr (fast) {
      Tensor<Wide<T>, D> sums({2 * C});
      Tensor<T, D> dx = x.requires_grad() ? detail::reuse_or_make(dy) : Tensor<T, D>();
      D::batch_norm_gradient(x.value().data(), weight.value().data(), dy.data(), s.mean.data(), s.variance.data(), sums.data(), shared ? nullptr : dx.data(), rows, C,
                             Wide<T>(eps), of_batch);
      if (shared && dx.defined()) {
        const Tensor<Wide<T>, D> all = detail::over_parts(sums);  // (2 C)
        slope(detail::part<Wide<T>>(all, 0, C), detail::part<Wide<T>>(all, C, C), dx);
      }
      if (dx.defined()) x.add_grad(std::move(dx));
      weight.add_grad(detail::part<T>(sums, 0, C));
      bias.add_grad(detail::part<T>(sums, C, C));
      return;
    }
    Tensor<T, D> dx(x.shape());  // first what is summed to dw, then dx itself
    D::for_each(rows, C, detail::TimesNormal<T>{x.value().data(), dy.data(), s.mean.data(), s.variance.data(), dx.data(), C, Wide<T>(eps)});
    const Tensor<T, D> dw_sum = detail::sum_rows<T, D>(dx.data(), rows, C), db_sum = detail::sum_rows<T, D>(dy.data(), rows, C);
    const Tensor<Wide<T>, D> dw = dw_sum.template to<Wide<T>>(), db = db_sum.template to<Wide<T>>();
    if (x.requires_grad()) {
      if (shared) slope(detail::over_parts(dw), detail::over_parts(db), dx);
      else slope(dw, db, dx);
      x.add_grad(std::move(dx));
    }
    weight.add_grad(dw_sum);
    bias.add_grad(db_sum);
  }, {{"eps", eps}, {"of_batch", double(of_batch)}}};
}

}  // namespace crisp
