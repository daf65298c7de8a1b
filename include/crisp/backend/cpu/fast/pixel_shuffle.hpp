// Pixel shuffle on the CPU: each pixel is read and written once, with no index to divide.
#pragma once
#include <algorithm>
#include <concepts>

#include "crisp/backend/cpu/simd/scratch.hpp"
#include "crisp/core/parallel.hpp"

CRISP_INDEPENDENT_BEGIN

namespace crisp::cpu::inline CRISP_CPU_KIND {

struct FastPixelShuffle {
  /// x (N, H, W, r r C) -> y (N, r H, r W, C), see ops/pixel_shuffle.hpp; `back`: from y to x. A row of x
  /// lies where r rows of y do, so both may be the same memory.
  template <std::floating_point T>
  static bool pixel_shuffle(const T* source, T* to, Index N, Index H, Index W, Index C, Index r, bool back) {
    parallel_for(N * H, N * H * W * C * r * r > 16384, [&](Index row) {
      const T* from = source;
      if (source == to) {
        const Index size = W * C * r * r;
        T* copy = scratch<T, 1>(size);
        std::copy_n(source + row * size, size, copy);
        from = copy - row * size;
      }
      for (Index w = 0; w < W; ++w)
        for (Index i = 0; i < r; ++i)
          for (Index j = 0; j < r; ++j) {
            const Index small = (row * W + w) * r * r * C + i * r + j,
                        large = ((row * r + i) * W * r + w * r + j) * C, step = r * r;
            if (back) {
              CRISP_INDEPENDENT
              for (Index c = 0; c < C; ++c) to[small + c * step] = from[large + c];
            } else {
              CRISP_INDEPENDENT
              for (Index c = 0; c < C; ++c) to[large + c] = from[small + c * step];
            }
          }
    });
    return true;
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND

CRISP_INDEPENDENT_END
