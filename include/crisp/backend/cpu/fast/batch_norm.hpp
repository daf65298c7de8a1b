// Batch normalisation on the CPU: one pass over the batch for the statistics, one for the values, two for the
// gradients.
#pragma once
#include <concepts>

#include <cmath>

#include "crisp/backend/cpu/fast/channels.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

struct FastBatchNorm {
  /// x (rows, C) -> mean (C) and variance (C). Each chunk of rows has a mean of its own, from which its
  /// squares are taken; chunks are then joined (Chan, Golub and LeVeque 1979), which loses no digits where
  /// the mean is far from zero.
  template <std::floating_point T>
  static bool channel_statistics(const T* x, Index rows, Index C, T* mean, T* variance) {
    const Chunks chunks{rows, C};
    const Index padded = round_up(C, width<T>);
    T* parts = scratch<T, 5>(chunks.count() * 2 * padded);  // means, and sums of squared distances
    chunks.each([&](Index chunk, Index first, Index last) {
      T *m = parts + chunk * 2 * padded, *squares = m + padded;
      std::fill_n(m, 2 * padded, T(0));
      const auto each = [&](const auto& f) {
        for (Index row = first; row < last; ++row)
          for_channels<T>(C, [&](Index c, Index count) { f(c, load_first(x + row * C + c, count)); });
      };
      each([&](Index c, const Vector<T>& v) { store(m + c, load(m + c) + v); });
      for (Index c = 0; c < C; ++c) m[c] /= T(last - first);
      each([&](Index c, const Vector<T>& v) {
        const Vector<T> d = v - load(m + c);
        store(squares + c, load(squares + c) + d * d);
      });
    });
    for (Index c = 0; c < C; ++c) {
      double total = 0, m = 0, squares = 0;
      for (Index chunk = 0; chunk < chunks.count(); ++chunk) {
        const double n = double(std::min(rows, (chunk + 1) * chunks.size()) - chunk * chunks.size());
        const double distance = double(parts[chunk * 2 * padded + c]) - m;
        m += distance * n / (total + n);
        squares +=
            double(parts[(chunk * 2 + 1) * padded + c]) + distance * distance * total * n / (total + n);
        total += n;
      }
      mean[c] = T(m);
      variance[c] = T(squares / total);
    }
    return true;
  }

  /// y = w (x - mean) / sqrt(variance + eps) + b, as one multiplication and one addition a number.
  template <std::floating_point T>
  static bool batch_norm(const T* x, const T* w, const T* b, const T* mean, const T* variance, T* y,
                         Index rows, Index C, T eps) {
    T* scale = scratch<T, 5>(2 * round_up(C, width<T>));
    T* shift = scale + round_up(C, width<T>);
    for (Index c = 0; c < C; ++c) {
      scale[c] = w[c] / std::sqrt(variance[c] + eps);
      shift[c] = b[c] - mean[c] * scale[c];
    }
    Chunks{rows, C}.each([&](Index, Index first, Index last) {
      for (Index row = first; row < last; ++row)
        for_channels<T>(C, [&](Index c, Index count) {
          store_first(y + row * C + c, load_first(x + row * C + c, count) * load(scale + c) + load(shift + c),
                      count);
        });
    });
    return true;
  }

  /// sums (2, C): the sums over the rows of dy times the normalised x, and of dy.
  template <std::floating_point T>
  static bool batch_norm_sums(const T* x, const T* dy, const T* mean, const T* variance, T* sums, Index rows,
                              Index C, T eps) {
    const Index padded = round_up(C, width<T>);
    T *rstd = scratch<T, 6>(2 * padded), *middle = rstd + padded;
    for (Index c = 0; c < C; ++c) {
      rstd[c] = T(1) / std::sqrt(variance[c] + eps);
      middle[c] = mean[c];
    }
    sum_channels<T, 2>(rows, C, sums, [&](Index row, Index c, Index count, const auto& add) {
      const Vector<T> d = load_first(dy + row * C + c, count), v = load_first(x + row * C + c, count);
      add(0, d * ((v - load(middle + c)) * load(rstd + c)));
      add(1, d);
    });
    return true;
  }

  /// dx, which may be dy itself, from the sums. of_batch: mean and variance depend on x.
  template <std::floating_point T>
  static bool batch_norm_gradient(const T* x, const T* w, const T* dy, const T* mean, const T* variance,
                                  const T* sums, T* dx, Index rows, Index C, T eps, bool of_batch) {
    const Index padded = round_up(C, width<T>);
    T* of_dy = scratch<T, 6>(3 * padded);  // dx = of_dy dy + of_x x + constant
    T *of_x = of_dy + padded, *constant = of_x + padded;
    for (Index c = 0; c < C; ++c) {
      const T rstd = T(1) / std::sqrt(variance[c] + eps), through = of_batch ? w[c] * rstd / T(rows) : T(0);
      of_dy[c] = w[c] * rstd;
      of_x[c] = -through * rstd * sums[c];
      constant[c] = -through * sums[C + c] - of_x[c] * mean[c];
    }
    Chunks{rows, C}.each([&](Index, Index first, Index last) {
      for (Index row = first; row < last; ++row)
        for_channels<T>(C, [&](Index c, Index count) {
          const Vector<T> d = load_first(dy + row * C + c, count), v = load_first(x + row * C + c, count);
          store_first(dx + row * C + c, d * load(of_dy + c) + v * load(of_x + c) + load(constant + c), count);
        });
    });
    return true;
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
