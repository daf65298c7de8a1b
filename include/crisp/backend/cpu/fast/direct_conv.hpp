// Direct convolution: the pixels of a row, several at a time, stay in registers while the kernel runs over
// them, without the copy of all patches that a matrix product needs. A row of a kernel reads kW C
// neighbouring numbers of the image, in (N, H, W, C) one run of memory.
#pragma once
#include <algorithm>

#include "crisp/backend/cpu/fast/packed_linear.hpp"
#include "crisp/backend/cpu/simd/scratch.hpp"
#include "crisp/core/fused_ops.hpp"
#include "crisp/core/parallel.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

template <class T>
struct DirectConv {
  const ConvSizes& s;
  Index line() const { return s.kW * s.C; }  // numbers under one row of the kernel
  bool worth_threads() const { return s.pixels() * s.taps() * s.O > 200000; }

  // The image that the kernel meets at output pixels [ow, ow + count) of row (n, oh), its rows [first, last):
  // in x itself where it lies inside, else a copy with zeros around it.
  struct Window {
    const T* at;  // kernel row `first`, output pixel ow
    Index step;   // from row to row
    Index first, last;
  };
  Window window(const T* x, Index n, Index oh, Index ow, Index count) const {
    const Index top = oh * s.stride - s.top, left = ow * s.stride - s.left,
                need = (count - 1) * s.stride + s.kW;
    const Index first = std::max<Index>(0, -top), last = std::max(first, std::min(s.kH, s.H - top));
    const T* from = x + (n * s.H + top + first) * s.W * s.C;
    if (left >= 0 && left + need <= s.W) return {from + left * s.C, s.W * s.C, first, last};
    T* copy = scratch<T, 1>(s.kH * need * s.C);
    const Index skip = std::clamp<Index>(-left, 0, need), inside = std::clamp<Index>(s.W - left, skip, need);
    for (Index row = 0; row < last - first; ++row) {
      T* to = copy + row * need * s.C;
      std::fill_n(to, skip * s.C, T(0));
      std::copy_n(from + (row * s.W + left + skip) * s.C, (inside - skip) * s.C, to + skip * s.C);
      std::fill_n(to + inside * s.C, (need - inside) * s.C, T(0));
    }
    return {copy, need * s.C, first, last};
  }

  // y = x * w + b, and its epilogue: the outputs of each pixel as vectors. b may be null.
  void run(const T* x, const T* w, const T* b, T* y, const ConvEpilogue<T>& epilogue) const {
    PackedLinear<T> layer{s.taps(), s.O};
    layer.pack(w, b, scratch<T, 0>(layer.size()));
    const Kernel<T> kernel = layer.kernel;
    const Index R = kernel.rows, cols = kernel.cols, chunk = R * 32, chunks = ceil_div(s.OW, chunk);
    Index offset[Kernel<T>::max_rows];
    for (Index r = 0; r < R; ++r) offset[r] = r * s.stride * s.C;
    parallel_for(s.N * s.OH * chunks, worth_threads(), [&](Index task) {
      const Index row = task / chunks, n = row / s.OH, oh = row % s.OH, begin = task % chunks * chunk,
                  end = std::min(s.OW, begin + chunk);
      // A row of few channels: one copy of it is better than one for every block at its ends.
      const bool small = s.C < 8;
      const Window whole = small ? window(x, n, oh, begin, round_up(end - begin, R)) : Window{};
      for (Index block = 0; block < layer.blocks; ++block) {
        const T* weights = layer.packed + block * layer.block_size;
        for (Index ow = begin; ow < end; ow += R) {
          Window in = small ? whole : window(x, n, oh, ow, R);
          if (small) in.at += (ow - begin) * s.stride * s.C;
          const Index to = (row * s.OW + ow) * s.O + block * cols;
          kernel.product({.a = in.at,
                          .offset = offset,
                          .a_col = 1,
                          .count = line(),
                          .b = weights + (1 + in.first * line()) * cols,
                          .b_row = cols,
                          .c = y + to,
                          .c_row = s.O,
                          .rows = std::min(R, end - ow),
                          .cols = std::min(cols, s.O - block * cols),
                          .bias = weights,
                          .plus = epilogue.plus ? epilogue.plus + to : nullptr,
                          .relu = epilogue.relu,
                          .segments = in.last - in.first,
                          .a_segment = in.step});
        }
      }
    });
  }

  // The same for up to P outputs, too few to fill a vector: each is a sum along the channels, and R pixels
  // share every weight.
  template <int P>
  void run_few(const T* x, const T* w, const T* b, T* y, const ConvEpilogue<T>& epilogue) const {
    constexpr int R = Simd<T>::bytes == 64 ? 24 / (P + 1) : 8 / P;
    constexpr Index chunk = R * 32;
    const Index padded = round_up(line(), width<T>), chunks = ceil_div(s.OW, chunk);
    T* packed = scratch<T, 0>(P * s.kH * padded);  // (P, kH, padded line)
    std::fill_n(packed, P * s.kH * padded, T(0));
    for (Index row = 0; row < s.O * s.kH; ++row) std::copy_n(w + row * line(), line(), packed + row * padded);
    parallel_for(s.N * s.OH * chunks, worth_threads(), [&](Index task) {
      const Index row = task / chunks, n = row / s.OH, oh = row % s.OH, begin = task % chunks * chunk,
                  end = std::min(s.OW, begin + chunk);
      for (Index ow = begin; ow < end; ow += R) {
        const Window in = window(x, n, oh, ow, R);
        Vector<T> sum[R][P] = {};
        for (Index kh = in.first; kh < in.last; ++kh)
          for (Index k = 0; k < padded; k += width<T>) {
            const T* from = in.at + (kh - in.first) * in.step + k;
            T end_of_line[R * width<T>];  // a vector that reaches over the end of the line is filled up with
                                          // zeros
            const bool over = k + width<T> > line();
            for (int r = 0; over && r < R; ++r)
              store(end_of_line + r * width<T>, load_first(from + r * s.stride * s.C, line() - k));
            if (over) from = end_of_line;
            const Index step = over ? Index(width<T>) : s.stride * s.C;
            Vector<T> weight[P];
#pragma GCC unroll 4
            for (int p = 0; p < P; ++p) weight[p] = load(packed + (p * s.kH + kh) * padded + k);
#pragma GCC unroll 12
            for (int r = 0; r < R; ++r) {
              const Vector<T> v = load(from + r * step);
#pragma GCC unroll 4
              for (int p = 0; p < P; ++p) sum[r][p] += v * weight[p];
            }
          }
        for (Index r = 0; r < std::min<Index>(R, end - ow); ++r)
          for (Index o = 0; o < s.O; ++o) {
            const Index to = (row * s.OW + ow + r) * s.O + o;
            const T value =
                (b ? b[o] : T(0)) + sum_of<T>(sum[r][o]) + (epilogue.plus ? epilogue.plus[to] : T(0));
            y[to] = epilogue.relu && value < T(0) ? T(0) : value;
          }
      }
    });
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
