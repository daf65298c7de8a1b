// gelu on vectors: the value and the slope from one exponential.
#pragma once
#include <algorithm>
#include <concepts>

#include "crisp/backend/fast/vector_math.hpp"
#include "crisp/core/parallel.hpp"

namespace crisp::detail {

struct FastGelu {
  /// y = x Phi(x), and slope = Phi(x) + x phi(x) unless it is null, for n elements. One of the two may be written over x.
  template <std::same_as<float> T>
  static void gelu(const T* x, T* y, T* slope, Index n) {
    constexpr Index piece = 4096, W = width<T>;
    parallel_for((n + piece - 1) / piece, n > 16384, [=](Index p) {
      const Index end = std::min(n, (p + 1) * piece);
      Index i = p * piece;
      for (; i + W <= end; i += W) {
        const Vector<T> at = load(x + i);
        const Normal f = normal(at);
        store(y + i, at * f.below);
        if (slope) store(slope + i, f.below + at * 0.39894228040143267794f * f.bell);
      }
      if (i < end) {
        const Vector<T> at = load_first(x + i, end - i);
        const Normal f = normal(at);
        store_first(y + i, at * f.below, end - i);
        if (slope) store_first(slope + i, f.below + at * 0.39894228040143267794f * f.bell, end - i);
      }
    });
  }
};

}  // namespace crisp::detail
