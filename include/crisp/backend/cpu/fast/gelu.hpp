// gelu on vectors: the value and the slope from one exponential.
#pragma once
#include <algorithm>
#include <concepts>

#include "crisp/backend/cpu/simd/vector_math.hpp"
#include "crisp/core/parallel.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

struct GeluValue {
  Floats y, slope;
};
[[gnu::always_inline]] inline GeluValue gelu_of(Floats x) {
  x = x < -13.f ? broadcast(-13.f) : x;  // from there on y is 0, but for less than 1e-36
  const Floats inside = x > 13.f ? broadcast(13.f) : x;
  const Normal f = normal(inside);
  return {x * f.below, f.below + inside * 0.39894228040143267794f * f.bell};
}

struct FastGelu {
  /// y = x Phi(x), and slope = Phi(x) + x phi(x) unless it is null, for n elements. One of the two may be
  /// written over x.
  template <std::same_as<float> T>
  static bool gelu(const T* x, T* y, T* slope, Index n) {
    constexpr Index chunk = 4096, W = width<T>;
    parallel_for(ceil_div(n, chunk), n > 16384, [=](Index p) {
      const Index end = std::min(n, (p + 1) * chunk);
      Index i = p * chunk;
      for (; i + W <= end; i += W) {
        const GeluValue v = gelu_of(load(x + i));
        store(y + i, v.y);
        if (slope) store(slope + i, v.slope);
      }
      if (i == end) return;
      const GeluValue v = gelu_of(load_first(x + i, end - i));
      store_first(y + i, v.y, end - i);
      if (slope) store_first(slope + i, v.slope, end - i);
    });
    return true;
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
