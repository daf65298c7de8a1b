// gelu on the GPU: the value and the slope in one pass, see ops/gelu.hpp.
#pragma once
#include "crisp/backend/cuda/fast/neighbours.cuh"
#include "crisp/backend/cuda/plain.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <class T, int n>
struct GeluOf {
  const T* x;
  T *y, *slope;
  __device__ void operator()(Index i) const {
    using std::erf, std::exp;
    float v[n], below[n];
    load(x + i * n, v);
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) below[k] = 0.5f * (1 + erf(v[k] * 0.70710678118654752440f));
    if (slope) {
      float s[n];
      CRISP_UNROLL
      for (int k = 0; k < n; ++k) s[k] = below[k] + v[k] * 0.39894228040143267794f * exp(-0.5f * v[k] * v[k]);
      store(slope + i * n, s);
    }
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) v[k] *= below[k];
    store(y + i * n, v);
  }
};

struct FastGelu {
  /// y = x Phi(x), and slope = Phi(x) + x phi(x) unless it is null, for n elements. One of the two may be
  /// written over x.
  template <class T>
  requires std::same_as < Wide<T>,
  float > static bool gelu(const T* x, T* y, T* slope, Index n) {
    with_neighbours<8>(
        n,
        [&](auto some) {
          PlainCuda::for_each(n / some, GeluOf<T, some>{x, y, slope});
        },
        x, y, slope);
    return true;
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
