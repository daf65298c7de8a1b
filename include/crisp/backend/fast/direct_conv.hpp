// Direct convolution: the pixels of a row, R at a time, stay in registers while the kernel runs over them, without the copy of all patches
// that a matrix product needs. A row of a kernel reads kW C neighbouring numbers of the image, in (N, H, W, C) one run of memory.
#pragma once
#include <algorithm>

#include "crisp/backend/fast/block.hpp"
#include "crisp/backend/fast/scratch.hpp"
#include "crisp/core/backend.hpp"
#include "crisp/core/parallel.hpp"

namespace crisp::detail {

template <class T>
struct DirectConv {
  const ConvSizes& s;
  Index line() const { return s.kW * s.C; }                       // numbers under one row of the kernel
  bool worth_threads() const { return s.pixels() * s.taps() * s.O > 200000; }

  // The image that the kernel meets at output pixels [ow, ow + count) of row (n, oh), its rows [first, last): in x itself where it lies
  // inside, else a copy with zeros around it.
  struct Window {
    const T* at;  // kernel row `first`, output pixel ow
    Index step;   // from row to row
    Index first, last;
  };
  Window window(const T* x, Index n, Index oh, Index ow, Index count) const {
    const Index top = oh * s.stride - s.top, left = ow * s.stride - s.left, need = (count - 1) * s.stride + s.kW;
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

  // y = x * w + b, and relu of it if wanted: O numbers of each pixel as vectors, V at a time. b may be null.
  template <int V>
  void run(const T* x, const T* w, const T* b, T* y, bool relu) const {
    constexpr int R = rows_for<V>;
    constexpr Index cols = V * width<T>, chunk = R * 32;
    const Index blocks = (s.O + cols - 1) / cols, chunks = (s.OW + chunk - 1) / chunk;
    T* packed = scratch<T, 0>(blocks * (s.taps() + 1) * cols);  // (blocks, bias and taps, cols), zeros beyond O
    for (Index o = 0; o < blocks * cols; ++o) {
      T* to = packed + o / cols * (s.taps() + 1) * cols + o % cols;
      to[0] = b && o < s.O ? b[o] : T(0);
      for (Index k = 0; k < s.taps(); ++k) to[(k + 1) * cols] = o < s.O ? w[o * s.taps() + k] : T(0);
    }
    parallel_for(s.N * s.OH * chunks, worth_threads(), [&](Index task) {
      const Index row = task / chunks, n = row / s.OH, oh = row % s.OH, begin = task % chunks * chunk, end = std::min(s.OW, begin + chunk);
      for (Index block = 0; block < blocks; ++block) {
        const T* weights = packed + block * (s.taps() + 1) * cols;
        for (Index ow = begin; ow < end; ow += R) {
          const Window in = window(x, n, oh, ow, R);
          Block<T, R, V> sums;
          sums.fill(weights);
          for (Index kh = in.first; kh < in.last; ++kh)
            sums.add(in.at + (kh - in.first) * in.step, s.stride * s.C, 1, weights + (1 + kh * line()) * cols, cols, line());
          if (relu) sums.relu();
          sums.write(y + (row * s.OW + ow) * s.O + block * cols, s.O, std::min<Index>(R, end - ow), std::min(cols, s.O - block * cols));
        }
      }
    });
  }

  // The same for up to P outputs, too few to fill a vector: each is a sum along the channels, and R pixels share every weight.
  template <int P>
  void run_few(const T* x, const T* w, const T* b, T* y, bool relu) const {
    constexpr int R = Simd<T>::bytes == 64 ? 24 / (P + 1) : 8 / P;
    constexpr Index chunk = R * 32;
    const Index padded = round_up(line(), width<T>), chunks = (s.OW + chunk - 1) / chunk;
    T* packed = scratch<T, 0>(P * s.kH * padded);  // (P, kH, padded line)
    std::fill_n(packed, P * s.kH * padded, T(0));
    for (Index row = 0; row < s.O * s.kH; ++row) std::copy_n(w + row * line(), line(), packed + row * padded);
    parallel_for(s.N * s.OH * chunks, worth_threads(), [&](Index task) {
      const Index row = task / chunks, n = row / s.OH, oh = row % s.OH, begin = task % chunks * chunk, end = std::min(s.OW, begin + chunk);
      for (Index ow = begin; ow < end; ow += R) {
        const Window in = window(x, n, oh, ow, R);
        Vector<T> sum[R][P] = {};
        const auto add = [&](Index kh, Index k, auto read) {
          Vector<T> weight[P];
#pragma GCC unroll 4
          for (int p = 0; p < P; ++p) weight[p] = load(packed + (p * s.kH + kh) * padded + k);
#pragma GCC unroll 12
          for (int r = 0; r < R; ++r) {
            const Vector<T> v = read(in.at + (kh - in.first) * in.step + r * s.stride * s.C + k);
#pragma GCC unroll 4
            for (int p = 0; p < P; ++p) sum[r][p] += v * weight[p];
          }
        };
        for (Index kh = in.first; kh < in.last; ++kh) {
          Index k = 0;
          for (; k + width<T> <= line(); k += width<T>) add(kh, k, [](const T* p) { return load(p); });
          if (k < line()) add(kh, k, [rest = line() - k](const T* p) { return load_first(p, rest); });
        }
        for (Index r = 0; r < std::min<Index>(R, end - ow); ++r)
          for (Index o = 0; o < s.O; ++o) {
            const T value = (b ? b[o] : T(0)) + sum_of<T>(sum[r][o]);
            y[(row * s.OW + ow + r) * s.O + o] = relu && value < T(0) ? T(0) : value;
          }
      }
    });
  }
};

// The gradient of the weights, dw[o, k] = sum over pixels of dy[pixel, o] x[pixel under tap k].
template <class T>
struct DirectWeightGradient {
  const ConvSizes& s;
  static constexpr Index most_parts = 8;  // into which the rows are cut, each summed for itself; never a question of the threads

