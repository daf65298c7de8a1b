// Resampling: the named conventions by which one axis is enlarged or reduced, as weighted sums (Keys 1981).
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "crisp/core/mirror.hpp"

namespace crisp {

/// nearest         the pixel whose area holds the centre of the new one
/// bilinear        half-pixel centres, repeated edge; as torch's interpolate with align_corners=False
/// bicubic_torch   cubic with a = -0.75, half-pixel centres, repeated edge, no antialiasing
/// bicubic_matlab  cubic with a = -0.5, mirrored edge, kernel widened when it shrinks: imresize, and
///                 published figures
enum class Resampling { nearest, bilinear, bicubic_torch, bicubic_matlab };

namespace detail {

// Along one axis: output i is the sum over k of weight[i * taps + k] * input[source[i * taps + k]].
struct ResizeTaps {
  Index taps = 0;
  std::vector<Index> source;
  std::vector<double> weight;
};

/// Keys' cubic: 1 at 0, 0 at the other whole numbers, 0 from 2 on; a is the slope at 1.
inline double cubic(double x, double a) {
  x = std::abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

// How far the kernel of a method reaches, in pixels.
inline double kernel_radius(Resampling method) {
  if (method == Resampling::nearest) return 0.5;
  return method == Resampling::bilinear ? 1 : 2;
}

inline ResizeTaps resize_taps(Index in, Index out, double scale, Resampling method, bool antialias) {
  const bool matlab = method == Resampling::bicubic_matlab;
  // The kernel is stretched by 1 / shrink.
  const double shrink = matlab && antialias && scale < 1 ? scale : 1;
  const double radius = kernel_radius(method) / shrink;
  ResizeTaps t;
  t.taps = method == Resampling::nearest ? 1 : Index(std::ceil(2 * radius)) + 2;
  for (Index i = 0; i < out; ++i) {
    const double centre = (double(i) + 0.5) / scale - 0.5;  // of the new pixel, in old pixels
    Index first = Index(std::floor(centre - radius));
    if (method == Resampling::nearest) first = Index(std::floor((double(i) + 0.5) / scale));
    double total = 0;
    for (Index k = 0; k < t.taps; ++k) {
      const Index j = first + k;
      const double x = shrink * (centre - double(j));
      double w = 1;
      if (method == Resampling::bilinear) w = std::max(0.0, 1 - std::abs(x));
      if (method == Resampling::bicubic_torch) w = cubic(x, -0.75);
      if (matlab) w = shrink * cubic(x, -0.5);
      t.source.push_back(matlab ? mirrored_about_edge(j, in) : std::clamp<Index>(j, 0, in - 1));
      t.weight.push_back(w);
      total += w;
    }
    for (Index k = 0; k < t.taps; ++k) t.weight[std::size_t(i * t.taps + k)] /= total;
  }
  return t;
}

}  // namespace detail
}  // namespace crisp
