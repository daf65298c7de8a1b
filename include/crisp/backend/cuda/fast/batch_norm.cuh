// Batch normalisation on the GPU: two passes over the batch for the statistics, one for the values, two for
// the gradients. A thread has n neighbouring channels, from c on.
#pragma once
#include "crisp/backend/cuda/fast/channels.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <class T>
struct DividedBy {
  T* x;
  T by;
  CRISP_HD void operator()(Index i) const { x[i] /= by; }
};
template <class T, int n, class W = Wide<T>>
struct AddSquaredDistance {
  const T* x;
  const W* mean;
  Index C;
  __device__ void operator()(Index row, Index c, W (&sum)[1][n]) const {
    W v[n];
    load(x + row * C + c, v);
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) sum[0][k] += (v[k] - mean[c + k]) * (v[k] - mean[c + k]);
  }
};
template <class T, int n, class W = Wide<T>>
struct BatchNormOf {
  const T *x, *w, *b;
  const W *mean, *variance;
  T* y;
  Index C;
  W eps;
  __device__ void operator()(Index row, Index group) const {
    using std::sqrt;
    const Index c = group * n;
    W v[n], scale[n], shift[n];
    load(x + row * C + c, v);
    load(w + c, scale);
    load(b + c, shift);
    CRISP_UNROLL
    for (int k = 0; k < n; ++k)
      v[k] = scale[k] * ((v[k] - mean[c + k]) / sqrt(variance[c + k] + eps)) + shift[k];
    store(y + row * C + c, v);
  }
};
template <class T, int n, class W = Wide<T>>
struct AddBatchNormGradients {  // dw and db
  const T *x, *dy;
  const W *mean, *variance;
  Index C;
  W eps;
  __device__ void operator()(Index row, Index c, W (&sum)[2][n]) const {
    using std::sqrt;
    W v[n], d[n];
    load(x + row * C + c, v);
    load(dy + row * C + c, d);
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) {
      sum[0][k] += d[k] * ((v[k] - mean[c + k]) / sqrt(variance[c + k] + eps));
      sum[1][k] += d[k];
    }
  }
};
template <class T, int n, class W = Wide<T>>
struct BatchNormBack {  // one_of is 1 / rows, or 0 where mean and variance are given; dx may be dy
  const T *x, *w, *dy;
  const W *mean, *variance, *sums;
  T* dx;
  Index C;
  W one_of, eps;
  __device__ void operator()(Index row, Index group) const {
    using std::sqrt;
    const Index c = group * n;
    W v[n], d[n];
    load(x + row * C + c, v);
    load(dy + row * C + c, d);
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) {
      const W rstd = W(1) / sqrt(variance[c + k] + eps), normal = (v[k] - mean[c + k]) * rstd;
      d[k] = w[c + k] * rstd * (d[k] - (sums[C + c + k] + normal * sums[c + k]) * one_of);
    }
    store(dx + row * C + c, d);
  }
};

struct FastBatchNorm {
  /// x (rows, C) -> mean (C) and variance (C).
  template <class T>
  static bool channel_statistics(const T* x, Index rows, Index C, Wide<T>* mean, Wide<T>* variance) {
    FastSumRows::sum_rows(x, rows, C, mean);
    PlainCuda::for_each(C, DividedBy<Wide<T>>{mean, Wide<T>(rows)});
    with_neighbours<8>(
        C,
        [&](auto n) {
          sum_channels<1, n>(rows, C, variance, AddSquaredDistance<T, n>{x, mean, C});
        },
        x);
    PlainCuda::for_each(C, DividedBy<Wide<T>>{variance, Wide<T>(rows)});
    return true;
  }

  /// y = w (x - mean) / sqrt(variance + eps) + b.
  template <class T>
  static bool batch_norm(const T* x, const T* w, const T* b, const Wide<T>* mean, const Wide<T>* variance,
                         T* y, Index rows, Index C, Wide<T> eps) {
    with_neighbours<8>(
        C,
        [&](auto n) {
          PlainCuda::for_each(rows, C / n, BatchNormOf<T, n>{x, w, b, mean, variance, y, C, eps});
        },
        x, w, b, y);
    return true;
  }

  /// sums (2, C): the sums over the rows of dy times the normalised x, and of dy.
  template <class T>
  static bool batch_norm_sums(const T* x, const T* dy, const Wide<T>* mean, const Wide<T>* variance,
                              Wide<T>* sums, Index rows, Index C, Wide<T> eps) {
    with_neighbours<8>(
        C,
        [&](auto n) {
          sum_channels<2, n>(rows, C, sums, AddBatchNormGradients<T, n>{x, dy, mean, variance, C, eps});
        },
        x, dy);
    return true;
  }

  /// dx, which may be dy itself, from the sums. of_batch: mean and variance depend on x.
  template <class T>
  static bool batch_norm_gradient(const T* x, const T* w, const T* dy, const Wide<T>* mean,
                                  const Wide<T>* variance, const Wide<T>* sums, T* dx, Index rows, Index C,
                                  Wide<T> eps, bool of_batch) {
    const Wide<T> one_of = of_batch ? Wide<T>(1) / Wide<T>(rows) : Wide<T>(0);
    with_neighbours<8>(
        C,
        [&](auto n) {
          PlainCuda::for_each(rows, C / n,
                              BatchNormBack<T, n>{x, w, dy, mean, variance, sums, dx, C, one_of, eps});
        },
        x, dy, dx);
    return true;
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
