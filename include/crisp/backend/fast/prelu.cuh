// PReLU on the GPU: values in one pass, the gradients in two, without a tensor of what is summed for the slopes.
#pragma once
#include "crisp/backend/fast/channels.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <class T> struct PreluOf {
  const T *x, *slopes; T* y; Index C, step;
  CRISP_HD void operator()(Index row, Index c) const {
    const T v = x[row * C + c];
    y[row * C + c] = v > T(0) ? v : slopes[c * step] * v;
  }
};
template <class T> struct AddSlopeGradient {
  const T *x, *dy; Index C;
  CRISP_HD void operator()(Index row, Index c, T (&sum)[1]) const {
    const T v = x[row * C + c];
    sum[0] += v > T(0) ? T(0) : v * dy[row * C + c];
  }
};
template <class T> struct PreluBack {
  const T *x, *slopes, *dy; T* dx; Index C, step;
  CRISP_HD void operator()(Index row, Index c) const {
    const Index i = row * C + c;
    dx[i] = x[i] > T(0) ? dy[i] : slopes[c * step] * dy[i];
  }
};
template <class T> struct Element {
  const T* x;
  CRISP_HD T operator()(Index, Index col) const { return x[col]; }
};

struct FastPrelu {
  /// y = x, or slope[c step] x below 0: a step of 0 shares one slope. y may be x itself.
  template <class T>
  static void prelu(const T* x, const T* slopes, T* y, Index rows, Index C, Index step) { PlainCuda::for_each(rows, C, PreluOf<T>{x, slopes, y, C, step}); }

  /// Never, as far as the host knows: to look at the slopes it would have to wait for the GPU.
  template <class T>
  static bool prelu_invertible(const T*, Index, Index) { return false; }

  /// dx, which may be dy itself, and dslopes, (C) or one.
  template <class T>
  static void prelu_gradient(const T* x, bool, const T* slopes, const T* dy, T* dx, T* dslopes, Index rows, Index C, Index step) {
    const Scratch<T> each(step == 0 ? C : 0);
    sum_channels<1>(rows, C, step == 0 ? each.data() : dslopes, AddSlopeGradient<T>{x, dy, C});
    if (step == 0) PlainCuda::row_reduce<Sum>(1, C, Element<T>{each.data()}, dslopes);
    PlainCuda::for_each(rows, C, PreluBack<T>{x, slopes, dy, dx, C, step});
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