  // R taps times V vectors of outputs; `few` turns it round for few outputs: R outputs times V vectors of taps.
  template <int R, int V, bool few>
  void run(const T* x, const T* dy, T* dw) const {
    constexpr Index cols = V * width<T>;
    const Index across = s.pointwise() ? 256 : s.OW;  // pixels of a row: without neighbours any cut will do
    const Index taps = s.taps(), line = s.kW * s.C, rows = (s.pixels() + across - 1) / across, parts = std::min(most_parts, rows);
    const Index lines = few ? s.kH * round_up(line, cols) : round_up(s.O, cols);  // numbers of a row of sums
    const Index size = (few ? R : round_up(taps, R)) * lines;
    T* sums = scratch<T, 2>(parts * size);
    parallel_for(parts, s.pixels() * taps * s.O > 200000, [&](Index part) {
      T* sum = sums + part * size;
      std::fill_n(sum, size, T(0));
      for (Index row = part * rows / parts; row < (part + 1) * rows / parts; ++row) {
        Index step = 0;
        const Index count = std::min(across, s.pixels() - row * across);
        const T* in = padded_rows(x, row, count, step, few ? cols : 0);
        const T* out = wider(dy + row * across * s.O, count, few ? R : round_up(s.O, cols));
        if constexpr (few) add_few<R, V>(in, step, out, count, sum);
        else add<R, V>(in, step, out, count, sum);
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
  template <int R, int V>
  void add(const T* in, Index step, const T* out, Index count, T* sum) const {
    constexpr Index cols = V * width<T>;
    const Index line = s.kW * s.C, taps = s.taps(), O = round_up(s.O, cols);
    for (Index k = 0; k < taps; k += R) {
      Index offset[R];
      for (int r = 0; r < R; ++r) offset[r] = k + r < taps ? (k + r) / line * step + (k + r) % line : 0;
      for (Index o = 0; o < O; o += cols) {
        Block<T, R, V> block;
        block.read(sum + k * O + o, O);
        block.add(in, offset, s.stride * s.C, out + o, O, count);
        block.write(sum + k * O + o, O);
      }
    }
  }
  template <int R, int V>
  void add_few(const T* in, Index step, const T* out, Index count, T* sum) const {
    constexpr Index cols = V * width<T>;
    const Index line = round_up(s.kW * s.C, cols);
    for (Index kh = 0; kh < s.kH; ++kh)
      for (Index k = 0; k < line; k += cols) {
        Block<T, R, V> block;
        T* to = sum + kh * line + k;
        block.read(to, s.kH * line);
        block.add(out, 1, R, in + kh * step + k, s.stride * s.C, count);
        block.write(to, s.kH * line);
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
    const Index inside = s.pointwise() ? need : std::clamp<Index>(s.W + s.left, 0, need), skip = std::min(s.left, inside);
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
  // `count` pixels of dy, each filled up with zeros to `wide` numbers.
  const T* wider(const T* dy, Index count, Index wide) const {
    if (wide == s.O) return dy;
    T* copy = scratch<T, 3>(count * wide);
    for (Index p = 0; p < count; ++p) {
      std::copy_n(dy + p * s.O, s.O, copy + p * wide);
      std::fill_n(copy + p * wide + s.O, wide - s.O, T(0));
    }
    return copy;
  }
};

}  // namespace crisp::detail
