// Winograd's convolution: 6 x 6 pixels in, M x M pixels out, with 36 multiplications a channel instead of (M r)^2, where r = 7 - M is the
// size of the kernel: F(4x4, 3x3) saves a factor of 4, F(2x2, 5x5) 2.8 (Winograd 1980; Lavin and Gray 2016, eq. 8 to 12). The polynomials
// are evaluated at 0, 1, -1, 2, -2 and infinity. In float the error is about 1e-5 of the largest value.
//   y = A^T [(G w G^T) * (B^T x B)] A, the product * for each of the 36 points: a matrix product over the channels, of all tiles at once.
// The tiles of a block go through all three steps while they are in the second cache.
#pragma once
#include <algorithm>

#include "crisp/backend/fast/block.hpp"
#include "crisp/backend/fast/scratch.hpp"
#include "crisp/core/backend.hpp"
#include "crisp/core/parallel.hpp"

namespace crisp::detail {

// The transforms of six, or M, numbers, which are vectors of channels here.
template <class T, int M>
struct WinogradTransform {
  using V = Vector<T>;
  static constexpr int r = 7 - M;

  [[gnu::always_inline]] static void input(const V (&d)[6], V (&o)[6]) {  // B^T d
    const V t0 = d[4] - T(4) * d[2], t1 = d[3] - T(4) * d[1], t2 = d[4] - d[2], t3 = T(2) * (d[3] - d[1]);
    o[0] = T(4) * d[0] + (d[4] - T(5) * d[2]);
    o[1] = t0 + t1;
    o[2] = t0 - t1;
    o[3] = t2 + t3;
    o[4] = t2 - t3;
    o[5] = T(4) * d[1] + (d[5] - T(5) * d[3]);
  }
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
  [[gnu::always_inline]] static void gradient(const V (&y)[M], V (&o)[6]) {  // A y
    if constexpr (M == 2) {
      o[0] = y[0];
      o[1] = y[0] + y[1];
      o[2] = y[0] - y[1];
      o[3] = y[0] + T(2) * y[1];
      o[4] = y[0] - T(2) * y[1];
      o[5] = y[1];
    } else {
      const V a = y[0] + y[2], b = y[1] + y[3], c = y[0] + T(4) * y[2], d = T(2) * y[1] + T(8) * y[3];
      o[0] = y[0];
      o[1] = a + b;
      o[2] = a - b;
      o[3] = c + d;
      o[4] = c - d;
      o[5] = y[3];
    }
  }
  // G (6, r): row p holds the powers of point p, over the product of its distances from the others; the last stands for infinity.
  struct Table {
    T value[6][r];
  };
  static constexpr Table table() {
    constexpr T point[] = {0, 1, -1, 2, -2}, distances[] = {4, -6, -6, 24, 24};
    Table g{};
    for (int p = 0; p < 5; ++p) {
      T power = 1;
      for (int k = 0; k < r; ++k, power *= point[p]) g.value[p][k] = power / distances[p];
    }
    g.value[5][r - 1] = 1;
    return g;
  }
  static T G(int p, int k) {
    static constexpr Table g = table();
    return g.value[p][k];
  }
  [[gnu::always_inline]] static void kernel(const V (&w)[r], V (&o)[6]) {  // G w
    for (int p = 0; p < 6; ++p) {
      o[p] = G(p, 0) * w[0];
      for (int k = 1; k < r; ++k) o[p] += G(p, k) * w[k];
    }
  }
  [[gnu::always_inline]] static void weight(const V (&m)[6], V (&o)[r]) {  // G^T m
    for (int k = 0; k < r; ++k) {
      o[k] = G(0, k) * m[0];
      for (int p = 1; p < 6; ++p) o[k] += G(p, k) * m[p];
    }
  }

  // F of a square of n x n vectors, columns first; `at(i, j)` reads and `put(i, j, v)` writes an n' x n' result.
  template <int from, int to, class F, class At, class Put>
  [[gnu::always_inline]] static void both(F f, At at, Put put) {
    V half[to][from];
#pragma GCC unroll 6
    for (int j = 0; j < from; ++j) {
      V in[from], out[to];
#pragma GCC unroll 6
      for (int i = 0; i < from; ++i) in[i] = at(i, j);
      f(in, out);
#pragma GCC unroll 6
      for (int i = 0; i < to; ++i) half[i][j] = out[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < to; ++i) {
      V out[to];
      f(half[i], out);
#pragma GCC unroll 6
      for (int j = 0; j < to; ++j) put(i, j, out[j]);
    }
  }
};

template <class T, int M>
struct Winograd {
  using Transform = WinogradTransform<T, M>;
  static constexpr int r = Transform::r;
  static constexpr Index points = 36, block = 48;  // block: tiles at once; with their 36 points they fit the second cache

