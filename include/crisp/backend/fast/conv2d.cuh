// Convolution on the GPU: which of its kernels suits a convolution. The gradient of the input is a convolution too, see ops/conv2d.hpp.
#pragma once
#include <concepts>

#include "crisp/backend/fast/implicit_gemm.cuh"
#include "crisp/backend/fast/implicit_weight_gradient.cuh"
#include "crisp/backend/fast/scratch.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

struct FastConv2d {
  /// y = x * w + b, and its epilogue; b may be null; see ConvSizes. False, and nothing done, for what no image is so large as to need.
  template <std::same_as<float> T>
  static bool conv2d(const T* x, const T* w, const T* b, T* y, const ConvSizes& s, const ConvEpilogue<T>& epilogue) {
    if (!fits(s)) return false;
    const Convolution conv{x, w, b, epilogue.plus, y, epilogue.relu, s};
    const bool whole = s.C % 4 == 0 && aligned(x) && aligned(w);
    with_math_and_width(s, [&](auto math, auto NT) {
      const Index blocks = pieces(s.pixels(), tile_rows) * pieces(s.O, 8 * NT());
      launch("conv2d", whole ? convolve<math(), NT(), 4> : convolve<math(), NT(), 1>, dim3(unsigned(blocks)), dim3(tile_threads), 0, conv);
    });
    return true;
  }

  /// dw = the gradient of the weights, given x and dy; dw may hold anything before. False as above.
  template <std::same_as<float> T>
  static bool conv2d_weight_gradient(const T* x, const T* dy, T* dw, const ConvSizes& s) {
    if (!fits(s)) return false;
    const bool whole = s.C % 4 == 0 && s.O % 4 == 0 && aligned(x) && aligned(dy);
    with_math_and_width(s, [&](auto math, auto NT) {
      const int piece = WeightGradient::piece_of(s, NT()), count = int(pieces(s.pixels(), piece));
      const Scratch<T> sums(count == 1 ? 0 : count * s.O * s.taps());
      const WeightGradient g{x, dy, count == 1 ? dw : sums.data(), s, piece};
      const Index blocks = pieces(s.taps(), tile_rows) * pieces(s.O, 8 * NT()) * count;
      const auto kernel = whole ? sum_weight_gradient<math(), NT(), 4> : sum_weight_gradient<math(), NT(), 1>;
      launch("conv2d_weight_gradient", kernel, dim3(unsigned(blocks)), dim3(tile_threads), 0, g);
      if (count > 1) PlainCuda::for_each(s.O * s.taps(), SumPieces{sums.data(), dw, s.O * s.taps(), count});
    });
    return true;
  }

 private:
  static bool aligned(const float* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; }

  // Kernels count rows, columns and channels by int, and blocks by the x of a grid.
  static bool fits(const ConvSizes& s) {
    constexpr Index most = 1 << 28;
    return s.pixels() > 0 && s.C > 0 && s.O > 0 && std::max({s.H, s.W, s.C, s.kH, s.kW, s.OH * s.stride, s.OW * s.stride, s.taps()}) < most &&
           pieces(s.pixels(), tile_rows) * pieces(s.O, 8) <= most_blocks_x;
  }

  // Calls f with both as constants. Few outputs have tiles of 8 columns: those of 64 would mostly be empty.
  template <class F>
  static void with_math_and_width(const ConvSizes& s, const F& f) {
    const auto with_width = [&](auto math) { s.O <= 16 ? f(math, std::integral_constant<int, 1>()) : f(math, std::integral_constant<int, 8>()); };
    switch (PlainCuda::math()) {
      case Math::fp32: return with_width(std::integral_constant<Math, Math::fp32>());
      case Math::tf32: return with_width(std::integral_constant<Math, Math::tf32>());
      case Math::bf16: return with_width(std::integral_constant<Math, Math::bf16>());
    }
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
