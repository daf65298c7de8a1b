// Winograd's convolution: 6 x 6 pixels in, M x M pixels out, with 36 multiplications a channel instead of
// (M r)^2, where r = 7 - M is the size of the kernel: F(4x4, 3x3) saves a factor of 4, F(2x2, 5x5) 2.8
// (Winograd 1980; Lavin and Gray 2016, eq. 8 to 12). The polynomials are evaluated at 0, 1, -1, 2, -2 and
// infinity. In float the error is about 1e-5 of the largest value.
//   y = A^T [(G w G^T) * (B^T x B)] A
// The product * is one for each of the 36 points: a matrix product over the channels, of all tiles at once.
// The tiles of a block go through all three steps while they are in the second cache.
#pragma once
#include <algorithm>

#include "crisp/backend/cpu/simd/product.hpp"
#include "crisp/backend/cpu/simd/scratch.hpp"
#include "crisp/core/fused_ops.hpp"
#include "crisp/core/parallel.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

// The transforms of six, or M, numbers, which are vectors of channels here.
template <class T>
struct WinogradTransform {
  using V = Vector<T>;

  [[gnu::always_inline]] static void input(const V (&d)[6], V (&o)[6]) {  // B^T d
    const V t0 = d[4] - T(4) * d[2], t1 = d[3] - T(4) * d[1], t2 = d[4] - d[2], t3 = T(2) * (d[3] - d[1]);
    o[0] = T(4) * d[0] + (d[4] - T(5) * d[2]);
    o[1] = t0 + t1;
    o[2] = t0 - t1;
    o[3] = t2 + t3;
    o[4] = t2 - t3;
    o[5] = T(4) * d[1] + (d[5] - T(5) * d[3]);
  }
  template <int M>
  [[gnu::always_inline]] static void output(const V (&m)[6], V (&o)[M]) {  // A^T m
    const V s1 = m[1] + m[2], d1 = m[1] - m[2], s2 = m[3] + m[4], d2 = m[3] - m[4];
    o[0] = m[0] + s1 + s2;
    if constexpr (M == 2) {
      o[1] = d1 + T(2) * d2 + m[5];
    } else {
      o[1] = d1 + T(2) * d2;
      o[2] = s1 + T(4) * s2;
      o[3] = d1 + T(8) * d2 + m[5];
    }
  }
  template <int M>
  [[gnu::always_inline]] static void gradient(const V (&y)[M], V (&o)[6]) {  // A y
    V even = y[0], odd = y[1], even2 = y[0], odd2 = T(2) * y[1];
    if constexpr (M == 4) {
      even += y[2];
      odd += y[3];
      even2 += T(4) * y[2];
      odd2 += T(8) * y[3];
    }
    o[0] = y[0];
    o[1] = even + odd;
    o[2] = even - odd;
    o[3] = even2 + odd2;
    o[4] = even2 - odd2;
    o[5] = y[M - 1];
  }
  // G (6, r): row p holds the powers of point p, over the product of its distances from the others; the last
  // stands for infinity.
  static T G(int p, Index k, Index r) {
    static constexpr T point[] = {0, 1, -1, 2, -2}, distances[] = {4, -6, -6, 24, 24};
    if (p == 5) return k == r - 1 ? T(1) : T(0);
    T power = T(1) / distances[p];
    for (Index i = 0; i < k; ++i) power *= point[p];
    return power;
  }

  // F of the columns and then of the rows of a square: `at(i, j)` reads a vector, `put(i, j, v)` takes one.
  template <int from, int to, class F, class At, class Put>
  [[gnu::always_inline]] static void both(F f, At at, Put put) {
    V half[to][from];
#pragma GCC unroll 1
    for (int j = 0; j < from; ++j) {
      V in[from], out[to];
#pragma GCC unroll 6
      for (int i = 0; i < from; ++i) in[i] = at(i, j);
      f(in, out);
#pragma GCC unroll 6
      for (int i = 0; i < to; ++i) half[i][j] = out[i];
    }
#pragma GCC unroll 1
    for (int i = 0; i < to; ++i) {
      V out[to];
      f(half[i], out);
#pragma GCC unroll 6
      for (int j = 0; j < to; ++j) put(i, j, out[j]);
    }
  }
};

