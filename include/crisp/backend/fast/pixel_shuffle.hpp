// Pixel shuffle on the CPU: each pixel is read and written once, with no index to divide.
#pragma once
#include "crisp/core/parallel.hpp"

namespace crisp::detail {

struct FastPixelShuffle {
  /// x (N, H, W, r r C) -> y (N, r H, r W, C), see ops/pixel_shuffle.hpp; `back`: from y to x.
  template <class T>
  static void pixel_shuffle(const T* from, T* to, Index N, Index H, Index W, Index C, Index r, bool back) {
    parallel_for(N * H, N * H * W * C * r * r > 16384, [&](Index row) {
      for (Index w = 0; w < W; ++w)
        for (Index i = 0; i < r; ++i)
          for (Index j = 0; j < r; ++j) {
            const Index small = (row * W + w) * r * r * C + i * r + j, large = ((row * r + i) * W * r + w * r + j) * C, step = r * r;
            if (back)
#pragma GCC ivdep
              for (Index c = 0; c < C; ++c) to[small + c * step] = from[large + c];
            else
#pragma GCC ivdep
              for (Index c = 0; c < C; ++c) to[large + c] = from[small + c * step];
          }
    });
  }
};

}  // namespace crisp::detail
