// Fused window attention: what a window needs is copied from the image once, and its scores and their
// softmax, n x n for each head, never leave the cache; the backward pass computes them again (the idea of Dao
// et al. 2022, without blocks over the keys: a window is small). Queries lie in the lanes of vectors, keys
// one after the other: then the softmax is a loop over keys, without sums within a vector.
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>

#include "crisp/backend/cpu/simd/block.hpp"
#include "crisp/backend/cpu/simd/scratch.hpp"
#include "crisp/backend/cpu/simd/vector_math.hpp"
#include "crisp/core/fused_ops.hpp"
#include "crisp/core/parallel.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

// to (cols, rows) = scale * from (rows, cols)^T, in squares of as many rows and columns as a vector has
// lanes. They are read as a whole, also beyond rows and cols.
template <class T>
void transpose(const T* from, Index from_step, Index rows, Index cols, T* to, Index to_step, T scale) {
  constexpr int W = width<T>;
  for (Index r = 0; r < rows; r += W)
    for (Index c = 0; c < cols; c += W) {
      Vector<T> x[W], y[W];
#pragma GCC unroll 16
      for (int i = 0; i < W; ++i) x[i] = scale * load(from + (r + i) * from_step + c);
#pragma GCC unroll 4
      for (int stage = 1; stage < W; stage *= 2) {  // each moves one bit of the row's number into the lane's
#pragma GCC unroll 8
        for (int i = 0; i < W / 2; ++i) {
          y[2 * i] = zip<false>(x[i], x[i + W / 2]);
          y[2 * i + 1] = zip<true>(x[i], x[i + W / 2]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < W; ++i) x[i] = y[i];
      }
#pragma GCC unroll 16
      for (int i = 0; i < W; ++i)
        if (c + i < cols) store_first(to + (c + i) * to_step + r, x[i], std::min<Index>(W, rows - r));
    }
}

// f(R, row) for blocks of R rows, R a constant: as many of the largest size as fit, then smaller ones.
template <int R, class F>
[[gnu::always_inline]] inline void by_rows(Index row, Index end, const F& f) {
  for (; row + R <= end; row += R) f(std::integral_constant<int, R>{}, row);
  if constexpr (R > 1) by_rows<R / 2>(row, end, f);
}

// As Block::add, but the next row of b is read while this one is multiplied, also beyond the last: g++ 12
// would otherwise read each vector of b again for each row of sums.
template <class T, int R, int V>
[[gnu::always_inline]] inline void add_products(Block<T, R, V>& block, const T* a, Index a_row, Index a_col,
                                                const T* b, Index b_row, Index count) {
  Vector<T> column[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) column[v] = load(b + v * width<T>);
  for (Index k = 0; k < count; ++k, a += a_col) {
    b += b_row;
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      const T x = a[r * a_row];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) block.sum[r][v] += x * column[v];
    }
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) column[v] = load(b + v * width<T>);
  }
}

template <class T>
struct FusedAttention {
  static constexpr int V = wide;
  static constexpr Index strip = V * width<T>;  // queries at once

  Index H, W, C, heads, M, shift, windows, n, d;  // n: pixels of a window, d: channels of a head
  Index lanes;  // queries, with what fills up the last strip: computed, and never read
  T scale;

  explicit FusedAttention(const AttentionSizes& s)
      : H(s.H),
        W(s.W),
        C(s.C),
        heads(s.heads),
        M(s.window),
        shift(s.shift),
        windows(s.windows()),
        n(s.pixels()),
        d(s.head_channels()),
        lanes(round_up(n, strip)),
        scale(T(1 / std::sqrt(double(d)))) {}

  bool worth_threads() const { return windows * n * n * C > 200000; }