template <class T>
struct Winograd {
  using Transform = WinogradTransform<T>;
  static constexpr int points = 36;
  static constexpr Index block = 48;  // tiles at once: with their 36 points they fit the second cache
  static constexpr Index ahead = 2;   // tiles: what they will read and write is asked for in advance

  const ConvSizes& s;
  Index r = s.kH, M = 7 - r;
  Index high = ceil_div(s.OH, M), across = ceil_div(s.OW, M), tiles = s.N * high * across,
        blocks = ceil_div(tiles, block);
  Index C = round_up(s.C, width<T>);  // in memory of ours

  // Planes of the 36 points lie a little more than a power of two apart: else they would fight for the same
  // lines of the cache.
  static Index plane(Index channels) { return block * channels + width<T>; }

  // y = x * w + b, and its epilogue; b may be null.
  void run(const T* x, const T* w, const T* b, T* y, const ConvEpilogue<T>& epilogue) const {
    const Kernel<T> kernel = kernel_for<T>(s.O);
    const Index R = kernel.rows, cols = kernel.cols, groups = ceil_div(s.O, cols);
    // (groups, 36, C, cols), then the bias.
    T* kernels = scratch<T, 0>(groups * points * s.C * cols + groups * cols);
    T* bias = kernels + groups * points * s.C * cols;
    for (Index o = 0; o < groups * cols; ++o) bias[o] = b && o < s.O ? b[o] : T(0);
    parallel_for(groups * cols, s.O * s.C > 1000, [&](Index o) {
      transform_kernel(w, o, kernels + o / cols * points * s.C * cols + o % cols, cols);
    });
    Index offset[Kernel<T>::max_rows];
    for (Index i = 0; i < R; ++i) offset[i] = i * C;

    parallel_for(blocks, true, [&](Index task) {
      const Index first = task * block, last = std::min(tiles, first + block), in_step = plane(C),
                  out_step = plane(cols);
      T* in = scratch<T, 1>(points * in_step);
      T* out = groups == 1 && cols == C
                   ? in
                   : scratch<T, 2>(points * out_step);  // a product reads its rows before it writes them
      transform_input(x, first, last, in, in_step);
      for (Index g = 0; g < groups; ++g) {
        for (Index p = 0; p < points; ++p)
          for (Index t = 0; t < last - first;
               t += R)  // rows beyond the last tile hold what is left over, and are not read
            kernel.product({.a = in + p * in_step + t * C,
                            .offset = offset,
                            .a_col = 1,
                            .count = s.C,
                            .b = kernels + (g * points + p) * s.C * cols,
                            .b_row = cols,
                            .c = out + p * out_step + t * cols,
                            .c_row = cols,
                            .rows = R,
                            .cols = cols});
        for (Index t = first; t < last; ++t) {
          const T* from = out + (t - first) * cols;
          M == 4 ? transform_output<4>(from, out_step, t, g * cols, cols, bias, epilogue, y)
                 : transform_output<2>(from, out_step, t, g * cols, cols, bias, epilogue, y);
        }
      }
    });
  }

  // dw from x and dy: dw = G^T [sum over tiles of (B^T x B) * (A dy A^T)] G. Parts of the tiles are summed
  // for themselves.
  void weight_gradient(const T* x, const T* dy, T* dw) const {
    const Kernel<T> kernel = kernel_for<T>(s.O);
    const Index R = kernel.rows, cols = kernel.cols, rows = round_up(s.C, R), groups = ceil_div(s.O, cols);
    const Index parts = std::min(blocks, std::max<Index>(1, 8 / groups)),
                size = points * rows * cols + width<T>;
    T* sums = scratch<T, 0>(groups * parts * size);  // (groups, parts, 36, C, cols)
    Index offset[Kernel<T>::max_rows];
    for (Index i = 0; i < R; ++i) offset[i] = i;
    parallel_for(groups * parts, true, [&](Index task) {
      const Index g = task / parts, part = task % parts, in_step = plane(C), out_step = plane(cols);
      T* in = scratch<T, 1>(points * in_step + R);  // the last block of rows reads beyond the last channel
      T* out = scratch<T, 2>(points * out_step);
      T* sum = sums + task * size;
      std::fill_n(sum, size, T(0));
      for (Index first = part * blocks / parts * block; first < (part + 1) * blocks / parts * block;
           first += block) {
        const Index last = std::min(tiles, first + block);
        transform_input(x, first, last, in, in_step);
        for (Index t = first; t < last; ++t) {
          T* to = out + (t - first) * cols;
          M == 4 ? transform_gradient<4>(dy, t, g * cols, cols, to, out_step)
                 : transform_gradient<2>(dy, t, g * cols, cols, to, out_step);
        }
        for (Index p = 0; p < points; ++p)
          for (Index c = 0; c < s.C; c += R) {
            T* to = sum + (p * rows + c) * cols;
            kernel.product({.a = in + p * in_step + c,
                            .offset = offset,
                            .a_col = C,
                            .count = last - first,
                            .b = out + p * out_step,
                            .b_row = cols,
                            .c = to,
                            .c_row = cols,
                            .rows = R,
                            .cols = cols,
                            .plus = to});
          }
      }
    });
    parallel_for(groups * s.C, true, [&](Index i) {
      const Index g = i / s.C, c = i % s.C;
      for (Index o = 0; o < std::min(cols, s.O - g * cols); o += width<T>) {
        const T* first = sums + g * parts * size + c * cols + o;
        weight_from(
            [&](int p) {
              const T* from = first + p * rows * cols;
              Vector<T> sum = load(from);
              for (Index part = 1; part < parts; ++part) sum += load(from + part * size);
              return sum;
            },
            g * cols + o, c, dw);
      }
    });
  }

