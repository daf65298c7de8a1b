// layer_norm on vectors: as many rows of C channels as a vector has lanes go through it together, and stay in
// the first cache until their means, their variances and their results are there. The sums over rows become
// vectors too: a lane for each row.
#pragma once
#include <concepts>

#include <cmath>

#include "crisp/backend/cpu/fast/channels.hpp"
#include "crisp/backend/cpu/simd/vector_math.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

// C channels as vectors, at least one. If C is no multiple of the width, the last vector ends with the last
// channel: its first lanes are channels of the vector before, and count only once.
template <class T>
struct Row {
  Index C;
  Vector<T> once;  // for the last of those vectors: 0 in the lanes that were there before, else 1

  explicit Row(Index channels) : C(channels) {
    for (Index i = 0; i < width<T>; ++i) once[i] = i < width<T> - C % width<T> ? T(0) : T(1);
  }
  Index whole() const { return C / width<T> * width<T>; }  // channels in vectors of their own
  bool rest() const { return C % width<T> != 0; }
  Index last() const { return C - width<T>; }

  // f(first channel) for each vector, and the sum over all channels of what it returns, in one vector.
  template <class F>
  [[gnu::always_inline]] Vector<T> sum(const F& f) const {
    Vector<T> sum{};
    for (Index c = 0; c < whole(); c += width<T>) sum += f(c);
    return rest() ? sum + once * f(last()) : sum;
  }
  template <class F>
  [[gnu::always_inline]] void each(const F& f) const {
    for (Index c = 0; c < whole(); c += width<T>) f(c);
    if (rest()) f(last());
  }
};

struct FastLayerNorm {
  /// y = w (x - mean) rstd + b for rows of C channels; mean and rstd (rows) are kept for the backward pass.
  /// False, and nothing written, for fewer channels than a vector holds.
  template <std::floating_point T>
  static bool layer_norm(const T* x, const T* w, const T* b, T* y, T* mean, T* rstd, Index rows, Index C,
                         T eps) {
    if (C < width<T>) return false;
    const Row<T> row(C);
    Chunks{rows, C}.each([=](Index, Index begin, Index end) {
      for (Index first = begin; first < end; first += width<T>) {
        const Index count = std::min<Index>(width<T>, end - first);
        Vector<T> sums[width<T>] = {};
        for (Index i = 0; i < count; ++i)
          sums[i] = row.sum([from = x + (first + i) * C](Index c) { return load(from + c); });
        const Vector<T> means = sums_of<T>(sums) / T(C);
        store_first(mean + first, means, count);
        for (Index i = 0; i < count; ++i)
          sums[i] = row.sum([from = x + (first + i) * C, m = mean[first + i]](Index c) {
            return (load(from + c) - m) * (load(from + c) - m);
          });
        Vector<T> deviations = sums_of<T>(sums) / T(C) + eps;
        for (Index i = 0; i < width<T>; ++i) deviations[i] = std::sqrt(deviations[i]);
        store_first(rstd + first, T(1) / deviations, count);
        for (Index i = first; i < first + count; ++i)
          row.each([=, m = mean[i], r = rstd[i]](Index c) {
            store(y + i * C + c, (load(x + i * C + c) - m) * r * load(w + c) + load(b + c));
          });
      }
    });
    return true;
  }

  /// dx, which may be dy itself, dw and db. False as above.
  template <std::floating_point T>
  static bool layer_norm_gradient(const T* x, const T* w, const T* mean, const T* rstd, const T* dy, T* dx,
                                  T* dw, T* db, Index rows, Index C) {
    if (C < width<T>) return false;
    const Row<T> row(C);
    const Chunks chunks{rows, C};
    // Of the sums for dw and db: there the last vector has a place of its own.
    const Index padded = round_up(C, width<T>);
    T* parts = scratch<T, 5>(chunks.count() * 2 * padded);
    chunks.each([=](Index chunk, Index begin, Index end) {
      T *dw_part = parts + chunk * 2 * padded, *db_part = dw_part + padded;
      std::fill_n(dw_part, 2 * padded, T(0));
      for (Index first = begin; first < end; first += width<T>) {
        const Index count = std::min<Index>(width<T>, end - first);
        Vector<T> sums[width<T>] = {},
                  alongs[width<T>] = {};  // of g = w dy, and of g n, where n = (x - mean) rstd
        for (Index i = 0; i < count; ++i) {
          const T *from = x + (first + i) * C, *d = dy + (first + i) * C, m = mean[first + i],
                  r = rstd[first + i];
          const auto add = [&](Index c, Index at, const Vector<T>& dy_c) {
            const Vector<T> n = (load(from + c) - m) * r, g = load(w + c) * dy_c;
            sums[i] += g;
            alongs[i] += g * n;
            store(dw_part + at, load(dw_part + at) + dy_c * n);
            store(db_part + at, load(db_part + at) + dy_c);
          };
          for (Index c = 0; c < row.whole(); c += width<T>) add(c, c, load(d + c));
          if (row.rest()) add(row.last(), row.whole(), row.once * load(d + row.last()));
        }
        const Vector<T> sum = sums_of<T>(sums) / T(C), along = sums_of<T>(alongs) / T(C);
        for (Index i = 0; i < count; ++i) {
          const T *from = x + (first + i) * C, *d = dy + (first + i) * C, m = mean[first + i],
                  r = rstd[first + i], g = sum[i], gn = along[i];
          T* to = dx + (first + i) * C;
          const auto slope = [=](Index c, const Vector<T>& dy_c) {
            return (load(w + c) * dy_c - g - (load(from + c) - m) * r * gn) * r;
          };
          const Vector<T> end_of_dy = load(d + row.last());  // read before dx is written there
          for (Index c = 0; c < row.whole(); c += width<T>) store(to + c, slope(c, load(d + c)));
          if (row.rest()) store(to + row.last(), slope(row.last(), end_of_dy));
        }
      }
    });
    for (Index c = 0; c < C; ++c) {
      const Index at = c < row.whole() ? c : row.whole() + c - row.last();
      dw[c] = db[c] = T(0);
      for (Index chunk = 0; chunk < chunks.count(); ++chunk) {
        dw[c] += parts[chunk * 2 * padded + at];
        db[c] += parts[chunk * 2 * padded + padded + at];
      }
    }
    return true;
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
