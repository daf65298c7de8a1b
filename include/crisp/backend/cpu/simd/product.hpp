// The product that matrix products, convolutions and their gradients are made of: a block of sums (block.hpp)
// with a beginning, an inner loop and an end, compiled once for each shape of the block.
#pragma once
#include <algorithm>

#include "crisp/backend/cpu/simd/block.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

// c[r] = bias + plus[r] + the sum over segments s and k < count of a[offset[r] + s a_segment + k a_col] b[(s
// count + k) b_row ...], for the first `rows` rows and `cols` columns, and relu of it if wanted. b and bias
// are read in whole vectors.
template <class T>
struct Product {
  const T* a;
  const Index* offset;  // one for each row of the kernel, also beyond `rows`: what they read is not used
  Index a_col, count;
  const T* b;
  Index b_row;
  T* c;
  Index c_row, rows, cols;
  const T* bias = nullptr;  // a row, or null: zero
  const T* plus = nullptr;  // rows as those of c, or c itself, or null: zero
  bool relu = false;
  Index segments = 1, a_segment = 0;
};

// `rows` rows of `cols` numbers, in whole vectors as far as they go.
template <class T>
inline void copy_rows(const T* from, Index from_row, T* to, Index to_row, Index rows, Index cols) {
  for (Index r = 0; r < rows; ++r, from += from_row, to += to_row) {
    Index c = 0;
    for (; c + width<T> <= cols; c += width<T>) store(to + c, load(from + c));
    copy_first(to + c, from + c, cols - c);
  }
}

template <class T, int R, int V>
[[gnu::noinline]] void product(const Product<T>& p) {
  constexpr Index cols = V * width<T>;
  const bool whole = p.rows == R && p.cols == cols;
  T edge[R * cols];  // where the block reaches over the edge of c
  Block<T, R, V> sums;
  if (p.bias) sums.read(p.bias, 0);
  else sums.clear();
  Index offset[R];
  std::copy_n(p.offset, R, offset);
  for (Index s = 0; s < p.segments; ++s)
    sums.add(p.a + s * p.a_segment, offset, p.a_col, p.b + s * p.count * p.b_row, p.b_row, p.count);
  if (p.plus) {
    if (!whole) copy_rows(p.plus, p.c_row, edge, cols, p.rows, p.cols);
    sums.plus(whole ? p.plus : edge, whole ? p.c_row : cols);
  }
  if (p.relu) sums.relu();
  sums.write(whole ? p.c : edge, whole ? p.c_row : cols);
  if (!whole) copy_rows(edge, cols, p.c, p.c_row, p.rows, p.cols);
}

// A shape of the block.
template <class T>
struct Kernel {
  static constexpr Index max_rows = 12;
  Index rows, cols;
  void (*product)(const Product<T>&);
};

// The shape for so many columns: as many sums as there are registers for, and few columns beyond the edge.
template <class T>
Kernel<T> kernel_for(Index columns) {
  if (columns <= width<T>) return {12, width<T>, product<T, 12, 1>};
  if (columns <= 2 * width<T>) return {6, 2 * width<T>, product<T, 6, 2>};
  return {6, wide * width<T>, product<T, 6, wide>};
}
// The same for few rows, with more columns instead.
template <class T>
Kernel<T> kernel_for_rows(Index rows) {
  if (rows == 1) return {1, 8 * width<T>, product<T, 1, 8>};
  return {3, 4 * width<T>, product<T, 3, 4>};
}

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