  const ConvSizes& s;
  Index high() const { return (s.OH + M - 1) / M; }
  Index across() const { return (s.OW + M - 1) / M; }
  Index tiles() const { return s.N * high() * across(); }
  Index blocks() const { return (tiles() + block - 1) / block; }
  Index C() const { return round_up(s.C, width<T>); }
  // Planes of the 36 points lie a little more than a power of two apart: else they would fight for the same lines of the cache.
  static Index plane(Index channels) { return block * channels + width<T>; }

  struct Tile {
    Index n, oh, ow;
  };
  Tile tile(Index t) const { return {t / (high() * across()), t / across() % high() * M, t % across() * M}; }

  // A square of `side` pixels of an image (N, H, W, C) from (h, w) on: in place where it lies inside, else a copy with zeros around.
  struct Square {
    const T* at;
    Index row, col;
  };
  template <int side>
  static Square square(const T* x, Index N, Index H, Index W, Index C, Index n, Index h, Index w) {
    const Index last = ((n * H + h + side - 1) * W + w + side - 1) * C + round_up(C, width<T>);  // reading whole vectors
    if (h >= 0 && w >= 0 && h + side <= H && w + side <= W && last <= N * H * W * C) return {x + ((n * H + h) * W + w) * C, W * C, C};
    const Index padded = round_up(C, width<T>);
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

  // The tiles [first, last) of x as 36 planes (block, C).
  void transform_input(const T* x, Index first, Index last, T* planes, Index step) const {
    const Index C = this->C();
    for (Index t = first; t < last; ++t) {
      const Tile at = tile(t);
      const Square in = square<6>(x, s.N, s.H, s.W, s.C, at.n, at.oh - s.top, at.ow - s.left);
      for (Index c = 0; c < C; c += width<T>)
        Transform::template both<6, 6>(Transform::input, [&](int i, int j) { return load(in.at + i * in.row + j * in.col + c); },
                                       [&](int i, int j, const Vector<T>& v) { store(planes + (i * 6 + j) * step + (t - first) * C + c, v); });
    }
  }

  // y = x * w + b, and relu of it if wanted; V vectors of outputs at a time. b may be null.
  template <int V>
  void run(const T* x, const T* w, const T* b, T* y, bool relu) const {
    constexpr int R = rows_for<V>;
    constexpr Index cols = V * width<T>;
    static_assert(block % R == 0);
    const Index C = this->C(), groups = (s.O + cols - 1) / cols;
    T* kernels = scratch<T, 0>(groups * points * s.C * cols + groups * cols);  // (groups, 36, C, cols), then the bias
    T* bias = kernels + groups * points * s.C * cols;
    for (Index o = 0; o < groups * cols; ++o) bias[o] = b && o < s.O ? b[o] : T(0);
    parallel_for(groups * cols, s.O * s.C > 1000, [&](Index o) { transform_kernel(w, o, kernels + o / cols * points * s.C * cols + o % cols, cols); });

    parallel_for(blocks(), true, [&](Index task) {
      const Index first = task * block, last = std::min(tiles(), first + block), in_step = plane(C), out_step = plane(cols);
      T* in = scratch<T, 1>(points * in_step);
      T* out = scratch<T, 2>(points * out_step);
      transform_input(x, first, last, in, in_step);
      for (Index g = 0; g < groups; ++g) {
        for (Index p = 0; p < points; ++p)
          for (Index t = 0; t < last - first; t += R) {  // rows beyond the last tile hold what is left over, and are not read
            Block<T, R, V> sums;
            sums.clear();
            sums.add(in + p * in_step + t * C, C, 1, kernels + (g * points + p) * s.C * cols, cols, s.C);
            sums.write(out + p * out_step + t * cols, cols);
          }
        for (Index t = first; t < last; ++t) transform_output(out + (t - first) * cols, out_step, tile(t), g * cols, std::min(cols, s.O - g * cols), bias, relu, y);
      }
    });
  }

  // dw from x and dy: dw = G^T [sum over tiles of (B^T x B) * (A dy A^T)] G. Parts of the tiles are summed for themselves.
  template <int V>
  void weight_gradient(const T* x, const T* dy, T* dw) const {
    constexpr int R = rows_for<V>;
    constexpr Index cols = V * width<T>;
    const Index C = this->C(), rows = round_up(s.C, R), groups = (s.O + cols - 1) / cols;
    const Index parts = std::min(blocks(), std::max<Index>(1, 8 / groups)), size = points * rows * cols + width<T>;
    T* sums = scratch<T, 0>(groups * parts * size);  // (groups, parts, 36, C, cols)
    parallel_for(groups * parts, true, [&](Index task) {
      const Index g = task / parts, part = task % parts, in_step = plane(C), out_step = plane(cols);
      T* in = scratch<T, 1>(points * in_step);
      T* out = scratch<T, 2>(points * out_step);
      T* sum = sums + task * size;
      std::fill_n(sum, size, T(0));
      for (Index first = part * blocks() / parts * block; first < (part + 1) * blocks() / parts * block; first += block) {
        const Index last = std::min(tiles(), first + block);
        transform_input(x, first, last, in, in_step);
        for (Index t = first; t < last; ++t) transform_gradient(dy, tile(t), g * cols, std::min(cols, s.O - g * cols), out + (t - first) * cols, out_step);
        for (Index p = 0; p < points; ++p)
          for (Index c = 0; c < s.C; c += R) {
            Block<T, R, V> block;
            T* to = sum + (p * rows + c) * cols;
            block.read(to, cols);
            block.add(in + p * in_step + c, 1, C, out + p * out_step, cols, last - first);
            block.write(to, cols);
          }
      }
    });
    parallel_for(groups * s.C, true, [&](Index i) {
      const Index g = i / s.C, c = i % s.C;
      for (Index o = 0; o < cols; o += width<T>) {
        const auto total = [&](int p, int q) {
          const T* from = sums + g * parts * size + ((p * 6 + q) * rows + c) * cols + o;
          Vector<T> sum = load(from);
          for (Index part = 1; part < parts; ++part) sum += load(from + part * size);
          return sum;
        };
        weight_from(total, g * cols + o, c, dw);
      }
    });
  }

 private:
  // G w G^T for output o, whose numbers lie `cols` apart in `to`: (36, C, cols).
  void transform_kernel(const T* w, Index o, T* to, Index cols) const {
    const T* from = w + std::min(o, s.O - 1) * r * r * s.C;
    for (Index c = 0; c < s.C; c += width<T>) {
      const Index count = o < s.O ? std::min<Index>(width<T>, s.C - c) : 0;
      Transform::template both<r, 6>(Transform::kernel, [&](int i, int j) { return load_first(from + (i * r + j) * s.C + c, count); },
                                     [&](int i, int j, const Vector<T>& v) {
                                       T* at = to + ((i * 6 + j) * s.C + c) * cols;
                                       for (Index k = 0; k < std::min<Index>(width<T>, s.C - c); ++k) at[k * cols] = v[k];
                                     });
    }
  }
  // G^T m G: the 36 sums of a vector of outputs from o on and input channel c, to their r x r weights.
  template <class Total>
  void weight_from(Total total, Index o, Index c, T* dw) const {
    Transform::template both<6, r>(Transform::weight, total, [&](int i, int j, const Vector<T>& v) {
      for (Index k = 0; k < std::min<Index>(width<T>, s.O - o); ++k) dw[(((o + k) * r + i) * r + j) * s.C + c] = v[k];
    });
  }
  void transform_output(const T* planes, Index step, Tile at, Index first, Index count, const T* bias, bool relu, T* y) const {
    const Index rows = s.OH - at.oh, cols = s.OW - at.ow;
    T* to = y + ((at.n * s.OH + at.oh) * s.OW + at.ow) * s.O + first;
    for (Index o = 0; o < count; o += width<T>) {
      const Vector<T> b = load(bias + first + o);
      Transform::template both<6, M>(Transform::output, [&](int i, int j) { return load(planes + (i * 6 + j) * step + o); },
                                     [&](int i, int j, const Vector<T>& v) {
                                       const Vector<T> value = v + b, none{};
                                       if (i < rows && j < cols) store_first(to + (i * s.OW + j) * s.O + o, relu ? (value < none ? none : value) : value, count - o);
                                     });
    }
  }
  void transform_gradient(const T* dy, Tile at, Index first, Index count, T* planes, Index step) const {
    const Square out = square<M>(dy, s.N, s.OH, s.OW, s.O, at.n, at.oh, at.ow);
    for (Index o = 0; o < count; o += width<T>)
      Transform::template both<M, 6>(Transform::gradient, [&](int i, int j) { return load_first(out.at + i * out.row + j * out.col + first + o, count - o); },
                                     [&](int i, int j, const Vector<T>& v) { store(planes + (i * 6 + j) * step + o, v); });
  }
};

}  // namespace crisp::detail
