// The discrete Fourier transform of an image along both axes, of any size (Eigen's module FFT), for metrics
// in spatial frequencies.
#pragma once
#include <complex>

#include "crisp/core/around_eigen.hpp"

CRISP_BEFORE_EIGEN
#include <unsupported/Eigen/FFT>
CRISP_AFTER_EIGEN

#include "crisp/metrics/ssim.hpp"

namespace crisp::metrics::detail {

// (H, W) values. Of a spectrum, row i holds the frequency i, or i - H where that is nearer to 0; columns
// likewise.
struct ComplexPlane {
  Index height = 0, width = 0;
  std::vector<std::complex<double>> v;
};

// The sum over the pixels of x exp(-2 pi i (k y / H + l x / W)); backwards with +, divided by H W.
inline ComplexPlane fourier(ComplexPlane x, bool backwards = false) {
  Eigen::FFT<double> fft;
  const auto along = [&](Index first, Index step, Index count) {
    if (count == 1) return;  // the transform of one value is that value; Eigen's needs two
    std::vector<std::complex<double>> from(static_cast<std::size_t>(count)),
        to(static_cast<std::size_t>(count));
    for (Index k = 0; k < count; ++k) from[std::size_t(k)] = x.v[std::size_t(first + k * step)];
    if (std::all_of(from.begin(), from.end(), [](std::complex<double> c) { return c == 0.0; }))
      return;  // most of a band's spectrum
    backwards ? fft.inv(to.data(), from.data(), count) : fft.fwd(to.data(), from.data(), count);
    for (Index k = 0; k < count; ++k) x.v[std::size_t(first + k * step)] = to[std::size_t(k)];
  };
  for (Index j = 0; j < x.width; ++j) along(j, x.width, x.height);
  for (Index i = 0; i < x.height; ++i) along(i * x.width, 1, x.width);
  return x;
}

// The frequency in cycles a picture that entry i of n holds: 0, 1, .. n / 2, .. -2, -1.
inline double frequency(Index i, Index n) { return double(2 * i <= n ? i : i - n); }

}  // namespace crisp::metrics::detail
