// MS-SSIM: SSIM over five scales, each half as large as the one before
// (Wang, Simoncelli and Bovik 2003, eq. 7).
#pragma once
#include "crisp/metrics/ssim.hpp"

namespace crisp::metrics {

namespace detail {
inline Plane halved(const Plane& x) {  // the mean of 2 x 2 pixels
  Plane y{x.height / 2, x.width / 2, {}};
  for (Index i = 0; i < y.height; ++i)
    for (Index j = 0; j < y.width; ++j) {
      const auto at = [&](Index a, Index b) { return x.v[std::size_t((2 * i + a) * x.width + 2 * j + b)]; };
      y.v.push_back((at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4);
    }
  return y;
}
}  // namespace detail

/// MS-SSIM, 1 for equal images; for RGB the mean over the channels. A negative part of one scale counts as 0.
/// Throws Error for images of unequal size, or of less than 176 pixels a side after shaving (11 pixels at the
/// last scale).
inline Score ms_ssim(const data::Image& a, const data::Image& b, Options o = {}) {
  constexpr double weights[5] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
  detail::check_pair("ms_ssim", a, b, o);
  check(std::min(a.height, a.width) - 2 * o.shave >= 16 * detail::ssim_window, "ms_ssim: ", describe(a),
        " with ", o.shave,
        " pixels shaved is too small for five scales; at least 176 pixels a side are needed");
  const data::Image x = detail::compared(a, o), y = detail::compared(b, o);
  double sum = 0;
  for (Index c = 0; c < x.channels; ++c) {
    detail::Plane p = detail::plane(x, c), q = detail::plane(y, c);
    double product = 1;
    for (int s = 0; s < 5; ++s) {
      const detail::SsimParts parts = detail::ssim_parts(p, q);
      product *= std::pow(std::max(0.0, s < 4 ? parts.contrast_structure : parts.ssim), weights[s]);
      if (s < 4) p = detail::halved(p), q = detail::halved(q);
    }
    sum += product;
  }
  return {sum / double(x.channels), describe(o)};
}

}  // namespace crisp::metrics
