// PReLU on the CPU: values in one pass, and both gradients in one. Where all slopes are clearly positive, as
// they are in practice, x can be told from y: then y takes the place of x in memory.
#pragma once
#include <concepts>

#include "crisp/backend/cpu/fast/channels.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

struct FastPrelu {
  /// y = x, or slope[c step] x below 0: a step of 0 shares one slope. y may be x itself.
  template <std::floating_point T>
  static bool prelu(const T* x, const T* slopes, T* y, Index rows, Index C, Index step) {
    const T* slope = one_each(slopes, C, step);
    Chunks{rows, C}.each([&](Index, Index first, Index last) {
      for (Index row = first; row < last; ++row)
        for_channels<T>(C, [&](Index c, Index count) {
          const Vector<T> v = load_first(x + row * C + c, count), s = load(slope + c);
          store_first(y + row * C + c, v > Vector<T>{} ? v : s * v, count);
        });
    });
    return true;
  }

  /// Whether x can be computed from y.
  template <std::floating_point T>
  static bool prelu_invertible(const T* slopes, Index C, Index step) {
    bool positive = true;
    for (Index c = 0; c < C; ++c) positive = positive && slopes[c * step] > T(1e-3);
    return positive;
  }

  /// dx, which may be dy itself, and dslopes, (C) or one. from_y: x holds y.
  template <std::floating_point T>
  static bool prelu_gradient(const T* x, bool from_y, const T* slopes, const T* dy, T* dx, T* dslopes,
                             Index rows, Index C, Index step) {
    const T* slope = one_each(slopes, C, step);
    T* sums = scratch<T, 7>(C);
    sum_channels<T, 1>(rows, C, sums, [&](Index row, Index c, Index count, const auto& add) {
      const Vector<T> v = load_first(x + row * C + c, count), d = load_first(dy + row * C + c, count),
                      s = load(slope + c);
      store_first(dx + row * C + c, v > Vector<T>{} ? d : s * d, count);
      add(0, v > Vector<T>{} ? Vector<T>{} : (from_y ? v / s : v) * d);
    });
    if (step == 0) dslopes[0] = 0;
    for (Index c = 0; c < C; ++c) dslopes[c * step] = step ? sums[c] : dslopes[0] + sums[c];
    return true;
  }

 private:
  template <std::floating_point T>
  static const T* one_each(const T* slopes, Index C, Index step) {
    T* slope = scratch<T, 6>(round_up(C, width<T>));
    for (Index c = 0; c < round_up(C, width<T>); ++c) slope[c] = c < C ? slopes[c * step] : T(1);
    return slope;
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
