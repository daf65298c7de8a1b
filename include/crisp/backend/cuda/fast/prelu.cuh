// PReLU on the GPU: values in one pass, the gradients in two, without a tensor of what is summed for the
// slopes. A thread has n neighbouring channels.
#pragma once
#include "crisp/backend/cuda/fast/channels.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <class T, int n, class W = Wide<T>>
struct PreluOf {
  const T *x, *slopes;
  T* y;
  Index C, step;
  __device__ void operator()(Index row, Index group) const {
    W v[n];
    load(x + row * C + group * n, v);
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) v[k] = v[k] > W(0) ? v[k] : slopes[(group * n + k) * step] * v[k];
    store(y + row * C + group * n, v);
  }
};
template <class T, int n, class W = Wide<T>>
struct AddSlopeGradient {
  const T *x, *dy;
  Index C;
  __device__ void operator()(Index row, Index c, W (&sum)[1][n]) const {
    W v[n], d[n];
    load(x + row * C + c, v);
    load(dy + row * C + c, d);
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) sum[0][k] += v[k] > W(0) ? W(0) : v[k] * d[k];
  }
};
template <class T, int n, class W = Wide<T>>
struct PreluBack {
  const T *x, *slopes, *dy;
  T* dx;
  Index C, step;
  __device__ void operator()(Index row, Index group) const {
    W v[n], d[n];
    load(x + row * C + group * n, v);
    load(dy + row * C + group * n, d);
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) d[k] = v[k] > W(0) ? d[k] : slopes[(group * n + k) * step] * d[k];
    store(dx + row * C + group * n, d);
  }
};
template <class T>
struct Element {
  const T* x;
  CRISP_HD T operator()(Index, Index col) const { return x[col]; }
};

struct FastPrelu {
  /// y = x, or slope[c step] x below 0: a step of 0 shares one slope. y may be x itself.
  template <class T>
  static bool prelu(const T* x, const T* slopes, T* y, Index rows, Index C, Index step) {
    with_neighbours<8>(
        C,
        [&](auto n) {
          PlainCuda::for_each(rows, C / n, PreluOf<T, n>{x, slopes, y, C, step});
        },
        x, y);
    return true;
  }

  /// Never, as far as the host knows: to look at the slopes it would have to wait for the GPU.
  template <class T>
  static bool prelu_invertible(const T*, Index, Index) {
    return false;
  }

  /// dx, which may be dy itself, and dslopes, (C) or one.
  template <class T>
  static bool prelu_gradient(const T* x, bool, const T* slopes, const T* dy, T* dx, T* dslopes, Index rows,
                             Index C, Index step) {
    const Scratch<Wide<T>> each(step == 0 ? C : 0);
    with_neighbours<8>(
        C,
        [&](auto n) {
          const AddSlopeGradient<T, n> add{x, dy, C};
          if (step == 0) sum_channels<1, n>(rows, C, each.data(), add);
          else sum_channels<1, n>(rows, C, dslopes, add);
          PlainCuda::for_each(rows, C / n, PreluBack<T, n>{x, slopes, dy, dx, C, step});
        },
        x, dy, dx);
    if (step == 0) PlainCuda::row_reduce<Sum>(1, C, Element<Wide<T>>{each.data()}, dslopes);
    return true;
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
