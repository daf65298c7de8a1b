// SSIM: structural similarity with an 11x11 Gaussian window of deviation 1.5 (Wang et al. 2004, eq. 13).
#pragma once
#include "crisp/core/gaussian.hpp"
#include "crisp/core/parallel.hpp"
#include "crisp/metrics/psnr.hpp"

namespace crisp::metrics {

namespace detail {

inline constexpr Index ssim_window = 11;

// They keep the quotients finite where an image is flat: for samples in 0..255.
inline constexpr double ssim_c1 = (0.01 * 255) * (0.01 * 255), ssim_c2 = (0.03 * 255) * (0.03 * 255);

// One channel in double.
struct Plane {
  Index height = 0, width = 0;
  std::vector<double> v;
};

inline Plane plane(const data::Image& x, Index channel) {
  Plane p{x.height, x.width, std::vector<double>(static_cast<std::size_t>(x.height * x.width))};
  for (Index i = 0; i < x.height * x.width; ++i)
    p.v[std::size_t(i)] = x.samples[std::size_t(i * x.channels + channel)];
  return p;
}
inline Plane times(const Plane& a, const Plane& b) {
  Plane p = a;
  for (std::size_t i = 0; i < p.v.size(); ++i) p.v[i] *= b.v[i];
  return p;
}

// The Gaussian mean around each pixel whose window lies within: (H, W) -> (H - 10, W - 10).
inline Plane gaussian(const Plane& x) {
  const std::vector<double> g = gaussian_window(ssim_window / 2, 1.5);
  const Index H = x.height - ssim_window + 1, W = x.width - ssim_window + 1;
  Plane t{H, x.width, std::vector<double>(static_cast<std::size_t>(H * x.width))},
      y{H, W, std::vector<double>(static_cast<std::size_t>(H * W))};
  parallel_for(H, H * W > 16384, [&](Index i) {
    for (Index k = 0; k < ssim_window; ++k)
      for (Index j = 0; j < x.width; ++j)
        t.v[std::size_t(i * x.width + j)] += g[std::size_t(k)] * x.v[std::size_t((i + k) * x.width + j)];
    for (Index k = 0; k < ssim_window; ++k)
      for (Index j = 0; j < W; ++j)
        y.v[std::size_t(i * W + j)] += g[std::size_t(k)] * t.v[std::size_t(i * x.width + j + k)];
  });
  return y;
}

// The means over the image of SSIM and of its contrast-structure part.
struct SsimParts {
  double ssim = 0, contrast_structure = 0;
};
inline SsimParts ssim_parts(const Plane& a, const Plane& b) {
  const Plane ma = gaussian(a), mb = gaussian(b), aa = gaussian(times(a, a)), bb = gaussian(times(b, b)),
              ab = gaussian(times(a, b));
  SsimParts sum;
  for (std::size_t i = 0; i < ma.v.size(); ++i) {
    const double m = ma.v[i] * mb.v[i], m2 = ma.v[i] * ma.v[i] + mb.v[i] * mb.v[i];
    const double cs = (2 * (ab.v[i] - m) + ssim_c2) / (aa.v[i] + bb.v[i] - m2 + ssim_c2);
    sum.ssim += cs * (2 * m + ssim_c1) / (m2 + ssim_c1);
    sum.contrast_structure += cs;
  }
  return {sum.ssim / double(ma.v.size()), sum.contrast_structure / double(ma.v.size())};
}

}  // namespace detail

/// SSIM, 1 for equal images; for RGB the mean over the channels. Throws Error for images of unequal size, or
/// of less than 11 pixels a side after shaving.
inline Score ssim(const data::Image& a, const data::Image& b, Options o = {}) {
  detail::check_pair("ssim", a, b, o);
  check(std::min(a.height, a.width) - 2 * o.shave >= detail::ssim_window, "ssim: ", describe(a), " with ",
        o.shave, " pixels shaved is smaller than the window of 11 x 11");
  const data::Image x = detail::compared(a, o), y = detail::compared(b, o);
  double sum = 0;
  for (Index c = 0; c < x.channels; ++c)
    sum += detail::ssim_parts(detail::plane(x, c), detail::plane(y, c)).ssim;
  return {sum / double(x.channels), describe(o)};
}

}  // namespace crisp::metrics
