// NQM: the noise quality measure (Damera-Venkata, Kite, Geisler, Evans and Bovik 2000), the signal-to-noise
// ratio in dB of what an eye sees of the two images: five bands of an octave each, as contrasts to the local
// mean below them (Peli 1990), without what is under the threshold of the eye, or masked. Numbers that the
// paper leaves open are those of the authors' program nqm, and of MeTriX MuX.
#pragma once
#include <numbers>

#include "crisp/metrics/fourier.hpp"

namespace crisp::metrics {

namespace detail {

// The least contrast that is seen at f cycles a degree: 1 / (200 CSF(f)), with the contrast sensitivity of
// Mannos and Sakrison 1974.
inline double contrast_threshold(double f) {
  return 1 / (200 * 2.6 * (0.0192 + 0.114 * f) * std::exp(-std::pow(0.114 * f, 1.1)));
}

// The cosine log filter (Peli 1990): 1 at its centre, 0 an octave away on either side; neighbours sum to 1.
inline double cosine_log(double frequency, double centre) {
  return frequency > centre / 2 && frequency < centre * 2
             ? 0.5 * (1 + std::cos(std::numbers::pi * std::log2(frequency / centre)))
             : 0;
}

// The images as they are seen, original + i result: the bands of 2, 4, 8, 16 and 32 cycles a picture, seen
// from 3.5 picture heights away. The filters are real and even, so that one transform serves both. (The
// program's frequencies are half a cycle off where a side is odd; these are not.)
inline ComplexPlane as_seen(const Plane& result, const Plane& original) {
  constexpr double angle = 1 / 3.5 * 180 / std::numbers::pi;  // of the picture, in degrees
  ComplexPlane x{original.height, original.width, {}};
  for (std::size_t i = 0; i < original.v.size(); ++i) x.v.emplace_back(original.v[i], result.v[i]);
  const ComplexPlane spectrum = fourier(std::move(x));
  const auto band = [&](const auto& response) {
    ComplexPlane y = spectrum;
    for (Index i = 0; i < y.height; ++i)
      for (Index j = 0; j < y.width; ++j)
        y.v[std::size_t(i * y.width + j)] *=
            response(std::hypot(frequency(i, y.height), frequency(j, y.width)));
    return fourier(std::move(y), true);
  };
  // All that is slower than the band.
  ComplexPlane below = band([](double f) { return cosine_log(f + 2, 2); });
  ComplexPlane seen{original.height, original.width, std::vector<std::complex<double>>(original.v.size())};
  for (int k = 1; k <= 5; ++k) {
    const double centre = std::exp2(k), visible = contrast_threshold(centre / angle),
                 masking = contrast_threshold(k);  // sic: of k, in the program
    const ComplexPlane a = band([&](double f) { return cosine_log(f, centre); });
    for (std::size_t i = 0; i < a.v.size(); ++i) {
      const double x0 = a.v[i].real(), y0 = a.v[i].imag(), cx = x0 / below.v[i].real(),
                   cy = y0 / below.v[i].imag();
      const double difference = std::abs((std::abs(cy) > 1 ? 1 : cy) - cx);
      const bool masked = difference < masking * (0.86 * (cx / masking - 1) +
                                                  0.3);  // never where cx is below 0, as in the program
      const double y_or_masked = masked ? x0 : y0;
      seen.v[i] += std::complex(std::abs(cx) < visible ? 0 : x0, std::abs(cy) < visible ? 0 : y_or_masked);
    }
    for (std::size_t i = 0; i < a.v.size(); ++i) below.v[i] += a.v[i];
  }
  return seen;
}

inline double nqm(const Plane& result, const Plane& original) {
  double signal = 0, noise = 0;
  for (const std::complex<double>& s : as_seen(result, original).v) {
    signal += s.real() * s.real();
    noise += (s.real() - s.imag()) * (s.real() - s.imag());
  }
  return noise > 0 && result.v != original.v ? 10 * std::log10(signal / noise)
                                             : std::numeric_limits<double>::infinity();
}

}  // namespace detail

/// NQM of a result and its original, in this order, in dB: it is not symmetric. Infinite where no difference
/// is seen; for RGB the mean over the channels. Throws Error for images of unequal size.
inline Score nqm(const data::Image& result, const data::Image& original, Options o = {}) {
  detail::check_pair("nqm", result, original, o);
  const data::Image y = detail::compared(result, o), x = detail::compared(original, o);
  double sum = 0;
  for (Index c = 0; c < x.channels; ++c) sum += detail::nqm(detail::plane(y, c), detail::plane(x, c));
  return {sum / double(x.channels), describe(o)};
}

}  // namespace crisp::metrics
