// The Gaussian window: for SSIM, as a metric and as a loss, and for blurring.
#pragma once
#include <cmath>
#include <vector>

#include "crisp/fwd.hpp"

namespace crisp {

/// 2 radius + 1 weights exp(-k^2 / (2 deviation^2)) for k from -radius to radius, divided by their sum.
inline std::vector<double> gaussian_window(Index radius, double deviation) {
  std::vector<double> window;
  double total = 0;
  for (Index k = -radius; k <= radius; ++k) {
    window.push_back(std::exp(-double(k * k) / (2 * deviation * deviation)));
    total += window.back();
  }
  for (double& w : window) w /= total;
  return window;
}

}  // namespace crisp
