// The steerable pyramid in space (Simoncelli and Freeman 1995), with the filters of six orientations,
// sp5Filters of matlabPyrTools (designed by Karasaridis and Simoncelli 1996), and its borders, "reflect1":
// mirrored about the pixel at the edge.
#pragma once
#include <array>

#include "crisp/core/mirror.hpp"
#include "crisp/core/rounding.hpp"
#include "crisp/metrics/ssim.hpp"

namespace crisp::metrics::detail {

// sp5Filters. Their symmetry leaves a quarter of each: upper left, with the centre row and column.
inline constexpr double sp5_first_lowpass[3][3] = {{0.00341614, -0.01551246, -0.03848215},
                                                   {-0.01551246, 0.05586982, 0.15925570},
                                                   {-0.03848215, 0.15925570, 0.40304148}};
inline constexpr double sp5_lowpass[5][5] = {  // twice these
    {0.00085404, -0.00244917, -0.00387812, -0.00944432, -0.00962054},
    {-0.00244917, -0.00523281, -0.00661117, 0.00410600, 0.01002988},
    {-0.00387812, -0.00661117, 0.01396746, 0.03277038, 0.03981393},
    {-0.00944432, 0.00410600, 0.03277038, 0.06426333, 0.08169618},
    {-0.00962054, 0.01002988, 0.03981393, 0.08169618, 0.10096540}};
inline constexpr double sp5_band[4][4] =
    {  // the first of the six, for edges that lie; with the other sign below the centre row
        {0.00277643, 0.00496194, 0.01026699, 0.01455399},
        {-0.00986904, -0.00893064, 0.01189859, 0.02755155},
        {-0.01021852, -0.03075356, -0.08226445, -0.11732297},
        {0, 0, 0, 0}};

// The whole filter of a quarter (n, n): (2 n - 1, 2 n - 1).
template <std::size_t n>
Plane whole_filter(const double (&quarter)[n][n], double factor, double sign_below) {
  const Index size = 2 * Index(n) - 1;
  Plane f{size, size, {}};
  for (Index i = 0; i < size; ++i)
    for (Index j = 0; j < size; ++j) {
      const double value = quarter[std::min(i, size - 1 - i)][std::min(j, size - 1 - j)];
      f.v.push_back(i < Index(n) ? factor * value : factor * sign_below * value);
    }
  return f;
}

inline Plane transposed(const Plane& x) {
  Plane y{x.width, x.height, {}};
  for (Index j = 0; j < x.width; ++j)
    for (Index i = 0; i < x.height; ++i) y.v.push_back(x.v[std::size_t(i * x.width + j)]);
  return y;
}

using crisp::detail::mirrored_about_pixel;

// Mirrored to multiples of 32 pixels, and to 128 at least, so that all levels are whole, as MeTriX MuX does
// for the IFC (which fills the corners with one value each). For 44 pixels a side or more.
inline Plane padded_for_pyramid(const Plane& x) {
  const auto whole = [](Index n) { return std::max<Index>(128, (n + 31) / 32 * 32); };
  Plane y{whole(x.height), whole(x.width), {}};
  const Index top = (y.height - x.height + 1) / 2, left = (y.width - x.width + 1) / 2;
  for (Index i = 0; i < y.height; ++i)
    for (Index j = 0; j < y.width; ++j)
      y.v.push_back(x.v[std::size_t(mirrored_about_pixel(i - top, x.height) * x.width +
                                    mirrored_about_pixel(j - left, x.width))]);
  return y;
}

// The correlation with a filter of odd size about the pixels first, first + step, .. along both axes.
inline Plane correlate(const Plane& x, const Plane& filter, Index step = 1, Index first = 0) {
  const Index H = ceil_div(x.height - first, step), W = ceil_div(x.width - first, step),
              radius = filter.height / 2;
  std::vector<Index> column;  // where the pixels of a row come from, with `radius` more on either side
  for (Index j = -radius; j < x.width + radius; ++j) column.push_back(mirrored_about_pixel(j, x.width));
  Plane y{H, W, std::vector<double>(static_cast<std::size_t>(H * W))};
  parallel_for(H, H * W > 4096, [&](Index i) {
    std::vector<double> row(column.size());
    double* out = &y.v[std::size_t(i * W)];
    for (Index a = 0; a < filter.height; ++a) {
      const Index from = mirrored_about_pixel(first + i * step + a - radius, x.height) * x.width;
      for (std::size_t j = 0; j < row.size(); ++j) row[j] = x.v[std::size_t(from + column[j])];
      for (Index b = 0; b < filter.width; ++b) {
        const double weight = filter.v[std::size_t(a * filter.width + b)], *in = &row[std::size_t(first + b)];
        for (Index j = 0; j < W; ++j) out[j] += weight * in[j * step];
      }
    }
  });
  return y;
}

// The bands of a level that the IFC takes, of the first and of the fourth orientation: of edges that lie, and
// of edges that stand.
using PyramidLevel = std::array<Plane, 2>;

// The levels from fine to coarse, each half as large as the one before. Each needs 9 pixels a side, or 5
// where it is the last.
inline std::vector<PyramidLevel> steerable_pyramid(const Plane& x, int levels) {
  const Plane lowpass = whole_filter(sp5_lowpass, 2, 1), band = whole_filter(sp5_band, 1, -1);
  Plane low = correlate(x, whole_filter(sp5_first_lowpass, 1, 1));
  std::vector<PyramidLevel> pyramid;
  for (int level = 0; level < levels; ++level) {
    if (level > 0) low = correlate(low, lowpass, 2);
    pyramid.push_back({correlate(low, band), correlate(low, transposed(band))});
  }
  return pyramid;
}

}  // namespace crisp::metrics::detail