 private:
  struct Tile {
    Index n, oh, ow;
  };
  Tile tile(Index t) const { return {t / (high * across), t / across % high * M, t % across * M}; }

  // A square of `side` pixels of an image (N, H, W, C) from (h, w) on: in place where it lies inside, else a
  // copy with zeros around.
  struct Square {
    const T* at;
    Index row, col;
  };
  static Square square(const T* x, Index side, Index N, Index H, Index W, Index C, Index n, Index h,
                       Index w) {
    const Index padded = round_up(C, width<T>),
                last = ((n * H + h + side - 1) * W + w + side - 1) * C + padded;  // whole vectors are read
    if (h >= 0 && w >= 0 && h + side <= H && w + side <= W && last <= N * H * W * C)
      return {x + ((n * H + h) * W + w) * C, W * C, C};
    T* copy = scratch<T, 4>(side * side * padded);
    for (Index i = 0; i < side; ++i)
      for (Index j = 0; j < side; ++j) {
        T* to = copy + (i * side + j) * padded;
        const T* from = x + ((n * H + h + i) * W + w + j) * C;
        const bool inside = h + i >= 0 && h + i < H && w + j >= 0 && w + j < W;
        Index c = 0;
        for (; inside && c + width<T> <= C; c += width<T>) store(to + c, load(from + c));
        for (; c < padded; c += width<T>) store(to + c, load_first(from + c, inside ? C - c : 0));
      }
    return {copy, side * padded, padded};
  }

  // Asks for `rows` x `cols` pixels of an image (N, H, W, C) from (h, w) on, as far as they lie inside, to
  // come into the cache. (Inline, since g++ leaves out calls of functions that have no effect.)
  template <bool to_write = false>
  [[gnu::always_inline]] static void expect(const T* x, Index rows, Index cols, Index H, Index W, Index C,
                                            Index n, Index h, Index w) {
    const Index begin = std::max<Index>(0, w) * C, end = std::min(W, w + cols) * C;
    for (Index i = std::max<Index>(0, h); i < std::min(H, h + rows); ++i)
      for (Index k = begin; k < end; k += 64 / Index(sizeof(T)))
        __builtin_prefetch(x + (n * H + i) * W * C + k, to_write);
  }