  // The pixels of a window, its image rolled by -shift, row by row: f(pixel of the window, pixel of the
  // image, how many neighbours).
  template <class F>
  void each_run(Index window, const F& f) const {
    const Index across = W / M, high = H / M, image = window / (high * across),
                top = window / across % high * M, left = window % across * M;
    const Index w = (left + shift) % W, before_edge = std::min(M, W - w);
    for (Index i = 0; i < M; ++i) {
      const Index line = (image * H + (top + i + shift) % H) * W;
      f(i * M, line + w, before_edge);
      if (before_edge < M) f(i * M + before_edge, line, M - before_edge);
    }
  }
  void gather(const T* image, Index channels, Index window, T* rows) const {
    each_run(window, [=](Index to, Index from, Index count) {
      std::copy_n(image + from * channels, count * channels, rows + to * channels);
    });
  }
  void scatter(const T* rows, Index channels, Index window, T* image) const {
    each_run(window, [=](Index from, Index to, Index count) {
      std::copy_n(rows + from * channels, count * channels, image + to * channels);
    });
  }

  // The part of the image that each query comes from, where the window joins opposite edges of it; null where
  // it does not.
  const T* parts_of(Index window, T* parts) const {
    const bool bottom = shift > 0 && window / (W / M) % (H / M) == H / M - 1,
               right = shift > 0 && window % (W / M) == W / M - 1;
    if (!bottom && !right) return nullptr;
    for (Index i = 0; i < n; ++i)
      parts[i] = T((bottom && i / M >= M - shift ? 2 : 0) + (right && i % M >= M - shift ? 1 : 0));
    return parts;
  }

  // bias (heads, query, key) as (heads, key, lanes).
  T* turned(const T* bias) const {
    T* to = scratch<T, 0>(heads * n * lanes);
    for (Index row = 0; row < heads * n; ++row)
      for (Index query = 0; query < n; ++query)
        to[row * lanes + query] = bias[(row / n * n + query) * n + row % n];
    return to;
  }

