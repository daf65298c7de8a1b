// Resizing by named conventions: nearest, bilinear, and bicubic as PyTorch and as MATLAB compute it (Keys 1981).
#pragma once
#include "crisp/core/parallel.hpp"
#include "crisp/data/image.hpp"

namespace crisp::data {

/// nearest         the pixel whose area holds the centre of the new one
/// bilinear        half-pixel centres, repeated edge; as torch's interpolate with align_corners=False
/// bicubic_torch   cubic with a = -0.75, half-pixel centres, repeated edge, no antialiasing
/// bicubic_matlab  cubic with a = -0.5, mirrored edge, kernel widened when it shrinks: imresize, and published figures
enum class Resampling { nearest, bilinear, bicubic_torch, bicubic_matlab };

struct ResizeOptions {
  bool antialias = true;       // for bicubic_matlab, when it shrinks
  bool round_between = false;  // round to 8 bits after each of the two passes, as MATLAB does for 8-bit images
};

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

inline ResizeTaps resize_taps(Index in, Index out, double scale, Resampling method, bool antialias) {
  const bool matlab = method == Resampling::bicubic_matlab;
  const double shrink = matlab && antialias && scale < 1 ? scale : 1;  // the kernel is stretched by 1 / shrink
  const double radius = (method == Resampling::nearest ? 0.5 : method == Resampling::bilinear ? 1 : 2) / shrink;
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
      Index from = std::clamp<Index>(j, 0, in - 1);
      if (matlab) {  // a b c is continued as c b a | a b c | c b a
        const Index m = ((j % (2 * in)) + 2 * in) % (2 * in);
        from = m < in ? m : 2 * in - 1 - m;
      }
      t.source.push_back(from);
      t.weight.push_back(w);
      total += w;
    }
    for (Index k = 0; k < t.taps; ++k) t.weight[std::size_t(i * t.taps + k)] /= total;
  }
  return t;
}

// x (outer, in, inner) -> (outer, out, inner), along the middle axis.
inline std::vector<float> resize_axis(const std::vector<float>& x, Index outer, Index in, Index inner, Index out, const ResizeTaps& t, bool round) {
  std::vector<float> y(static_cast<std::size_t>(outer * out * inner));
  parallel_for(outer * out, outer * out * inner > 16384, [&](Index row) {
    const Index o = row / out, i = row % out;
    for (Index c = 0; c < inner; ++c) {
      double sum = 0;
      for (Index k = 0; k < t.taps; ++k)
        sum += t.weight[std::size_t(i * t.taps + k)] * double(x[std::size_t((o * in + t.source[std::size_t(i * t.taps + k)]) * inner + c)]);
      y[std::size_t(row * inner + c)] = round ? float(std::floor(std::clamp(sum, 0.0, 255.0) + 0.5)) : float(sum);
    }
  });
  return y;
}

inline Image resize_by(const Image& x, Index height, Index width, double scale_y, double scale_x, Resampling method, ResizeOptions o) {
  check(x.height >= 1 && x.width >= 1, "resize: the image is empty (", x.height, " x ", x.width, " pixels)");
  check(height >= 1 && width >= 1, "resize: the new size ", height, " x ", width, " must be at least 1 x 1 (the image is ", x.height, " x ", x.width, ")");
  Image y(height, width, x.channels);
  const ResizeTaps rows = resize_taps(x.height, height, scale_y, method, o.antialias), cols = resize_taps(x.width, width, scale_x, method, o.antialias);
  const std::vector<float> tall = resize_axis(x.samples, 1, x.height, x.width * x.channels, height, rows, o.round_between);
  y.samples = resize_axis(tall, height, x.width, x.channels, width, cols, o.round_between);
  return y;
}

}  // namespace detail

/// (H, W, C) -> (height, width, C), each axis by its own ratio; rows first, then columns. Sums are made in double.
/// Throws Error for an empty image or size.
inline Image resize(const Image& x, Index height, Index width, Resampling method, ResizeOptions o = {}) {
  return detail::resize_by(x, height, width, double(height) / double(std::max<Index>(1, x.height)), double(width) / double(std::max<Index>(1, x.width)), method, o);
}

/// (H, W, C) -> (ceil(H / scale), ceil(W / scale), C), as MATLAB's imresize(x, 1 / scale).
inline Image reduce(const Image& x, Index scale, Resampling method = Resampling::bicubic_matlab, ResizeOptions o = {}) {
  check(scale >= 1, "reduce: the scale must be at least 1, not ", scale);
  return detail::resize_by(x, (x.height + scale - 1) / scale, (x.width + scale - 1) / scale, 1.0 / double(scale), 1.0 / double(scale), method, o);
}

/// (H, W, C) -> (scale H, scale W, C).
inline Image enlarge(const Image& x, Index scale, Resampling method = Resampling::bicubic_matlab, ResizeOptions o = {}) {
  check(scale >= 1, "enlarge: the scale must be at least 1, not ", scale);
  return detail::resize_by(x, x.height * scale, x.width * scale, double(scale), double(scale), method, o);
}

}  // namespace crisp::data
