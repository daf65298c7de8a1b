// What the CPU's matrix products share: the tiles that they are cut into, and the product of stored bfloat16.
#pragma once
#include <algorithm>
#include <vector>

#include "crisp/core/backend.hpp"
#include "crisp/core/parallel.hpp"
#include "crisp/core/rounding.hpp"

namespace crisp::detail {

/// A tile of product i of a batch: rows [row, row + rows) and columns [col, col + cols) of its result.
struct GemmTile {
  Index i, row, rows, col, cols;
};

/// Calls f(tile) for all tiles of the batch, on several threads.
/// The tiles have a fixed size. So the order of each sum does not depend on the number of threads.
template <class T, class F>
void for_each_tile(const Gemm<T>& g, const F& f) {
  constexpr Index height = 192, width = 256;
  const Index down = ceil_div(g.m, height), across = ceil_div(g.n, width);
  const bool worth_threads = g.batch * g.m * g.n * g.k > 16384;
  parallel_for(g.batch * down * across, worth_threads, [&](Index task) {
    const Index row = task / across % down * height, col = task % across * width;
    f(GemmTile{task / (down * across), row, std::min(height, g.m - row), col, std::min(width, g.n - col)});
  });
}

/// The product of bfloat16 on device D. Such values are only stored: what is multiplied are float copies.
template <class D>
void gemm_of_copies(const Gemm<bfloat16>& g) {
  if (g.batch <= 0) return;
  const std::vector<float> a(g.a, g.a + (g.batch - 1) * g.a_stride + g.m * g.k);
  const std::vector<float> b(g.b, g.b + (g.batch - 1) * g.b_stride + g.k * g.n);
  std::vector<float> c(g.c, g.c + (g.batch - 1) * g.c_stride + g.m * g.n);
  D::gemm(Gemm<float>{.m = g.m,
                      .n = g.n,
                      .k = g.k,
                      .a = a.data(),
                      .b = b.data(),
                      .c = c.data(),
                      .a_transposed = g.a_transposed,
                      .b_transposed = g.b_transposed,
                      .beta = g.beta,
                      .batch = g.batch,
                      .a_stride = g.a_stride,
                      .b_stride = g.b_stride,
                      .c_stride = g.c_stride});
  std::copy(c.begin(), c.end(), g.c);
}

}  // namespace crisp::detail