  // p (n, strip) = exp(score - the largest of the query), and the sum over the keys as its inverse. k is the
  // first key of the head, q its first query of the strip as a column of (d, lanes), likewise bias; `parts`
  // from that query on, and `all_parts` from the first key on.
  void softmax(const T* k, const T* q, const T* bias, const T* parts, const T* all_parts, T* p,
               Vector<T> (&inverse)[V]) const {
    by_rows<4>(0, n, [&](auto R, Index key) {
      Block<T, R, V> scores;
      scores.read(bias + key * lanes, lanes);
      add_products(scores, k + key * 3 * C, 3 * C, 1, q, lanes, d);
      scores.write(p + key * strip, strip);
    });
    const Index keys = n;  // the compiler cannot know that the stores below leave it as it is
    if (parts)
      for (Index key = 0; key < keys; ++key)
        for (Index i = 0; i < strip; i += width<T>) {
          const Vector<T> s = load(p + key * strip + i);
          store(p + key * strip + i, load(parts + i) == all_parts[key] ? s : s - T(100));
        }
    Vector<T> largest[V], sum[V] = {};
    for (int v = 0; v < V; ++v) largest[v] = load(p + v * width<T>);
    for (Index key = 1; key < keys; ++key)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        const Vector<T> s = load(p + key * strip + v * width<T>);
        largest[v] = largest[v] < s ? s : largest[v];
      }
    for (Index key = 0; key < keys; ++key)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        T* at = p + key * strip + v * width<T>;
        const Vector<T> e = exp_of_negative(load(at) - largest[v]);
        sum[v] += e;
        store(at, e);
      }
    for (int v = 0; v < V; ++v) inverse[v] = T(1) / sum[v];
  }

  // y (d, lanes), from its column at the strip on, = the sum over the keys of a[key] p[key] factor; a the
  // first of rows of 3 C numbers.
  void over_keys(const T* a, const T* p, const Vector<T> (&factor)[V], T* y) const {
    by_rows<4>(0, d, [&](auto R, Index c) {
      Block<T, R, V> sums;
      sums.clear();
      add_products(sums, a + c, 1, 3 * C, p, strip, n);
      for (auto& row : sums.sum)
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) row[v] *= factor[v];
      sums.write(y + c * lanes, lanes);
    });
  }

  // dx[key] = or += the sum over `count` queries of p[key][query] b[query], d numbers; dx lies in rows of 3
  // C, b in rows of b_step.
  template <int B>
  void over_queries(bool add, const T* p, const T* b, Index b_step, Index count, T* dx) const {
    for (Index c = 0; c < d; c += B * width<T>)
      by_rows<(B == 1 ? 8 : 4)>(0, n, [&](auto R, Index key) {
        Block<T, R, B> sums;
        T* to = dx + key * 3 * C + c;
        add ? sums.read(to, 3 * C) : sums.clear();
        sums.add(p + key * strip, strip, 1, b + c, b_step, count);
        sums.write(to, 3 * C, R, std::min(d - c, Index(B * width<T>)));
      });
  }
  void over_queries(bool add, const T* p, const T* b, Index b_step, Index count, T* dx) const {
    d <= width<T> ? over_queries<1>(add, p, b, b_step, count, dx)
                  : over_queries<2>(add, p, b, b_step, count, dx);
  }

  // Rows of a window, (lanes, channels), with room to read whole vectors beyond the last pixel and the last
  // channel.
  template <int slot>
  T* rows(Index channels) const {
    return scratch<T, slot>(lanes * channels + 2 * width<T>);
  }
  template <int slot>
  T* columns() const {
    return scratch<T, slot>((round_up(C, width<T>) + 1) * lanes);
  }  // (C, lanes), and a row more to be read
  template <int slot>
  T* scores() const {
    return scratch<T, slot>((n + 1) * strip);
  }  // (n, strip), likewise

  void forward(const T* qkv, const T* bias, T* y) const {
    const T* turned_bias = turned(bias);
    parallel_for(windows, worth_threads(), [=, this](Index window) {
      T* x = rows<1>(3 * C);
      gather(qkv, 3 * C, window, x);
      attend(window, turned_bias, x, x);
      scatter(x, C, window, y);
    });
  }

  // The attention of one window: y (n, C), which may be x, from its rows x (n, 3 C).
  void attend(Index window, const T* turned_bias, const T* x, T* y) const {
    T *q = columns<2>(), *out = columns<3>(), *p = scores<4>();
    transpose(x, 3 * C, n, C, q, lanes, scale);
    const T* parts = parts_of(window, scratch<T, 5>(lanes));
    for (Index h = 0; h < heads; ++h)
      for (Index i = 0; i < lanes; i += strip) {
        const T* k = x + C + h * d;
        Vector<T> inverse[V];
        softmax(k, q + h * d * lanes + i, turned_bias + h * n * lanes + i, parts ? parts + i : nullptr, parts,
                p, inverse);
        over_keys(k + C, p, inverse, out + h * d * lanes + i);
      }
    transpose(out, lanes, C, n, y, C, T(1));
  }

  // The windows in chunks of fixed size, each with a sum of its own for dbias: no result depends on the
  // threads.
  Index chunks() const { return std::clamp<Index>(windows / 8, 1, 32); }

  void backward(const T* qkv, const T* bias, const T* dy, T* dqkv, T* dbias) const {
    const T* turned_bias = turned(bias);
    const Index size = heads * n * lanes;
    T* sums = scratch<T, 6>(chunks() * size);  // (chunks, heads, key, lanes)
    parallel_for(chunks(), worth_threads(), [=, this](Index chunk) {
      T* sum = sums + chunk * size;
      std::fill_n(sum, size, T(0));
      for (Index window = chunk * windows / chunks(); window < (chunk + 1) * windows / chunks(); ++window)
        backward(window, qkv, turned_bias, dy, dqkv, sum);
    });
    for (Index chunk = 1; chunk < chunks(); ++chunk)
      for (Index i = 0; i < size; i += width<T>)
        store(sums + i, load(sums + i) + load(sums + chunk * size + i));
    for (Index row = 0; row < heads * n; ++row)
      for (Index query = 0; query < n; ++query)
        dbias[(row / n * n + query) * n + row % n] = sums[row * lanes + query];
  }

 private:
  void backward(Index window, const T* qkv, const T* turned_bias, const T* dy, T* dqkv, T* sum) const {
    T *x = rows<1>(3 * C), *dx = rows<7>(3 * C), *dout = rows<8>(C);
    T *q = columns<2>(), *dq = columns<3>(), *turned_dout = columns<9>();
    T *p = scores<4>(), *dp = scores<10>();
    gather(qkv, 3 * C, window, x);
    gather(dy, C, window, dout);
    transpose(x, 3 * C, n, C, q, lanes, scale);
    transpose(dout, C, n, C, turned_dout, lanes, T(1));
    const T* parts = parts_of(window, scratch<T, 5>(lanes));
    for (Index h = 0; h < heads; ++h)
      for (Index i = 0; i < lanes; i += strip) {
        const T *k = x + C + h * d, *v = k + C, *dout_column = turned_dout + h * d * lanes + i;
        const Index here = h * n * lanes + i, count = std::min(strip, n - i);
        Vector<T> inverse[V], one[V];
        softmax(k, q + h * d * lanes + i, turned_bias + here, parts ? parts + i : nullptr, parts, p, inverse);
        by_rows<4>(0, n, [&](auto R, Index key) {  // dp = v dout^T
          Block<T, R, V> products;
          products.clear();
          add_products(products, v + key * 3 * C, 3 * C, 1, dout_column, lanes, d);
          products.write(dp + key * strip, strip);
        });
        scores_gradient(p, dp, inverse, sum + here);
        for (int j = 0; j < V; ++j) one[j] = broadcast(T(1));
        over_keys(k, dp, one, dq + h * d * lanes + i);
        over_queries(i > 0, dp, x + i * 3 * C + h * d, 3 * C, count, dx + C + h * d);
        over_queries(i > 0, p, dout + i * C + h * d, C, count, dx + 2 * C + h * d);
      }
    transpose(dq, lanes, C, n, dx, 3 * C, T(1));
    scatter(dx, 3 * C, window, dqkv);
  }

  // p becomes the probabilities, dp scale times the gradient of the scores, p (dp - sum over the keys of p
  // dp), which is added to dbias.
  void scores_gradient(T* p, T* dp, const Vector<T> (&inverse)[V], T* dbias) const {
    const T factor = scale;  // the compiler cannot know that the stores below leave the members as they are
    const Index keys = n, row = lanes;
    Vector<T> along[V] = {};
    for (Index key = 0; key < keys; ++key)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v)
        along[v] += load(p + key * strip + v * width<T>) * load(dp + key * strip + v * width<T>);
    for (int v = 0; v < V; ++v) along[v] *= inverse[v];
    for (Index key = 0; key < keys; ++key)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        const Index at = key * strip + v * width<T>;
        const Vector<T> probability = load(p + at) * inverse[v],
                        ds = probability * (load(dp + at) - along[v]);
        T* to = dbias + key * row + v * width<T>;
        store(to, load(to) + ds);
        store(p + at, probability);
        store(dp + at, factor * ds);
      }
  }
};

struct FastWindowAttention {
  /// y (N, H, W, C) from qkv (N, H, W, 3 C) and bias (heads, M M, M M): see window_attention in
  /// ops/window_attention.hpp.
  template <std::same_as<float> T>
  static bool window_attention(const T* qkv, const T* bias, T* y, const AttentionSizes& sizes) {
    FusedAttention<T>(sizes).forward(qkv, bias, y);
    return true;
  }
  /// dqkv and dbias, which may hold anything before.
  template <std::same_as<float> T>
  static bool window_attention_gradient(const T* qkv, const T* bias, const T* dy, T* dqkv, T* dbias,
                                        const AttentionSizes& sizes) {
    FusedAttention<T>(sizes).backward(qkv, bias, dy, dqkv, dbias);
    return true;
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