  // The tiles [first, last) of x as 36 planes (block, C).
  void transform_input(const T* x, Index first, Index last, T* planes, Index step) const {
    for (Index t = first; t < last; ++t) {
      const Tile at = tile(t), next = tile(std::min(t + ahead, tiles - 1));
      expect(x, 6, M, s.H, s.W, s.C, next.n, next.oh - s.top,
             next.ow - s.left + 6 - M);  // the columns that the tile before it has not read
      const Square in = square(x, 6, s.N, s.H, s.W, s.C, at.n, at.oh - s.top, at.ow - s.left);
      for (Index c = 0; c < C; c += width<T>)
        Transform::template both<6, 6>(
            Transform::input, [&](int i, int j) { return load(in.at + i * in.row + j * in.col + c); },
            [&](int i, int j, const Vector<T>& v) {
              store(planes + (i * 6 + j) * step + (t - first) * C + c, v);
            });
    }
  }
  template <int M>
  void transform_output(const T* planes, Index step, Index t, Index first, Index cols, const T* bias,
                        const ConvEpilogue<T>& epilogue, T* y) const {
    const Tile at = tile(t), next = tile(std::min(t + ahead, tiles - 1));
    expect<true>(y, M, M, s.OH, s.OW, s.O, next.n, next.oh, next.ow);
    if (epilogue.plus) expect(epilogue.plus, M, M, s.OH, s.OW, s.O, next.n, next.oh, next.ow);
    const Index bottom = s.OH - at.oh, right = s.OW - at.ow, count = std::min(cols, s.O - first);
    const Index corner = ((at.n * s.OH + at.oh) * s.OW + at.ow) * s.O + first;
    for (Index o = 0; o < count; o += width<T>) {
      const Vector<T> b = load(bias + first + o), none{};
      Transform::template both<6, M>(
          Transform::template output<M>, [&](int i, int j) { return load(planes + (i * 6 + j) * step + o); },
          [&](int i, int j, const Vector<T>& v) {
            if (i >= bottom || j >= right) return;
            const Index pixel = corner + (i * s.OW + j) * s.O + o;
            Vector<T> value = v + b;
            if (epilogue.plus) value += load_first(epilogue.plus + pixel, count - o);
            if (epilogue.relu) value = value < none ? none : value;
            store_first(y + pixel, value, count - o);
          });
    }
  }
  template <int M>
  void transform_gradient(const T* dy, Index t, Index first, Index cols, T* planes, Index step) const {
    const Tile at = tile(t), next = tile(std::min(t + ahead, tiles - 1));
    expect(dy, M, M, s.OH, s.OW, s.O, next.n, next.oh, next.ow);
    const Square out = square(dy, M, s.N, s.OH, s.OW, s.O, at.n, at.oh, at.ow);
    for (Index o = 0; o < std::min(cols, s.O - first); o += width<T>)
      Transform::template both<M, 6>(
          Transform::template gradient<M>,
          [&](int i, int j) { return load(out.at + i * out.row + j * out.col + first + o); },
          [&](int i, int j, const Vector<T>& v) { store(planes + (i * 6 + j) * step + o, v); });
  }

  // G w G^T for output o, whose numbers lie `cols` apart in `to`: (36, C, cols).
  [[gnu::noinline]] void transform_kernel(const T* w, Index o, T* to, Index cols) const {
    for (Index c = 0; c < s.C; c += width<T>) {
      const Index count = std::min<Index>(width<T>, s.C - c);
      Vector<T> half[6][5];
      for (int p = 0; p < 6; ++p)
        for (Index j = 0; j < r; ++j) {
          half[p][j] = Vector<T>{};
          for (Index i = 0; i < r && o < s.O; ++i)
            half[p][j] += Transform::G(p, i, r) * load_first(w + ((o * r + i) * r + j) * s.C + c, count);
        }
      for (int p = 0; p < points; ++p) {
        Vector<T> v{};
        for (Index j = 0; j < r; ++j) v += half[p / 6][j] * Transform::G(p % 6, j, r);
        for (Index k = 0; k < count; ++k) to[(p * s.C + c + k) * cols] = v[k];
      }
    }
  }
  // G^T m G: the 36 sums of a vector of outputs from o on and input channel c, to their r x r weights.
  template <class Sum>
  void weight_from(Sum sum, Index o, Index c, T* dw) const {
    Vector<T> half[5][6];
    for (Index i = 0; i < r; ++i)
      for (int q = 0; q < 6; ++q) half[i][q] = Vector<T>{};
    for (int p = 0; p < points; ++p) {
      const Vector<T> m = sum(p);
      for (Index i = 0; i < r; ++i) half[i][p % 6] += Transform::G(p / 6, i, r) * m;
    }
    for (Index i = 0; i < r; ++i)
      for (Index j = 0; j < r; ++j) {
        Vector<T> v{};
        for (int q = 0; q < 6; ++q) v += half[i][q] * Transform::G(q, j, r);
        for (Index k = 0; k < std::min<Index>(width<T>, s.O - o); ++k)
          dw[(((o + k) * r + i) * r + j) * s.C + c] = v[k];
      }
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
