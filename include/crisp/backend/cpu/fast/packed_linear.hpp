// The weights of a layer in the order in which product.hpp reads them, and the layer on rows of numbers.
#pragma once
#include <algorithm>

#include "crisp/backend/cpu/simd/product.hpp"
#include "crisp/backend/cpu/simd/scratch.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

// Weights w (O, K) and bias b (O), which may be null, as (blocks of columns, bias and K, columns), zeros
// beyond O.
template <class T>
struct PackedLinear {
  Index K, O;
  Kernel<T> kernel = kernel_for<T>(O);
  Index blocks = ceil_div(O, kernel.cols), block_size = (K + 1) * kernel.cols;
  T* packed = nullptr;

  Index size() const { return blocks * block_size; }

  // Into `memory`, of size() numbers.
  void pack(const T* w, const T* b, T* memory) {
    packed = memory;
    for (Index o = 0; o < blocks * kernel.cols; ++o) {
      T* to = packed + o / kernel.cols * block_size + o % kernel.cols;
      to[0] = b && o < O ? b[o] : T(0);
      for (Index k = 0; k < K; ++k) to[(k + 1) * kernel.cols] = o < O ? w[o * K + k] : T(0);
    }
  }

  // y (rows, O) = x (rows, K) w^T + b, plus rows like those of y if they are given, which may be y.
  void operator()(const T* x, Index rows, T* y, const T* plus = nullptr) const {
    for (Index block = 0; block < blocks; ++block)
      for (Index row = 0; row < rows; row += kernel.rows) {
        const Index count = std::min(kernel.rows, rows - row), to = row * O + block * kernel.cols;
        Index offset[Kernel<T>::max_rows];
        for (Index r = 0; r < kernel.rows; ++r) offset[r] = std::min(r, count - 1) * K;
        const T* weights = packed + block * block_size;
        kernel.product({.a = x + row * K,
                        .offset = offset,
                        .a_col = 1,
                        .count = K,
                        .b = weights + kernel.cols,
                        .b_row = kernel.cols,
                        .c = y + to,
                        .c_row = O,
                        .rows = count,
                        .cols = std::min(kernel.cols, O - block * kernel.cols),
                        .bias = weights,
                        .plus = plus ? plus + to : nullptr});
      }
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
