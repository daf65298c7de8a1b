// IFC: the information fidelity criterion (Sheikh, Bovik and de Veciana 2005), the information, in bits a
// pixel, that the result holds of the original. In each band of a steerable pyramid the blocks of 3 x 3
// coefficients of the original are a Gaussian scale mixture, s u with u of the covariance C; those of the
// result are g s u + v, with v Gaussian noise. The IFC is the sum over the blocks of log2 det(1 + g^2 s^2 C /
// var v). Its settings are those of the authors' program ifcvec, which takes more bands than the paper.
#pragma once
#include <array>

#include "crisp/metrics/steerable_pyramid.hpp"

namespace crisp::metrics {

namespace detail {

using Block = std::array<double, 9>;  // 3 x 3 coefficients
using BlockMatrix = std::array<Block, 9>;

inline Block block(const Plane& x, Index i, Index j) {
  Block v;
  for (Index k = 0; k < 9; ++k) v[std::size_t(k)] = x.v[std::size_t((i + k / 3) * x.width + j + k % 3)];
  return v;
}

// The covariance of all blocks, also of those that overlap.
inline BlockMatrix block_covariance(const Plane& x) {
  Block mean{};
  BlockMatrix sum{};
  for (Index i = 0; i + 3 <= x.height; ++i)
    for (Index j = 0; j + 3 <= x.width; ++j) {
      const Block v = block(x, i, j);
      for (std::size_t a = 0; a < 9; ++a) {
        mean[a] += v[a];
        for (std::size_t b = 0; b < 9; ++b) sum[a][b] += v[a] * v[b];
      }
    }
  const double count = double((x.height - 2) * (x.width - 2));
  for (std::size_t a = 0; a < 9; ++a)
    for (std::size_t b = 0; b < 9; ++b) sum[a][b] = sum[a][b] / count - mean[a] / count * (mean[b] / count);
  return sum;
}

// Jacobi's rotations: leaves the eigenvalues of a symmetric matrix on its diagonal, and gives the
// eigenvectors, one a row.
inline BlockMatrix diagonalise(BlockMatrix& a) {
  BlockMatrix vectors{};
  for (std::size_t i = 0; i < 9; ++i) vectors[i][i] = 1;
  for (int sweep = 0; sweep < 30;
       ++sweep)  // far more than are needed: near the end each squares what is left
    for (std::size_t p = 0; p < 9; ++p)
      for (std::size_t q = p + 1; q < 9; ++q) {
        if (a[p][q] == 0) continue;
        const double tau = (a[q][q] - a[p][p]) / (2 * a[p][q]),
                     t = (tau < 0 ? -1 : 1) / (std::abs(tau) + std::sqrt(1 + tau * tau));
        const double c = 1 / std::sqrt(1 + t * t), s = t * c;
        const auto rotate = [&](double& x, double& y) {
          const double old = x;
          x = c * x - s * y, y = s * old + c * y;
        };
        for (std::size_t k = 0; k < 9; ++k) rotate(a[p][k], a[q][k]), rotate(vectors[p][k], vectors[q][k]);
        for (std::size_t k = 0; k < 9; ++k) rotate(a[k][p], a[k][q]);
        a[p][q] = a[q][p] = 0;
      }
  return vectors;
}

// g^2 / var v of a block, by regression of the result on the original in a window of n pixels about it, from
// the sums over that.
inline double gain_over_noise(double n, double x, double y, double xx, double yy, double xy) {
  const double var_x = xx - x * x / n, var_y = yy - y * y / n, cov = xy - x * y / n;
  if (var_x < 1e-15 || var_y < 1e-15 || cov <= 0) return 0;
  const double gain = cov / var_x, noise = std::max(0.0, var_y - gain * cov) / n;
  return gain * gain / (noise + 1e-10);
}

// The likeliest s^2 of a block, u' C^-1 u / 9. Where C has no variance, which rounding hides, nor has u.
inline double mixture_scale(const Block& u, const BlockMatrix& eigenvalues, const BlockMatrix& eigenvectors) {
  double largest = 0, scale = 0;
  for (std::size_t k = 0; k < 9; ++k) largest = std::max(largest, eigenvalues[k][k]);
  for (std::size_t k = 0; k < 9; ++k) {
    if (eigenvalues[k][k] <= 9 * std::numeric_limits<double>::epsilon() * largest) continue;
    double along = 0;
    for (std::size_t m = 0; m < 9; ++m) along += eigenvectors[k][m] * u[m];
    scale += along * along / eigenvalues[k][k] / 9;
  }
  return scale;
}

// What the band y of the result holds of the band x, in bits; both multiples of 3 in size. g and v are of a
// window of `size` coefficients a side about each block; blocks whose window passes the border are left out.
inline double band_information(const Plane& y, const Plane& x, Index size) {
  const Plane ones{size, size, std::vector<double>(std::size_t(size * size), 1.0)};
  const auto sums = [&](const Plane& z) {
    return correlate(z, ones, 3, 1);
  };  // one a block, about its middle
  const Plane sx = sums(x), sy = sums(y), xx = sums(times(x, x)), yy = sums(times(y, y)),
              xy = sums(times(x, y));
  BlockMatrix eigenvalues = block_covariance(x);
  const BlockMatrix eigenvectors = diagonalise(eigenvalues);
  const Index border = (size / 2 + 2) / 3;
  double bits = 0;
  for (Index i = border; i < sx.height - border; ++i)
    for (Index j = border; j < sx.width - border; ++j) {
      const std::size_t at = std::size_t(i * sx.width + j);
      const double ratio =
          gain_over_noise(double(size * size), sx.v[at], sy.v[at], xx.v[at], yy.v[at], xy.v[at]);
      const double scale = mixture_scale(block(x, 3 * i, 3 * j), eigenvalues, eigenvectors);
      for (std::size_t k = 0; k < 9; ++k)
        bits += std::log2(1 + ratio * scale * std::max(0.0, eigenvalues[k][k]));
    }
  return bits;
}

// A band without what is over multiples of 3.
inline Plane whole_blocks(const Plane& x) {
  Plane y{x.height / 3 * 3, x.width / 3 * 3, {}};
  for (Index i = 0; i < y.height; ++i)
    y.v.insert(y.v.end(), x.v.begin() + i * x.width, x.v.begin() + i * x.width + y.width);
  return y;
}

inline double ifc(const Plane& result, const Plane& original) {
  constexpr Index window[] = {17, 9, 5, 3};  // of each level
  const Plane y = padded_for_pyramid(result), x = padded_for_pyramid(original);
  const auto of_y = steerable_pyramid(y, 4), of_x = steerable_pyramid(x, 4);
  double bits = 0;
  for (std::size_t level = 0; level < 4; ++level)
    for (std::size_t band = 0; band < 2; ++band)
      bits +=
          band_information(whole_blocks(of_y[level][band]), whole_blocks(of_x[level][band]), window[level]);
  return bits / double(x.height * x.width);
}

}  // namespace detail

/// IFC of a result and its original, in this order, as it asks what the one holds of the other: 0 where
/// nothing is left of it, no upper bound; for equal images large, but finite. For RGB the mean over the
/// channels. Throws Error for images of unequal size, or of less than 44 pixels a side after shaving.
inline Score ifc(const data::Image& result, const data::Image& original, Options o = {}) {
  detail::check_pair("ifc", result, original, o);
  check(std::min(result.height, result.width) - 2 * o.shave >= 44, "ifc: ", describe(result), " with ",
        o.shave,
        " pixels shaved is too small for a pyramid of four levels; at least 44 pixels a side are needed");
  const data::Image y = detail::compared(result, o), x = detail::compared(original, o);
  double sum = 0;
  for (Index c = 0; c < x.channels; ++c) sum += detail::ifc(detail::plane(y, c), detail::plane(x, c));
  return {sum / double(x.channels), describe(o)};
}

}  // namespace crisp::metrics
