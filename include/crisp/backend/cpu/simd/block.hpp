// The inner loop of every product here: R rows times V vectors of sums stay in registers while k runs (Goto
// and van de Geijn 2008). For each k, V vectors of b and R single numbers of a are read for R V
// multiplications: far more arithmetic than memory.
#pragma once
#include "crisp/backend/cpu/simd/vector.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

// How many sums the registers hold: V vectors and so many rows of them.
inline constexpr int wide = Simd<float>::bytes == 64 ? 4 : 2;
template <int V>
inline constexpr bool few_rows = Simd<float>::bytes == 64 ? V != 1 : V == 2;
template <int V>
inline constexpr int rows_for = few_rows<V> ? 6 : 12;

template <class T, int R, int V>
struct Block {
  Vector<T> sum[R][V];

  [[gnu::always_inline]] void clear() {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[r][v] = Vector<T>{};
  }
  // Row r begins as the V vectors of p + r step.
  [[gnu::always_inline]] void read(const T* p, Index step) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[r][v] = load(p + r * step + v * width<T>);
  }
  [[gnu::always_inline]] void write(T* p, Index step) const {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) store(p + r * step + v * width<T>, sum[r][v]);
  }
  // The first `rows` rows and `cols` columns alone.
  [[gnu::always_inline]] void write(T* p, Index step, Index rows, Index cols) const {
    if (rows == R && cols == V * width<T>) return write(p, step);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v)
        if (r < rows && v * width<T> < cols)
          store_first(p + r * step + v * width<T>, sum[r][v], cols - v * width<T>);
  }
  // Adds the V vectors of p + r step to row r.
  [[gnu::always_inline]] void plus(const T* p, Index step) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[r][v] += load(p + r * step + v * width<T>);
  }
  [[gnu::always_inline]] void relu() {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[r][v] = sum[r][v] < Vector<T>{} ? Vector<T>{} : sum[r][v];
  }

  // sum[r] += the sum over k of a[offset[r] + k a_col] b[k b_row + ...].
  [[gnu::always_inline]] void add(const T* a, const Index (&offset)[R], Index a_col, const T* b, Index b_row,
                                  Index count) {
    for (Index k = 0; k < count; ++k, a += a_col, b += b_row) {
      Vector<T> column[V];
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) column[v] = load(b + v * width<T>);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const T x = a[offset[r]];
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) sum[r][v] += x * column[v];
      }
    }
  }
  // The same for rows of a that lie a_row apart.
  [[gnu::always_inline]] void add(const T* a, Index a_row, Index a_col, const T* b, Index b_row,
                                  Index count) {
    Index offset[R];
    for (int r = 0; r < R; ++r) offset[r] = r * a_row;
    add(a, offset, a_col, b, b_row, count);
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
