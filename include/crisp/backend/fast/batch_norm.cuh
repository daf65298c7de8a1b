// Batch normalisation on the GPU: two passes over the batch for the statistics, one for the values, two for the gradients.
#pragma once
#include "crisp/backend/fast/channels.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <class T> struct DividedBy {
  T* x; T by;
  CRISP_HD void operator()(Index i) const { x[i] /= by; }
};
template <class T> struct AddSquaredDistance {
  const T *x, *mean; Index C;
  CRISP_HD void operator()(Index row, Index c, T (&sum)[1]) const { sum[0] += (x[row * C + c] - mean[c]) * (x[row * C + c] - mean[c]); }
};
template <class T> struct BatchNormOf {
  const T *x, *w, *b, *mean, *variance; T* y; Index C; T eps;
  CRISP_HD void operator()(Index row, Index c) const {
    using std::sqrt;
    y[row * C + c] = w[c] * ((x[row * C + c] - mean[c]) / sqrt(variance[c] + eps)) + b[c];
  }
};
template <class T> struct AddBatchNormGradients {  // dw and db
  const T *x, *dy, *mean, *variance; Index C; T eps;
  CRISP_HD void operator()(Index row, Index c, T (&sum)[2]) const {
    using std::sqrt;
    const T d = dy[row * C + c];
    sum[0] += d * ((x[row * C + c] - mean[c]) / sqrt(variance[c] + eps));
    sum[1] += d;
  }
};
template <class T> struct BatchNormBack {  // one_of is 1 / rows, or 0 where mean and variance are given; dx may be dy
  const T *x, *w, *dy, *mean, *variance, *sums; T* dx; Index C; T one_of, eps;
  CRISP_HD void operator()(Index row, Index c) const {
    using std::sqrt;
    const Index i = row * C + c;
    const T rstd = T(1) / sqrt(variance[c] + eps), normal = (x[i] - mean[c]) * rstd;
    dx[i] = w[c] * rstd * (dy[i] - (sums[C + c] + normal * sums[c]) * one_of);
  }
};

struct FastBatchNorm {
  /// x (rows, C) -> mean (C) and variance (C).
  template <class T>
  static void channel_statistics(const T* x, Index rows, Index C, T* mean, T* variance) {
    sum_channels<1>(rows, C, mean, AddElement<T>{x, C});
    PlainCuda::for_each(C, DividedBy<T>{mean, T(rows)});
    sum_channels<1>(rows, C, variance, AddSquaredDistance<T>{x, mean, C});
    PlainCuda::for_each(C, DividedBy<T>{variance, T(rows)});
  }

  /// y = w (x - mean) / sqrt(variance + eps) + b.
  template <class T>
  static void batch_norm(const T* x, const T* w, const T* b, const T* mean, const T* variance, T* y, Index rows, Index C, T eps) {
    PlainCuda::for_each(rows, C, BatchNormOf<T>{x, w, b, mean, variance, y, C, eps});
  }

  /// sums (2, C): dw and db; then dx, unless it is null, which may be dy itself. of_batch: mean and variance depend on x.
  template <class T>
  static void batch_norm_gradient(const T* x, const T* w, const T* dy, const T* mean, const T* variance, T* sums, T* dx, Index rows, Index C, T eps, bool of_batch) {
    sum_channels<2>(rows, C, sums, AddBatchNormGradients<T>{x, dy, mean, variance, C, eps});
    if (dx) PlainCuda::for_each(rows, C, BatchNormBack<T>{x, w, dy, mean, variance, sums, dx, C, of_batch ? T(1) / T(rows) : T(0), eps});
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
