// gelu on the GPU: the value and the slope in one pass, see ops/gelu.hpp.
#pragma once
#include <concepts>

#include "crisp/backend/cuda/plain.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

struct GeluOf {
  const float* x; float *y, *slope;
  CRISP_HD void operator()(Index i) const {
    using std::erf, std::exp;
    const float v = x[i], below = 0.5f * (1 + erf(v * 0.70710678118654752440f));
    y[i] = v * below;
    if (slope) slope[i] = below + v * 0.39894228040143267794f * exp(-0.5f * v * v);
  }
};

struct FastGelu {
  /// y = x Phi(x), and slope = Phi(x) + x phi(x) unless it is null, for n elements. One of the two may be written over x.
  template <std::same_as<float> T>
  static void gelu(const T* x, T* y, T* slope, Index n) { PlainCuda::for_each(n, GeluOf{x, y, slope}); }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
