// Convolution on the GPU: which of its kernels suits a convolution. The gradient of the input is a
// convolution too, see ops/conv2d.hpp.
#pragma once
#include <concepts>
#include <cstdlib>
#include <limits>

#include "crisp/backend/cuda/fast/implicit_gemm.cuh"
#include "crisp/backend/cuda/fast/implicit_weight_gradient.cuh"
#include "crisp/backend/cuda/fast/scratch.cuh"
#include "crisp/backend/cuda/fast/with_constant.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

struct FastConv2d {
  /// y = x * w + b, and its epilogue; b may be null; see ConvSizes. Products of bfloat16 are exact, whatever
  /// math() is. False, and nothing done, for what no image is so large as to need.
  template <class T>
  requires std::same_as<T, float> || std::same_as<T, bfloat16>
  static bool conv2d(const T* x, const T* w, const T* b, T* y, const ConvSizes& s,
                     const ConvEpilogue<T>& epilogue) {
    if (!fits(s, tile_rows)) return false;
    const auto divides = [&](int vector) {
      return s.C % vector == 0 && aligned(x, vector) && aligned(w, vector);
    };
    with_constants<T>(s, divides, [&](auto math, auto NT, auto vector) {
      constexpr int neighbours = Outputs<T, NT()>::neighbours;
      const bool together = s.O % neighbours == 0 && aligned(y, neighbours) && aligned(b, neighbours) &&
                            aligned(epilogue.plus, neighbours);
      const Index blocks = ceil_div(s.pixels(), tile_rows) * ceil_div(s.O, 8 * NT());
      launch("conv2d", convolve<T, math(), NT(), vector()>, dim3(unsigned(blocks)), dim3(tile_threads), 0,
             Convolution<T>{x, w, b, epilogue.plus, y, epilogue.relu, together, s});
    });
    return true;
  }

  /// dw = the gradient of the weights, given x and dy; dw may hold anything before. False as above.
  template <class T>
  requires std::same_as<T, float> || std::same_as<T, bfloat16>
  static bool conv2d_weight_gradient(const T* x, const T* dy, T* dw, const ConvSizes& s) {
    if (!fits(s, WeightGradient<T>::chunk_of(s, few_outputs(s) ? 1 : 8))) return false;
    const auto divides = [&](int vector) {
      return s.C % vector == 0 && aligned(x, vector) &&
             (few_outputs(s) || (s.O % vector == 0 && aligned(dy, vector)));
    };
    with_constants<T>(s, divides, [&](auto math, auto NT, auto vector) {
      const int chunk = WeightGradient<T>::chunk_of(s, NT()), count = int(ceil_div(s.pixels(), chunk));
      const bool sums_needed = count > 1 || std::same_as<T, bfloat16>;
      const Scratch<float> sums(sums_needed ? count * s.O * s.taps() : 0);
      float* to = sums.data();
      if constexpr (std::same_as<T, float>)
        if (!sums_needed) to = dw;
      const Index blocks = ceil_div(s.taps(), tile_rows) * ceil_div(s.O, 8 * NT()) * count;
      launch("conv2d_weight_gradient", sum_weight_gradient<T, math(), NT(), vector()>, dim3(unsigned(blocks)),
             dim3(tile_threads), 0, WeightGradient<T>{x, dy, to, s, chunk});
      if (sums_needed)
        PlainCuda::for_each(s.O * s.taps(), SumChunks<T>{sums.data(), dw, s.O * s.taps(), count});
    });
    return true;
  }

 private:
  template <class T>
  static bool aligned(const T* p, int vector) {
    return reinterpret_cast<std::uintptr_t>(p) % (sizeof(T) * unsigned(vector)) == 0;
  }

  // Taps are neighbours. Kernels count rows, columns and channels by int, and numbers from the first that a
  // block of so many pixels reads; blocks by the x of a grid.
  static bool fits(const ConvSizes& s, Index pixels) {
    constexpr Index limit = 1 << 28, max_numbers = std::numeric_limits<int>::max();
    if (s.pixels() <= 0 || s.C <= 0 || s.O <= 0 || s.dilation > 1 ||
        std::max({s.H, s.W, s.C, s.kH, s.kW, s.OH * s.stride, s.OW * s.stride, s.taps()}) >= limit)
      return false;
    const Index between_images = std::abs(s.H - s.OH * s.stride) + s.kH;
    const Index rows = (pixels / s.OW + 2) * s.stride + (pixels / (s.OH * s.OW) + 1) * between_images;
    return rows < max_numbers / (s.W * s.C) && pixels < max_numbers / s.O && s.taps() < max_numbers / s.O &&
           ceil_div(s.pixels(), tile_rows) * ceil_div(s.O, 8) <= max_blocks_x;
  }

  // Few outputs have tiles of 8 columns: those of 64 would mostly be empty.
  static bool few_outputs(const ConvSizes& s) { return s.O <= 16; }

  // Calls f with three constants: how to multiply, the width of tiles, and the numbers of one copy: 16 bytes
  // where divides(numbers) allows that; of bfloat16 else 8 bytes, for the 60 channels of SwinIR, or 4.
  template <class T, class Divides, class F>
  static void with_constants(const ConvSizes& s, const Divides& divides, const F& f) {
    const auto with_width = [&](auto math, auto vector) {
      with_constant<1, 8>([&](int) { return few_outputs(s); }, [&](auto width) { f(math, width, vector); });
    };
    const auto with_vector = [&](auto math) {
      const auto with = [&](auto vector) { with_width(math, vector); };
      if constexpr (std::same_as<T, bfloat16>) with_constant<8, 4, 2, 1>(divides, with);
      else with_constant<4, 1>(divides, with);
    };
    if constexpr (std::same_as<T, bfloat16>) with_vector(std::integral_constant<Math, Math::bf16>());
    else switch (PlainCuda::math()) {
        case Math::fp32:
          return with_vector(std::integral_constant<Math, Math::fp32>());
        case Math::tf32:
          return with_vector(std::integral_constant<Math, Math::tf32>());
        case Math::bf16:
          return with_vector(std::integral_constant<Math, Math::bf16>());
      }
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
