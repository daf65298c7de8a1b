// WPSNR: the PSNR of the error as an eye sees it, weighted by the contrast sensitivity of the Picture Quality
// Scale (Miyahara, Kotani and Algazi 1998), in the form and with the numbers of R. Liu's program WPSNR, by
// which the figures of Dong et al. 2016 come out.
#pragma once
#include <numbers>

#include "crisp/metrics/fourier.hpp"

namespace crisp::metrics {

namespace detail {

inline constexpr Index csf_size = 41;  // the filter's side: frequencies -20 .. 20

// The sensitivity at u and v cycles a degree: most at 3.6, and from 11 on less along the diagonals.
inline double contrast_sensitivity(double u, double v) {
  constexpr double degree = 2 * std::numbers::pi / 60, start = 11.13 * degree;
  const double w = std::hypot(u, v) * degree,
               band = 1.5 * std::exp(-2 * w * w) - std::exp(-4 * w * w);  // sigma = 2 of the paper
  const double high = std::exp(8 * (w - start)), c = std::cos(2 * std::atan2(v, u));
  return band * (1 + high * c * c * c * c) / (1 + high);
}

// The error after the filter of 41 x 41 weights that has this sensitivity at its own 41 x 41 frequencies;
// outside the image it is 0.
inline Plane weighted_error(const Plane& a, const Plane& b) {
  const auto canvas = [](Index n) {
    return (n + csf_size / 2 + 63) / 64 * 64;
  };  // the filter's reach must not come round; 64 is quick
  ComplexPlane error{canvas(a.height), canvas(a.width), {}}, filter{csf_size, csf_size, {}};
  error.v.resize(std::size_t(error.height * error.width));
  ComplexPlane wide = error;
  for (Index i = 0; i < a.height; ++i)
    for (Index j = 0; j < a.width; ++j)
      error.v[std::size_t(i * error.width + j)] =
          a.v[std::size_t(i * a.width + j)] - b.v[std::size_t(i * a.width + j)];
  for (Index i = 0; i < csf_size; ++i)
    for (Index j = 0; j < csf_size; ++j)
      filter.v.push_back(contrast_sensitivity(frequency(i, csf_size), frequency(j, csf_size)));
  filter = fourier(std::move(filter), true);
  for (Index i = 0; i < csf_size; ++i)
    for (Index j = 0; j < csf_size;
         ++j) {  // weight (y, x) from the centre stands at (y, x) from the corner, coming round
      const Index y = Index(frequency(i, csf_size)), x = Index(frequency(j, csf_size));
      wide.v[std::size_t((y < 0 ? y + wide.height : y) * wide.width + (x < 0 ? x + wide.width : x))] =
          filter.v[std::size_t(i * csf_size + j)];
    }
  error = fourier(std::move(error)), wide = fourier(std::move(wide));
  for (std::size_t i = 0; i < error.v.size(); ++i) error.v[i] *= wide.v[i];
  error = fourier(std::move(error), true);
  Plane y{a.height, a.width, {}};
  for (Index i = 0; i < a.height; ++i)
    for (Index j = 0; j < a.width; ++j) y.v.push_back(error.v[std::size_t(i * error.width + j)].real());
  return y;
}

}  // namespace detail

/// WPSNR in dB, over all samples; infinite for equal images, and the same in either order. Throws Error for
/// images of unequal size.
inline Score wpsnr(const data::Image& result, const data::Image& original, Options o = {}) {
  detail::check_pair("wpsnr", result, original, o);
  const data::Image x = detail::compared(result, o), y = detail::compared(original, o);
  double sum = 0;
  for (Index c = 0; c < x.channels; ++c)
    for (double e : detail::weighted_error(detail::plane(x, c), detail::plane(y, c)).v) sum += e * e;
  return {psnr_of_mse(x.samples == y.samples ? 0 : sum / double(x.samples.size())), describe(o)};
}

}  // namespace crisp::metrics
