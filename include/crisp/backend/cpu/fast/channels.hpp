// Passes over the rows of a matrix (rows, C) that do something for each channel: every number is read once, C
// in vectors. The sum of the rows is one: the gradient of a bias.
#pragma once
#include <algorithm>
#include <concepts>

#include "crisp/backend/cpu/simd/scratch.hpp"
#include "crisp/backend/cpu/simd/vector.hpp"
#include "crisp/core/parallel.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

// Calls f(channel, count, v...) for vectors of neighbouring channels, count of them, for all C.
template <class T, class F>
[[gnu::always_inline]] inline void for_channels(Index C, const F& f) {
  Index c = 0;
  for (; c + width<T> <= C; c += width<T>) f(c, Index(width<T>));
  if (c < C) f(c, C - c);
}

// The rows in chunks of fixed size, so that no sum depends on the threads.
struct Chunks {
  Index rows, C;
  Index size() const { return std::max<Index>({256, ceil_div(rows, 64), 1}); }
  Index count() const { return ceil_div(rows, size()); }
  template <class F>
  void each(const F& f) const {
    parallel_for(count(), rows * C > 16384,
                 [&](Index chunk) { f(chunk, chunk * size(), std::min(rows, (chunk + 1) * size())); });
  }
};

// sums (S, C) = the sums over all rows of what f(row, channel, count, add) adds: add(s, v) for vectors v, s
// in [0, S).
template <class T, int S, class F>
void sum_channels(Index rows, Index C, T* sums, const F& f) {
  const Chunks chunks{rows, C};
  const Index padded = round_up(C, width<T>), stride = S * padded;
  T* parts = scratch<T, 5>(chunks.count() * stride);
  chunks.each([&](Index chunk, Index first, Index last) {
    T* part = parts + chunk * stride;
    std::fill_n(part, stride, T(0));
    for (Index row = first; row < last; ++row)
      for_channels<T>(C, [&](Index c, Index count) {
        f(row, c, count,
          [&](int s, const Vector<T>& v) { store(part + s * padded + c, load(part + s * padded + c) + v); });
      });
  });
  for (Index i = 0; i < S * C; ++i) {
    T sum = 0;
    for (Index chunk = 0; chunk < chunks.count(); ++chunk)
      sum += parts[chunk * stride + i / C * padded + i % C];
    sums[i] = sum;
  }
}

struct FastSumRows {
  /// sums (C) = the sum over the rows of x (rows, C).
  template <std::floating_point T>
  static bool sum_rows(const T* x, Index rows, Index C, T* sums) {
    sum_channels<T, 1>(rows, C, sums, [&](Index row, Index c, Index count, const auto& add) {
      add(0, load_first(x + row * C + c, count));
    });
    return true;
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
