// SC: super-resolution by sparse coding (Yang, Wright, Huang and Ma 2008). Patches of the small picture, 3 x
// 3 pixels, are sums of few atoms of Dl; the same amounts of the atoms of Dh are the large patch:
//   1. mid: the small picture enlarged by 2, whatever the scale; four maps of it, [-1 0 1] and [1 0 -2 0 1]
//      along rows and along columns;
//   2. f: the 4 x 36 numbers of a patch of mid, divided by its length where that is above 1;
//   3. min_a 1/2 |f - Dl a|^2 + 0.1 sum(a), a >= 0: exactly (nonnegative.hpp);
//   4. the large patch: Dh a, times the length, plus the mean of the patch of mid; averaged where they
//      overlap.
// The order is the published one: patches step by one small pixel, the last of each row and column twice.
#pragma once
#include "crisp/classic/frame.hpp"
#include "crisp/classic/nonnegative.hpp"

namespace crisp::classic {

struct SparseCoding {
  Index scale = 3;
  Matrix low, high;  // (144, K), (9 scale^2, K)
  double price = 0.1;
  Matrix gram = low.transpose() * low;

  /// Step 2 for the patch at a corner of mid: its feature, and its length (1 where it was not divided).
  std::pair<Vector, double> feature(const std::array<Plane, 4>& maps, Index top, Index left) const {
    Vector f(144);
    double* to = f.data();
    for (const Plane& map : maps)
      for (Index j = 0; j < 6; ++j, to += 6) std::copy_n(&map(top, left + j), 6, to);
    const double length = f.norm();
    if (length <= 1) return {f, 1};
    return {f / length, length};
  }

  /// Steps 2 to 4 for the patch whose small corner is (row, col).
  Matrix patch(const std::array<Plane, 4>& maps, const Plane& mid, Index row, Index col) const {
    const auto [f, length] = feature(maps, 2 * row, 2 * col);
    const Vector a = nonnegative_weights(gram, low.transpose() * f, price);
    Vector values = Vector::Zero(high.rows());
    for (Index i = 0; i < a.size(); ++i)
      if (a[i] > 0) values += length * a[i] * high.col(i);
    values.array() += mid.block(2 * row, 2 * col, 6, 6).mean();
    return Eigen::Map<const Matrix>(values.data(), 3 * scale, 3 * scale);
  }
};

/// The maps of step 1: convolution with [-1 0 1] and [1 0 -2 0 1], zeros outside.
inline std::array<Plane, 4> sparse_coding_maps(const Plane& mid) {
  std::array<Plane, 4> maps;
  for (Plane& map : maps) map.resize(mid.rows(), mid.cols());
  const auto at = [&](Index i, Index j) {
    return i >= 0 && i < mid.rows() && j >= 0 && j < mid.cols() ? mid(i, j) : 0.0;
  };
  for (Index j = 0; j < mid.cols(); ++j)
    for (Index i = 0; i < mid.rows(); ++i) {
      maps[0](i, j) = at(i, j - 1) - at(i, j + 1);
      maps[1](i, j) = at(i - 1, j) - at(i + 1, j);
      maps[2](i, j) = at(i, j - 2) - 2 * mid(i, j) + at(i, j + 2);
      maps[3](i, j) = at(i - 2, j) - 2 * mid(i, j) + at(i + 2, j);
    }
  return maps;
}

/// lr (h, w, 1), 0..255 -> (scale h, scale w, 1), not rounded; the outer `scale` pixels are bicubic's. The
/// same bits for any number of threads. Throws Error for a dictionary of another scale, and for a picture
/// smaller than a patch.
inline data::Image enlarge(const SparseCoding& method, const data::Image& lr) {
  const Index s = method.scale, side = 3 * method.scale;
  detail::check_picture("sparse_coding", lr.height, lr.width, s);
  check(method.low.rows() == 144 && method.high.rows() == side * side &&
            method.low.cols() == method.high.cols(),
        "sparse_coding: a dictionary of ", method.low.rows(), " x ", method.low.cols(), " and ",
        method.high.rows(), " x ", method.high.cols(), " is not one of x", s, ", which has rows of 144 and ",
        side * side);
  const Plane mid = to_plane(data::enlarge(lr, 2));
  const std::array<Plane, 4> maps = sparse_coding_maps(mid);
  Plane sum = Plane::Zero(lr.height * s, lr.width * s), count = sum;
  const Index rows = lr.height - 4, cols = lr.width - 4;  // corners 1 .. rows, 1 .. cols
  constexpr Index at_once = 64;
  for (Index first = 0; first < cols; first += at_once) {
    const Index here = std::min(at_once, cols - first);
    std::vector<Matrix> patches(std::size_t(here * rows));
    parallel_for(here * rows, true, [&](Index i) {
      patches[std::size_t(i)] = method.patch(maps, mid, 1 + i % rows, 1 + first + i / rows);
    });
    for (Index i = 0; i < here * rows; ++i) {
      const Index row = 1 + i % rows, col = 1 + first + i / rows;
      const double times = (row == rows ? 2.0 : 1.0) * (col == cols ? 2.0 : 1.0);
      sum.block(row * s, col * s, side, side) += times * patches[std::size_t(i)];
      count.block(row * s, col * s, side, side).array() += times;
    }
  }
  const Plane around = to_plane(data::enlarge(lr, s));
  return to_image((count.array() > 0).select(sum.array() / count.array().max(1), around.array()).matrix());
}

}  // namespace crisp::classic
