// MS-SSIM: SSIM over five scales, each half as large as the one before
// (Wang, Simoncelli and Bovik 2003, eq. 7), in the two forms that tables print.
#pragma once
#include "crisp/metrics/ssim.hpp"

namespace crisp::metrics {

namespace detail {

inline constexpr Index ms_ssim_scales = 5;
inline constexpr double ms_ssim_weights[ms_ssim_scales] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};

inline Plane halved(const Plane& x) {  // the mean of 2 x 2 pixels
  Plane y{x.height / 2, x.width / 2, {}};
  for (Index i = 0; i < y.height; ++i)
    for (Index j = 0; j < y.width; ++j) {
      const auto at = [&](Index a, Index b) { return x.v[std::size_t((2 * i + a) * x.width + 2 * j + b)]; };
      y.v.push_back((at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4);
    }
  return y;
}

// Every second pixel of every second row, behind the low-pass filter of the 9/7 wavelet (Antonini et al.
// 1992); the border is mirrored. The sides are rounded up.
inline Plane halved_by_wavelet(const Plane& x) {
  constexpr double filter[5] = {0.8527, 0.3774, -0.1106, -0.0238, 0.0378};  // its centre, then one side
  constexpr double sum = filter[0] + 2 * (filter[1] + filter[2] + filter[3] + filter[4]);
  const auto mirrored = [](Index i, Index n) { return i < 0 ? -1 - i : std::min(i, 2 * n - 1 - i); };
  const auto filtered = [&](const Plane& from) {  // down the columns: (H, W) -> (W, H / 2), transposed
    Plane y{from.width, (from.height + 1) / 2, {}};
    for (Index j = 0; j < from.width; ++j)
      for (Index i = 0; i < from.height; i += 2) {
        double total = 0;
        for (Index k = -4; k <= 4; ++k)
          total += filter[std::abs(k)] * from.v[std::size_t(mirrored(i + k, from.height) * from.width + j)];
        y.v.push_back(total / sum);
      }
    return y;
  };
  return filtered(filtered(x));
}

// The means over the image of the three factors of SSIM (Wang et al. 2004, eq. 6, 9, 10).
struct SsimFactors {
  double luminance = 0, contrast = 0, structure = 0;
};
inline SsimFactors ssim_factors(const Plane& a, const Plane& b) {
  constexpr double c3 = ssim_c2 / 2;
  const Plane ma = gaussian(a), mb = gaussian(b), aa = gaussian(times(a, a)), bb = gaussian(times(b, b)),
              ab = gaussian(times(a, b));
  const double n = double(ma.v.size());
  SsimFactors mean;
  for (std::size_t i = 0; i < ma.v.size(); ++i) {
    const double m = ma.v[i] * mb.v[i], m2 = ma.v[i] * ma.v[i] + mb.v[i] * mb.v[i];
    const double va = std::max(0.0, aa.v[i] - ma.v[i] * ma.v[i]);  // rounding can make it negative
    const double vb = std::max(0.0, bb.v[i] - mb.v[i] * mb.v[i]);
    const double deviations = std::sqrt(va) * std::sqrt(vb);
    mean.luminance += (2 * m + ssim_c1) / (m2 + ssim_c1) / n;
    mean.contrast += (2 * deviations + ssim_c2) / (va + vb + ssim_c2) / n;
    mean.structure += (ab.v[i] - m + c3) / (deviations + c3) / n;
  }
  return mean;
}

inline double weighted(double part, int scale) {  // a negative part counts as 0
  return std::pow(std::max(0.0, part), ms_ssim_weights[scale]);
}

inline double ms_ssim_of(Plane p, Plane q) {
  double product = 1;
  for (int s = 0; s < ms_ssim_scales; ++s) {
    const bool last = s == ms_ssim_scales - 1;
    const SsimParts parts = ssim_parts(p, q);
    product *= weighted(last ? parts.ssim : parts.contrast_structure, s);
    if (!last) p = halved(p), q = halved(q);
  }
  return product;
}

inline double ms_ssim_97_of(Plane p, Plane q) {
  double product = 1;
  for (int s = 0; s < ms_ssim_scales; ++s) {
    const bool last = s == ms_ssim_scales - 1;
    const SsimFactors factors = ssim_factors(p, q);
    product *= weighted(factors.contrast, s) * weighted(factors.structure, s);
    if (last) product *= weighted(factors.luminance, s);
    else p = halved_by_wavelet(p), q = halved_by_wavelet(q);
  }
  return product;
}

template <class Measure>
Score mean_over_channels(const char* name, const data::Image& a, const data::Image& b, Options o,
                         const Measure& measure) {
  check_pair(name, a, b, o);
  check(std::min(a.height, a.width) - 2 * o.shave >= 16 * ssim_window, name, ": ", describe(a), " with ",
        o.shave, " pixels shaved is too small for five scales; at least 176 pixels a side are needed");
  const data::Image x = compared(a, o), y = compared(b, o);
  double sum = 0;
  for (Index c = 0; c < x.channels; ++c) sum += measure(plane(x, c), plane(y, c));
  return {sum / double(x.channels), describe(o)};
}

}  // namespace detail

/// MS-SSIM, 1 for equal images; for RGB the mean over the channels. Scales are made by the mean of 2 x 2
/// pixels, and contrast and structure are averaged as one product, as its authors' program does. A negative
/// part of one scale counts as 0. Throws Error for images of unequal size, or of less than 176 pixels a side
/// after shaving (11 pixels at the last scale).
inline Score ms_ssim(const data::Image& a, const data::Image& b, Options o = {}) {
  return detail::mean_over_channels("ms_ssim", a, b, o, detail::ms_ssim_of);
}

/// The MS-SSIM of the table of SRCNN (Dong et al. 2016) and of reviews that continue it; lower than
/// ms_ssim. Scales are made by the low-pass filter of the 9/7 wavelet, and luminance, contrast and structure
/// are averaged apart before they are multiplied. Throws Error as ms_ssim does.
inline Score ms_ssim_97(const data::Image& a, const data::Image& b, Options o = {}) {
  return detail::mean_over_channels("ms_ssim_97", a, b, o, detail::ms_ssim_97_of);
}

}  // namespace crisp::metrics
