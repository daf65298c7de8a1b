// layer_norm on vectors: a row of C channels stays in the first cache while its mean, its variance and its result are computed.
#pragma once
#include <cmath>

#include "crisp/backend/fast/channels.hpp"

namespace crisp::detail {

// C channels as vectors. If C is no multiple of the width, the last vector ends with the last channel: its first lanes are channels of the
// vector before, and count only once.
template <class T>
struct Row {
  Index C;
  Vector<T> once;  // for the last of those vectors: 0 in the lanes that were there before, else 1

  explicit Row(Index C) : C(C) {
    for (Index i = 0; i < width<T>; ++i) once[i] = i < width<T> - C % width<T> ? T(0) : T(1);
  }
  Index whole() const { return C / width<T>; }
  bool rest() const { return C % width<T> != 0; }
  Index last() const { return C - width<T>; }

  // The sum over all channels of f(first channel of a vector).
  template <class F>
  [[gnu::always_inline]] T sum(const F& f) const {
    Vector<T> sum{};
    for (Index v = 0; v < whole(); ++v) sum += f(v * width<T>);
    if (rest()) sum += once * f(last());
    return sum_of<T>(sum);
  }
};

struct FastLayerNorm {
  /// y = w (x - mean) rstd + b for rows of C channels; mean and rstd (rows) are kept for the way back. False, and nothing written, for
  /// fewer channels than a vector holds.
  template <class T>
  static bool layer_norm(const T* x, const T* w, const T* b, T* y, T* mean, T* rstd, Index rows, Index C, T eps) {
    if (C < width<T>) return false;
    const Row<T> row(C);
    Pieces{rows, C}.each([&](Index, Index first, Index end) {
      for (Index i = first; i < end; ++i) {
        const T* from = x + i * C;
        const T m = row.sum([=](Index c) { return load(from + c); }) / T(C);
        const T variance = row.sum([=](Index c) { return (load(from + c) - m) * (load(from + c) - m); }) / T(C), r = T(1) / std::sqrt(variance + eps);
        const auto put = [=](Index c) { store(y + i * C + c, (load(from + c) - m) * r * load(w + c) + load(b + c)); };
        for (Index v = 0; v < row.whole(); ++v) put(v * width<T>);
        if (row.rest()) put(row.last());
        mean[i] = m;
        rstd[i] = r;
      }
    });
    return true;
  }

  /// dx, which may be dy itself, dw and db. False as above.
  template <class T>
  static bool layer_norm_gradient(const T* x, const T* w, const T* mean, const T* rstd, const T* dy, T* dx, T* dw, T* db, Index rows, Index C) {
    if (C < width<T>) return false;
    const Row<T> row(C);
    const Pieces pieces{rows, C};
    const Index padded = round_up(C, width<T>), last = padded - width<T>;  // of the sums: each vector has its own place there
    T* parts = scratch<T, 5>(pieces.count() * 2 * padded);
    pieces.each([&](Index piece, Index first, Index end) {
      T *dw_part = parts + piece * 2 * padded, *db_part = dw_part + padded;
      std::fill_n(dw_part, 2 * padded, T(0));
      for (Index i = first; i < end; ++i) {
        const T *from = x + i * C, *d = dy + i * C, m = mean[i], r = rstd[i];
        const Vector<T> end_of_dy = load(d + row.last());  // read before dx is written there
        Vector<T> sum{}, along{};                          // of g = w dy, and of g normal
        const auto add = [&](Index c, Index at, const Vector<T>& dy_c) {
          const Vector<T> normal = (load(from + c) - m) * r, g = load(w + c) * dy_c;
          sum += g;
          along += g * normal;
          store(dw_part + at, load(dw_part + at) + dy_c * normal);
          store(db_part + at, load(db_part + at) + dy_c);
        };
        for (Index v = 0; v < row.whole(); ++v) add(v * width<T>, v * width<T>, load(d + v * width<T>));
        if (row.rest()) add(row.last(), last, row.once * end_of_dy);
        const T mean_g = sum_of<T>(sum) / T(C), mean_along = sum_of<T>(along) / T(C);
        const auto put = [&](Index c, const Vector<T>& dy_c) {
          const Vector<T> normal = (load(from + c) - m) * r;
          store(dx + i * C + c, (load(w + c) * dy_c - mean_g - normal * mean_along) * r);
        };
        for (Index v = 0; v < row.whole(); ++v) put(v * width<T>, load(d + v * width<T>));
        if (row.rest()) put(row.last(), end_of_dy);
      }
    });
    for (Index c = 0; c < C; ++c) {
      const Index at = c < row.whole() * width<T> ? c : last + c - row.last();
      dw[c] = db[c] = T(0);
      for (Index piece = 0; piece < pieces.count(); ++piece) {
        dw[c] += parts[piece * 2 * padded + at];
        db[c] += parts[piece * 2 * padded + padded + at];
      }
    }
    return true;
  }
};

}  // namespace crisp::detail
