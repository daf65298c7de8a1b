// How the GPU's convolution ends: a thread adds to its sums what is to be added, rounds them once, and stores
// them.
#pragma once
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "crisp/backend/cuda/fast/neighbours.cuh"
#include "crisp/backend/cuda/intrinsics.cuh"
#include "crisp/backend/cuda/plain.cuh"
#include "crisp/core/fused_ops.hpp"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <class T>
struct Convolution {
  const T *x, *w, *b, *plus;  // b and plus may be null
  T* y;
  bool relu, together;  // together: y, b and plus may be accessed by as many numbers at once as are
                        // neighbours, see Outputs
  ConvSizes s;
};

// Which output has its weights in a column of tile b. On the tensor cores a thread has pairs of neighbouring
// columns. Where values are of bfloat16 and tiles are wide, two of its pairs, 8 columns apart, are of
// neighbouring outputs: four threads store 32 bytes together, which memory takes at once.
template <class T, int NT>
struct Outputs {
  static constexpr int of_bfloat16 = NT == 1 ? 2 : 4;
  static constexpr int neighbours = std::same_as<T, float> ? 1 : of_bfloat16;
  __device__ static int of(int column) {
    const unsigned c = unsigned(column);  // is never negative
    return neighbours < 4 ? column : int(c / 16 * 16 + c % 8 / 2 * 4 + c / 8 % 2 * 2 + c % 2);
  }
};

// Calls f(i, j, e, output, at) for each sum [i][j][e] of a thread, or the first of n neighbours, that belongs
// to a number of y, y[at].
template <class Product, int n, class T, int NT, class F>
__device__ __forceinline__ void each_output(const Convolution<T>& conv, float (&)[2][NT][4],
                                            Index first_pixel, Index first_output, const F& f) {
  CRISP_UNROLL
  for (int i = 0; i < 2; ++i) CRISP_UNROLL
  for (int e = 0; e < 4; e += n == 1 ? 1 : 2) {
    const Index pixel = first_pixel + Product::row(i, e);
    if (pixel >= conv.s.pixels()) continue;
    CRISP_UNROLL
    for (int j = 0; j < NT; j += n == 4 ? 2 : 1) {
      const Index output = first_output + Outputs<T, NT>::of(Product::column(j, e)),
                  at = pixel * conv.s.O + output;
      if (output < conv.s.O) f(i, j, e, output, at);
    }
  }
}

template <class Product, class T, int NT>
__device__ __forceinline__ void store_each(const Convolution<T>& conv, float (&sums)[2][NT][4],
                                           Index first_pixel, Index first_output) {
  each_output<Product, 1>(conv, sums, first_pixel, first_output,
                          [&](int i, int j, int e, Index output, Index at) {
                            float value = sums[i][j][e];
                            if (conv.b) value += conv.b[output];
                            if (conv.plus) value += conv.plus[at];
                            conv.y[at] = conv.relu && value < 0 ? 0 : value;
                          });
}

// The same of bfloat16, for all neighbours at once. All that is added is read before the first is stored.
template <class Product, int NT>
__device__ __forceinline__ void store_together(const Convolution<bfloat16>& conv, float (&sums)[2][NT][4],
                                               Index first_pixel, Index first_output) {
  constexpr int n = Outputs<bfloat16, NT>::neighbours;
  const auto each = [&](const auto& f) { each_output<Product, n>(conv, sums, first_pixel, first_output, f); };
  const auto add = [&](int i, int j, int e, const bfloat16* p) {
    float more[n];
    load(p, more);
    CRISP_UNROLL
    for (int m = 0; m < n; ++m) sums[i][j + m / 2][e + m % 2] += more[m];
  };
  if (conv.b) each([&](int i, int j, int e, Index output, Index) { add(i, j, e, conv.b + output); });
  if (conv.plus) each([&](int i, int j, int e, Index, Index at) { add(i, j, e, conv.plus + at); });
  each([&](int i, int j, int e, Index, Index at) {
    const auto pair = [&](int j) {
      float &low = sums[i][j][e], &high = sums[i][j][e + 1];
      if (conv.relu) low = low < 0 ? 0 : low, high = high < 0 ? 0 : high;
      return to_bf16_pair(low, high);
    };
    // nvcc stores a uint2 as two numbers here.
    std::conditional_t<n == 4, std::uint64_t, std::uint32_t> bits = pair(j);
    if constexpr (n == 4) bits |= std::uint64_t(pair(j + 1)) << 32;
    *reinterpret_cast<decltype(bits)*>(conv.y + at) = bits;
  });
}

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
