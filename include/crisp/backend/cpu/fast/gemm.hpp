// The fast matrix product of the CPU backend: blocks of sums in registers (product.hpp), for which B is
// copied once into the order in which they read it (Goto and van de Geijn 2008). Tiles and the order within
// them are fixed: results do not depend on the threads.
#pragma once
#include <algorithm>
#include <vector>

#include "crisp/backend/cpu/gemm_tiles.hpp"
#include "crisp/backend/cpu/simd/product.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

template <class T>
struct FastTile {
  static constexpr Index depth = 256;  // of a block along k: its part of B stays in the second cache

  const Gemm<T>& g;
  Index a_row, a_col;  // steps in a from row to row, and from k to k
  std::vector<T>& packed;

  // Rows [m, m + mm) and columns [n, n + nn) of product i.
  void run(Index i, Index m, Index mm, Index n, Index nn) const {
    const T* a = g.a + i * g.a_stride + m * a_row;
    T* c = g.c + i * g.c_stride + m * g.n + n;
    if (g.k == 0 && g.beta == T(0))
      for (Index r = 0; r < mm; ++r) std::fill_n(c + r * g.n, nn, T(0));
    if (nn * 4 <= width<T> && a_col == 1) return dots(i, a, n, nn, mm, c);
    for (Index k = 0; k < g.k; k += depth) {
      const Index kk = std::min(depth, g.k - k);
      const bool add = k > 0 || g.beta != T(0);
      for (Index col = 0; col < nn;) {
        const Kernel<T> kernel = kernel_for<T>(nn - col);
        panel(kernel, i, a + k * a_col, k, kk, n + col, std::min(kernel.cols, nn - col), mm, c + col, add);
        col += kernel.cols;
      }
    }
  }

 private:
  // All rows times the columns of one block.
  void panel(const Kernel<T>& kernel, Index i, const T* a, Index k, Index kk, Index n, Index cols, Index mm,
             T* c, bool add) const {
    pack(i, k, kk, n, cols, kernel.cols);
    for (Index row = 0; row < mm; row += kernel.rows) {
      const Index rows = std::min(kernel.rows, mm - row);
      Index offset[Kernel<T>::max_rows];
      for (Index r = 0; r < kernel.rows; ++r) offset[r] = (row + std::min(r, rows - 1)) * a_row;
      T* to = c + row * g.n;
      kernel.product({.a = a,
                      .offset = offset,
                      .a_col = a_col,
                      .count = kk,
                      .b = packed.data(),
                      .b_row = kernel.cols,
                      .c = to,
                      .c_row = g.n,
                      .rows = rows,
                      .cols = cols,
                      .plus = add ? to : nullptr});
    }
  }

  // Few columns would leave most of a vector empty: so each element is a sum along k, four vectors at a time.
  void dots(Index i, const T* a, Index n, Index nn, Index mm, T* c) const {
    if (Index(packed.size()) < g.k) packed.resize(std::size_t(g.k));
    for (Index j = n; j < n + nn; ++j) {
      const T* b = g.b + i * g.b_stride + j * g.k;
      if (!g.b_transposed) {
        for (Index p = 0; p < g.k; ++p) packed[std::size_t(p)] = g.b[i * g.b_stride + p * g.n + j];
        b = packed.data();
      }
      for (Index r = 0; r < mm; ++r) {
        const T sum = dot(a + r * a_row, b);
        T& y = c[r * g.n + j - n];
        y = g.beta == T(0) ? sum : y + sum;
      }
    }
  }
  T dot(const T* a, const T* b) const {
    Vector<T> part[4] = {};
    Index p = 0;
    for (; p + 4 * width<T> <= g.k; p += 4 * width<T>)
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) part[v] += load(a + p + v * width<T>) * load(b + p + v * width<T>);
    T sum = sum_of<T>(part[0] + part[1] + (part[2] + part[3]));
    for (; p < g.k; ++p) sum += a[p] * b[p];
    return sum;
  }

  // B's rows [k, k + kk) and columns [n, n + cols), each row filled up with zeros to `row` numbers.
  void pack(Index i, Index k, Index kk, Index n, Index cols, Index row) const {
    if (Index(packed.size()) < kk * row) packed.resize(std::size_t(kk * row));
    T* to = packed.data();
    const T* b = g.b + i * g.b_stride;
    for (Index p = 0; p < kk; ++p, to += row) {
      if (g.b_transposed)
        for (Index j = 0; j < cols; ++j) to[j] = b[(n + j) * g.k + k + p];
      else std::copy_n(b + (k + p) * g.n + n, cols, to);
      std::fill(to + cols, to + row, T(0));
    }
  }
};

struct FastGemm {
  template <class T>
  static void gemm(const Gemm<T>& g) {
    detail::for_each_tile(g, [&](const detail::GemmTile& t) { multiply(g, t); });
  }
  static void gemm(const Gemm<bfloat16>& g) { detail::gemm_of_copies<FastGemm>(g); }

 private:
  template <class T>
  static void multiply(const Gemm<T>& g, const detail::GemmTile& t) {
    thread_local std::vector<T> packed;
    const Index a_row = g.a_transposed ? 1 : g.k, a_col = g.a_transposed ? g.m : 1;
    FastTile<T>{g, a_row, a_col, packed}.run(t.i, t.row, t.rows, t.col, t.cols);
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
