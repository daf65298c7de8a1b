// Convolution on the CPU without a copy of all patches: which of the methods here suits a convolution.
#pragma once
#include <concepts>

#include "crisp/backend/cpu/fast/direct_conv.hpp"
#include "crisp/backend/cpu/fast/direct_weight_gradient.hpp"
#include "crisp/backend/cpu/fast/winograd.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

struct FastConv2d {
  /// y = x * w + b, and its epilogue; b may be null; see ConvSizes. False, and nothing written, where the
  /// matrix product over patches does better.
  template <std::floating_point T>
  static bool conv2d(const T* x, const T* w, const T* b, T* y, const ConvSizes& s,
                     const ConvEpilogue<T>& epilogue) {
    if (s.pixels() == 0 || s.C == 0 || s.dilation > 1) return false;
    if (for_winograd<T>(s)) {
      Winograd<T>{s}.run(x, w, b, y, epilogue);
      return true;
    }
    const DirectConv<T> direct{s};
    if (s.taps() * std::min<Index>(round_up(s.O, 2), 4 * width<T>) > in_cache) return false;
    if (s.O == 1) direct.template run_few<1>(x, w, b, y, epilogue);
    else if (s.O <= 3 && width<T> >= 8) direct.template run_few<3>(x, w, b, y, epilogue);
    else direct.run(x, w, b, y, epilogue);
    return true;
  }

  /// dw = the gradient of the weights, given x and dy; dw may hold anything before. False as above.
  template <std::floating_point T>
  static bool conv2d_weight_gradient(const T* x, const T* dy, T* dw, const ConvSizes& s) {
    if (s.pixels() == 0 || s.C == 0 || s.left < 0 || s.top < 0 || s.dilation > 1) return false;
    if (!for_winograd<T>(s) && s.taps() * s.O > 8 * in_cache) return false;
    if (for_winograd<T>(s)) Winograd<T>{s}.weight_gradient(x, dy, dw);
    else DirectWeightGradient<T>{s}.run(x, dy, dw);
    return true;
  }

 private:
  static constexpr Index in_cache = 1 << 18;  // numbers of packed weights that stay in the second cache

  // Where the 36 products are large enough to outweigh the transforms.
  template <std::floating_point T>
  static bool for_winograd(const ConvSizes& s) {
    return s.stride == 1 && s.kH == s.kW && (s.kH == 3 || s.kH == 5) && s.C >= 16 && s.O >= 16 && s.OH >= 4 &&
           s.OW >= 4;
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
