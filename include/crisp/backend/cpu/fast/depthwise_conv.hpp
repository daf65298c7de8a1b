// Depthwise convolution on the CPU: each channel is convolved for itself, with weights of its own. A tap of
// the kernel multiplies a whole row of pixels, in (N, H, W, C) one run of numbers, by the weights of the C
// channels, which repeat along the row. No copy of patches is made.
#pragma once
#include <algorithm>
#include <concepts>
#include <numeric>

#include "crisp/backend/cpu/simd/scratch.hpp"
#include "crisp/backend/cpu/simd/vector.hpp"
#include "crisp/core/fused_ops.hpp"
#include "crisp/core/parallel.hpp"
#include "crisp/core/rounding.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

// The loops over the taps. s.C is the number of channels, which s.O equals.
struct DepthwiseTaps {
  const ConvSizes& s;

  bool worth_threads() const { return s.pixels() * s.taps() > 100000; }

  // Calls f(tap, input, output, count) for each column of kernel row kh where it meets input row h at output
  // row oh: `count` numbers of x from number `input` on belong to those of y from number `output` on, and the
  // first is of channel 0. With a stride each pixel is a run of its own.
  template <class F>
  void along_row(Index n, Index h, Index oh, Index kh, const F& f) const {
    for (Index kw = 0; kw < s.kW; ++kw) {
      const Index tap = kh * s.kW + kw;
      const Index shift = kw * s.dilation - s.left;  // input column = output column * stride + shift
      const Index first = shift < 0 ? ceil_div(-shift, s.stride) : 0;
      const Index last = std::min(s.OW, s.W > shift ? ceil_div(s.W - shift, s.stride) : 0);
      const Index input = ((n * s.H + h) * s.W + shift) * s.C, output = (n * s.OH + oh) * s.OW * s.C;
      if (s.stride == 1 && first < last)
        f(tap, input + first * s.C, output + first * s.C, (last - first) * s.C);
      for (Index ow = first; s.stride > 1 && ow < last; ++ow)
        f(tap, input + ow * s.stride * s.C, output + ow * s.C, s.C);
    }
  }

  // The same for all kernel rows that output row `row` of N OH meets.
  template <class F>
  void of_output_row(Index row, const F& f) const {
    const Index n = row / s.OH, oh = row % s.OH;
    for (Index kh = 0; kh < s.kH; ++kh) {
      const Index h = oh * s.stride - s.top + kh * s.dilation;
      if (h >= 0 && h < s.H) along_row(n, h, oh, kh, f);
    }
  }

  // The same for all kernel rows that meet input row `row` of N H.
  template <class F>
  void of_input_row(Index row, const F& f) const {
    const Index n = row / s.H, h = row % s.H;
    for (Index kh = 0; kh < s.kH; ++kh) {
      const Index below_top = h + s.top - kh * s.dilation, oh = below_top / s.stride;
      if (below_top >= 0 && below_top % s.stride == 0 && oh < s.OH) along_row(n, h, oh, kh, f);
    }
  }
};

struct FastDepthwiseConv {
  /// x (N, H, W, C), w (C, kH, kW), b (C) or null -> y (N, OH, OW, C), see ConvSizes.
  template <std::floating_point T>
  static bool depthwise_conv2d(const T* x, const T* w, const T* b, T* y, const ConvSizes& s) {
    const DepthwiseTaps taps{s};
    const Index row_size = s.OW * s.C;
    const T* const weights = repeated(w, s);
    parallel_for(s.N * s.OH, taps.worth_threads(), [&](Index row) {
      T* const to = y + row * row_size;
      if (!b) std::fill_n(to, row_size, T(0));
      for (Index i = 0; b && i < row_size; i += s.C) std::copy_n(b, s.C, to + i);
      taps.of_output_row(row, [&](Index tap, Index input, Index output, Index count) {
        add_products(y + output, x + input, weights + tap * repeated_size<T>(s.C), count, s.C);
      });
    });
    return true;
  }

