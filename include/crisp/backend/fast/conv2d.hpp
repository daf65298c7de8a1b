// Convolution on the CPU without a copy of all patches: which of the methods here suits a convolution.
#pragma once
#include "crisp/backend/fast/direct_conv.hpp"
#include "crisp/backend/fast/winograd.hpp"

namespace crisp::detail {

struct FastConv2d {
  /// y = x * w + b, and relu of it if wanted; b may be null; see ConvSizes. False, and nothing written, where the matrix product over patches does better.
  template <class T>
  static bool conv2d(const T* x, const T* w, const T* b, T* y, const ConvSizes& s, bool relu) {
    if (s.pixels() == 0 || s.C == 0) return false;
    if (for_winograd<T>(s)) {
      if (s.kH == 3) s.O <= 2 * width<T> ? Winograd<T, 4>{s}.template run<2>(x, w, b, y, relu) : Winograd<T, 4>{s}.template run<wide>(x, w, b, y, relu);
      else s.O <= 2 * width<T> ? Winograd<T, 2>{s}.template run<2>(x, w, b, y, relu) : Winograd<T, 2>{s}.template run<wide>(x, w, b, y, relu);
      return true;
    }
    const DirectConv<T> direct{s};
    if (s.taps() * std::min<Index>(round_up(s.O, 2), wide * width<T>) > in_cache) return false;
    if (s.O == 1) direct.template run_few<1>(x, w, b, y, relu);
    else if (s.O <= 3 && width<T> >= 8) direct.template run_few<3>(x, w, b, y, relu);
    else if (s.O <= width<T>) direct.template run<1>(x, w, b, y, relu);
    else if (s.O <= 2 * width<T>) direct.template run<2>(x, w, b, y, relu);
    else direct.template run<wide>(x, w, b, y, relu);
    return true;
  }

  /// dw = the gradient of the weights, given x and dy; dw may hold anything before. False as above.
  template <class T>
  static bool conv2d_weight_gradient(const T* x, const T* dy, T* dw, const ConvSizes& s) {
    if (s.pixels() == 0 || s.C == 0 || s.left < 0 || s.top < 0) return false;
    if (for_winograd<T>(s)) {
      if (s.kH == 3) s.O <= 2 * width<T> ? Winograd<T, 4>{s}.template weight_gradient<2>(x, dy, dw) : Winograd<T, 4>{s}.template weight_gradient<wide>(x, dy, dw);
      else s.O <= 2 * width<T> ? Winograd<T, 2>{s}.template weight_gradient<2>(x, dy, dw) : Winograd<T, 2>{s}.template weight_gradient<wide>(x, dy, dw);
      return true;
    }
    if (s.taps() * s.O > 8 * in_cache) return false;
    const DirectWeightGradient<T> direct{s};
    if (s.O == 1) direct.template run<1, 8, true>(x, dy, dw);
    else if (s.O <= 3) direct.template run<3, wide, true>(x, dy, dw);
    else if (s.O <= width<T>) direct.template run<rows_for<1>, 1, false>(x, dy, dw);
    else if (s.O <= 2 * width<T>) direct.template run<rows_for<2>, 2, false>(x, dy, dw);
    else direct.template run<rows_for<wide>, wide, false>(x, dy, dw);
    return true;
  }

 private:
  static constexpr Index in_cache = 1 << 18;  // numbers of packed weights that stay in the second cache

  // Where the 36 products are large enough to outweigh the transforms.
  template <class T>
  static bool for_winograd(const ConvSizes& s) {
    return s.stride == 1 && s.kH == s.kW && (s.kH == 3 || s.kH == 5) && s.C >= 16 && s.O >= 16 && s.OH >= 4 && s.OW >= 4;
  }
};

}  // namespace crisp::detail
