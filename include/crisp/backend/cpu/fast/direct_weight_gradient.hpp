// The gradient of a convolution's weights, dw[o, k] = sum over pixels of dy[pixel, o] x[pixel under tap k],
// without a copy of all patches.
#pragma once
#include <algorithm>

#include "crisp/backend/cpu/simd/product.hpp"
#include "crisp/backend/cpu/simd/scratch.hpp"
#include "crisp/core/fused_ops.hpp"
#include "crisp/core/parallel.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

template <class T>
struct DirectWeightGradient {
  const ConvSizes& s;
  // Into which the rows are cut, each summed for itself; never a question of the threads.
  static constexpr Index max_parts = 8;
  static constexpr Index few_outputs = 3;

  // Rows of the inner loop are taps, its columns outputs; or with `few` outputs the other way round.
  void run(const T* x, const T* dy, T* dw) const {
    const bool few = s.O <= few_outputs;
    const Index taps = s.taps(), line = s.kW * s.C;
    const Kernel<T> kernel = few ? kernel_for_rows<T>(s.O) : kernel_for<T>(s.O);
    const Index R = kernel.rows, cols = kernel.cols;
    const Index across = s.pointwise() ? 256 : s.OW;  // pixels of a row: without neighbours any cut will do
    const Index rows = ceil_div(s.pixels(), across), parts = std::min(max_parts, rows);
    const Index lines = few ? s.kH * round_up(line, cols) : round_up(s.O, cols);  // numbers of a row of sums
    const Index size = (few ? s.O : round_up(taps, R)) * lines;
    T* sums = scratch<T, 2>(parts * size);
    parallel_for(parts, s.pixels() * taps * s.O > 200000, [&](Index part) {
      T* sum = sums + part * size;
      std::fill_n(sum, size, T(0));
      for (Index row = part * rows / parts; row < (part + 1) * rows / parts; ++row) {
        Index step = 0;
        const Index count = std::min(across, s.pixels() - row * across);
        const T* in = padded_rows(x, row, count, step, few ? cols : 0);
        const T* out = few ? dy + row * across * s.O : wider(dy + row * across * s.O, count, lines);
        if (few) add_few(kernel, in, step, out, count, sum, lines);
        else add(kernel, in, step, out, count, sum, lines);
      }
    });
    parallel_for(s.O, true, [&](Index o) {
      for (Index k = 0; k < taps; ++k) {
        const T* from = sums + (few ? o * lines + k / line * round_up(line, cols) + k % line : k * lines + o);
        T sum = 0;
        for (Index part = 0; part < parts; ++part) sum += from[part * size];
        dw[o * taps + k] = sum;
      }
    });
  }

 private:
  // All taps of one row of `count` pixels: tap k of pixel 0 is in[k / line * step + k % line].
  void add(const Kernel<T>& kernel, const T* in, Index step, const T* out, Index count, T* sum,
           Index O) const {
    const Index line = s.kW * s.C, taps = s.taps();
    for (Index k = 0; k < taps; k += kernel.rows) {
      Index offset[Kernel<T>::max_rows];
      for (Index r = 0; r < kernel.rows; ++r)
        offset[r] = k + r < taps ? (k + r) / line * step + (k + r) % line : 0;
      for (Index o = 0; o < O; o += kernel.cols) {
        T* to = sum + k * O + o;
        kernel.product({.a = in,
                        .offset = offset,
                        .a_col = s.stride * s.C,
                        .count = count,
                        .b = out + o,
                        .b_row = O,
                        .c = to,
                        .c_row = O,
                        .rows = kernel.rows,
                        .cols = kernel.cols,
                        .plus = to});
      }
    }
  }
  void add_few(const Kernel<T>& kernel, const T* in, Index step, const T* out, Index count, T* sum,
               Index lines) const {
    Index offset[Kernel<T>::max_rows];
    for (Index r = 0; r < kernel.rows; ++r) offset[r] = std::min(r, s.O - 1);
    for (Index kh = 0; kh < s.kH; ++kh)
      for (Index k = 0; k < lines / s.kH; k += kernel.cols) {
        T* to = sum + kh * (lines / s.kH) + k;
        kernel.product({.a = out,
                        .offset = offset,
                        .a_col = s.O,
                        .count = count,
                        .b = in + kh * step + k,
                        .b_row = s.stride * s.C,
                        .c = to,
                        .c_row = lines,
                        .rows = s.O,
                        .cols = kernel.cols,
                        .plus = to});
      }
  }

  // The kH rows of x under a row of `count` pixels, zeros around the image and `slack` more at the end.
  const T* padded_rows(const T* x, Index row, Index count, Index& step, Index slack) const {
    const Index n = row / s.OH, top = row % s.OH * s.stride - s.top, need = (count - 1) * s.stride + s.kW;
    const bool inside_rows = top >= 0 && top + s.kH <= s.H && s.left == 0 && need <= s.W;
    const T* from = s.pointwise() ? x + row * 256 * s.C : x + (n * s.H + top) * s.W * s.C;
    step = inside_rows && !slack ? s.W * s.C : need * s.C + slack;
    if (!slack && (s.pointwise() || inside_rows)) return from;
    T* copy = scratch<T, 1>(s.kH * step);
    const Index inside = s.pointwise() ? need : std::clamp<Index>(s.W + s.left, 0, need),
                skip = std::min(s.left, inside);
    for (Index kh = 0; kh < s.kH; ++kh) {
      T* to = copy + kh * step;
      const bool there = s.pointwise() || (top + kh >= 0 && top + kh < s.H);
      std::fill_n(to, (there ? skip : need) * s.C, T(0));
      if (there) std::copy_n(from + kh * s.W * s.C, (inside - skip) * s.C, to + skip * s.C);
      if (there) std::fill_n(to + inside * s.C, (need - inside) * s.C, T(0));
      std::fill_n(to + need * s.C, slack, T(0));
    }
    return copy;
  }
  // `count` pixels of dy, each filled up with zeros to `row` numbers.
  const T* wider(const T* dy, Index count, Index row) const {
    if (row == s.O) return dy;
    T* copy = scratch<T, 3>(count * row);
    for (Index p = 0; p < count; ++p) {
      std::copy_n(dy + p * s.O, s.O, copy + p * row);
      std::fill_n(copy + p * row + s.O, row - s.O, T(0));
    }
    return copy;
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