  /// dx, of the shape of x.
  template <std::floating_point T>
  static bool depthwise_conv2d_input_gradient(const T* dy, const T* w, T* dx, const ConvSizes& s) {
    const DepthwiseTaps taps{s};
    const Index row_size = s.W * s.C;
    const T* const weights = repeated(w, s);
    parallel_for(s.N * s.H, taps.worth_threads(), [&](Index row) {
      std::fill_n(dx + row * row_size, row_size, T(0));
      taps.of_input_row(row, [&](Index tap, Index input, Index output, Index count) {
        add_products(dx + input, dy + output, weights + tap * repeated_size<T>(s.C), count, s.C);
      });
    });
    return true;
  }

  /// dw, of the shape of w.
  template <std::floating_point T>
  static bool depthwise_conv2d_weight_gradient(const T* x, const T* dy, T* dw, const ConvSizes& s) {
    const DepthwiseTaps taps{s};
    const Index kernel = s.kH * s.kW, padded = repeated_size<T>(s.C), size = kernel * padded;
    const Index rows = s.N * s.OH, parts = std::min(max_parts, rows);
    T* const sums = scratch<T, 2>(parts * size);  // (parts, kH kW, repeated C)
    parallel_for(parts, taps.worth_threads(), [&](Index part) {
      T* const sum = sums + part * size;
      std::fill_n(sum, size, T(0));
      for (Index row = part * rows / parts; row < (part + 1) * rows / parts; ++row)
        taps.of_output_row(row, [&](Index tap, Index input, Index output, Index count) {
          add_sums(sum + tap * padded, x + input, dy + output, count, s.C);
        });
    });
    for (Index c = 0; c < s.C; ++c)
      for (Index tap = 0; tap < kernel; ++tap) {
        T total = 0;
        for (Index part = 0; part < parts; ++part)
          for (Index i = c; i < padded; i += s.C) total += sums[part * size + tap * padded + i];
        dw[c * kernel + tap] = total;
      }
    return true;
  }

 private:
  static constexpr Index max_parts = 16;  // each summed for itself; never a question of the threads

  // Numbers of a row of C, repeated so far that a vector can begin at each of them.
  template <class T>
  static Index repeated_size(Index C) {
    return C + width<T>;
  }

  // w (C, kH kW) -> (kH kW, repeated C)
  template <class T>
  static const T* repeated(const T* w, const ConvSizes& s) {
    const Index kernel = s.kH * s.kW, size = repeated_size<T>(s.C);
    T* const weights = scratch<T, 0>(kernel * size);
    for (Index tap = 0; tap < kernel; ++tap)
      for (Index i = 0; i < size; ++i) weights[tap * size + i] = w[i % s.C * kernel + tap];
    return weights;
  }

  // to[i] += from[i] w[i % C] for `count` numbers.
  template <class T>
  static void add_products(T* to, const T* from, const T* w, Index count, Index C) {
    const Index step = width<T> % C;
    Index i = 0, c = 0;  // c: i % C
    for (; i + width<T> <= count; i += width<T>) {
      store(to + i, load(to + i) + load(from + i) * load(w + c));
      c += step;
      if (c >= C) c -= C;
    }
    for (; i < count; ++i, ++c) to[i] += from[i] * w[c];
  }

  // sum[i % C] += x[i] dy[i] for `count` numbers.
  template <class T>
  static void add_sums(T* sum, const T* x, const T* dy, Index count, Index C) {
    const Index period = std::lcm(C, Index(width<T>));  // from vector to vector of the same channels
    const Index in_vectors = count / width<T> * width<T>;
    for (Index begin = 0; begin < std::min(period, in_vectors); begin += width<T>) {
      Vector<T> total{};
      for (Index i = begin; i < in_vectors; i += period) total += load(x + i) * load(dy + i);
      T* const to = sum + begin % C;
      store(to, load(to) + total);
    }
    for (Index i = in_vectors; i < count; ++i) sum[i % C] += x[i] * dy[i];
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
