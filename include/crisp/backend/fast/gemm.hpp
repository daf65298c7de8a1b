// The fast matrix product of the CPU backend: six rows times four vectors of columns stay in registers, and B is copied once into
// the order in which they read it (Goto and van de Geijn 2008). Portable vector code: GCC and Clang cut a vector to what the
// processor has. Results do not depend on the number of threads, as tiles and the order within them are fixed.
#pragma once
#include <algorithm>
#include <vector>

#include "crisp/backend/fast/vector.hpp"
#include "crisp/core/backend.hpp"
#if defined(__CUDACC__)
#pragma nv_diag_suppress 1675  // nvcc passes "GCC unroll" on to g++, and warns
#endif

namespace crisp::detail {

template <class T>
struct GemmTile {
  static constexpr int width = detail::width<T>, vectors = Simd<T>::bytes == 64 ? 4 : 2, rows = 6;  // as many as there are registers for
  static constexpr Index depth = 256;  // of a block along k: its part of B stays in the second cache
  using Vector = detail::Vector<T>;
  using Packed = typename Simd<T>::Packed;

  const Gemm<T>& g;
  Index a_row, a_col;  // steps in a from row to row, and from k to k
  std::vector<T>& packed;

  // Rows [m, m + mm) and columns [n, n + nn) of product i.
  void run(Index i, Index m, Index mm, Index n, Index nn) const {
    const T* a = g.a + i * g.a_stride + m * a_row;
    T* c = g.c + i * g.c_stride + m * g.n + n;
    if (g.k == 0 && g.beta == T(0))
      for (Index r = 0; r < mm; ++r) std::fill_n(c + r * g.n, nn, T(0));
    if (nn * 4 <= width && a_col == 1) return dots(i, a, n, nn, mm, c);
    for (Index k = 0; k < g.k; k += depth) {
      const Index kk = std::min(depth, g.k - k);
      const bool add = k > 0 || g.beta != T(0);
      for (Index col = 0; col < nn; col += width * vectors) {
        const Index cols = std::min<Index>(width * vectors, nn - col);
        switch ((cols + width - 1) / width) {
          case 1: panel<1>(i, a + k * a_col, k, kk, n + col, cols, mm, c + col, add); break;
          case 2: panel<2>(i, a + k * a_col, k, kk, n + col, cols, mm, c + col, add); break;
          case 3: panel<(vectors > 2 ? 3 : 1)>(i, a + k * a_col, k, kk, n + col, cols, mm, c + col, add); break;
          default: panel<vectors>(i, a + k * a_col, k, kk, n + col, cols, mm, c + col, add);
        }
      }
    }
  }

 private:
  // All rows times up to V vectors of columns.
  template <int V>
  void panel(Index i, const T* a, Index k, Index kk, Index n, Index cols, Index mm, T* c, bool add) const {
    pack<V>(i, k, kk, n, cols);
    Index r = 0;
    for (; r + rows <= mm; r += rows) block<rows, V>(a + r * a_row, kk, c + r * g.n, cols, add);
    for (; r < mm; ++r) block<1, V>(a + r * a_row, kk, c + r * g.n, cols, add);
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
    Vector part[4] = {};
    Index p = 0;
    for (; p + 4 * width <= g.k; p += 4 * width)
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) part[v] += reinterpret_cast<const Packed*>(a + p)[v] * reinterpret_cast<const Packed*>(b + p)[v];
    part[0] += part[1] + (part[2] + part[3]);
    T sum = 0;
    for (int v = 0; v < width; ++v) sum += part[0][v];
    for (; p < g.k; ++p) sum += a[p] * b[p];
    return sum;
  }

  // B's rows [k, k + kk) and columns [n, n + cols), as V vectors after V vectors, filled up with zeros.
  template <int V>
  void pack(Index i, Index k, Index kk, Index n, Index cols) const {
    if (Index(packed.size()) < kk * V * width) packed.resize(std::size_t(kk * V * width));
    T* to = packed.data();
    const T* b = g.b + i * g.b_stride;
    for (Index p = 0; p < kk; ++p, to += V * width) {
      if (g.b_transposed)
        for (Index j = 0; j < cols; ++j) to[j] = b[(n + j) * g.k + k + p];
      else
        std::memcpy(to, b + (k + p) * g.n + n, std::size_t(cols) * sizeof(T));
      std::fill(to + cols, to + V * width, T(0));
    }
  }

  template <int R, int V>
  void block(const T* a, Index kk, T* c, Index cols, bool add) const {
    Vector sum[R][V] = {};
    const Packed* b = reinterpret_cast<const Packed*>(packed.data());
    for (Index p = 0; p < kk; ++p, b += V) {
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const T x = a[r * a_row + p * a_col];
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) sum[r][v] += x * b[v];
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      T* to = c + r * g.n;
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        T values[width];
        std::memcpy(values, &sum[r][v], sizeof values);
        const Index count = std::min<Index>(width, cols - v * width);
        for (Index j = 0; j < count; ++j) to[v * width + j] = add ? to[v * width + j] + values[j] : values[j];
      }
    }
  }
};

}  // namespace crisp::detail
