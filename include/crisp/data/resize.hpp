// Resizing by named conventions: nearest, bilinear, and bicubic as PyTorch
// and as MATLAB compute it (Keys 1981).
#pragma once
#include <functional>

#include "crisp/core/parallel.hpp"
#include "crisp/core/resampling.hpp"
#include "crisp/core/rounding.hpp"
#include "crisp/data/image.hpp"

namespace crisp::data {

using crisp::Resampling;

struct ResizeOptions {
  bool antialias = true;       // for bicubic_matlab, when it shrinks
  bool round_between = false;  // round to 8 bits after each of both passes, as MATLAB does for 8-bit images
};

namespace detail {

using crisp::detail::resize_taps;
using crisp::detail::ResizeTaps;

// x (outer, in, inner) -> (outer, out, inner), along the middle axis.
inline std::vector<float> resize_axis(const std::vector<float>& x, Index outer, Index in, Index inner,
                                      Index out, const ResizeTaps& t, bool round, bool parallel) {
  std::vector<float> y(static_cast<std::size_t>(outer * out * inner));
  parallel_for(outer * out, parallel && outer * out * inner > 16384, [&](Index row) {
    const Index o = row / out, i = row % out;
    for (Index c = 0; c < inner; ++c) {
      double sum = 0;
      for (Index k = 0; k < t.taps; ++k) {
        const std::size_t tap = std::size_t(i * t.taps + k);
        sum += t.weight[tap] * double(x[std::size_t((o * in + t.source[tap]) * inner + c)]);
      }
      if (round) sum = std::floor(std::clamp(sum, 0.0, 255.0) + 0.5);
      y[std::size_t(row * inner + c)] = float(sum);
    }
  });
  return y;
}

inline Image resized(const Image& x, Index height, Index width, const ResizeTaps& rows,
                     const ResizeTaps& cols, bool round, bool parallel) {
  Image y(height, width, x.channels);
  const std::vector<float> tall =
      resize_axis(x.samples, 1, x.height, x.width * x.channels, height, rows, round, parallel);
  y.samples = resize_axis(tall, height, x.width, x.channels, width, cols, round, parallel);
  return y;
}

inline Image resize_by(const Image& x, Index height, Index width, double scale_y, double scale_x,
                       Resampling method, ResizeOptions o) {
  check(x.height >= 1 && x.width >= 1, "resize: the image is empty (", x.height, " x ", x.width, " pixels)");
  check(height >= 1 && width >= 1, "resize: the new size ", height, " x ", width,
        " must be at least 1 x 1 (the image is ", x.height, " x ", x.width, ")");
  const ResizeTaps rows = resize_taps(x.height, height, scale_y, method, o.antialias);
  const ResizeTaps cols = resize_taps(x.width, width, scale_x, method, o.antialias);
  return resized(x, height, width, rows, cols, o.round_between, true);
}

}  // namespace detail

/// (H, W, C) -> (height, width, C), each axis by its own ratio; rows first, then columns. Sums are made in
/// double. Throws Error for an empty image or size.
inline Image resize(const Image& x, Index height, Index width, Resampling method, ResizeOptions o = {}) {
  const double scale_y = double(height) / double(std::max<Index>(1, x.height));
  const double scale_x = double(width) / double(std::max<Index>(1, x.width));
  return detail::resize_by(x, height, width, scale_y, scale_x, method, o);
}

/// (H, W, C) -> (ceil(H / scale), ceil(W / scale), C), as MATLAB's imresize(x, 1 / scale).
inline Image reduce(const Image& x, Index scale, Resampling method = Resampling::bicubic_matlab,
                    ResizeOptions o = {}) {
  check(scale >= 1, "reduce: the scale must be at least 1, not ", scale);
  const double factor = 1.0 / double(scale);
  return detail::resize_by(x, ceil_div(x.height, scale), ceil_div(x.width, scale), factor, factor, method, o);
}

/// (H, W, C) -> (scale H, scale W, C).
inline Image enlarge(const Image& x, Index scale, Resampling method = Resampling::bicubic_matlab,
                     ResizeOptions o = {}) {
  check(scale >= 1, "enlarge: the scale must be at least 1, not ", scale);
  return detail::resize_by(x, x.height * scale, x.width * scale, double(scale), double(scale), method, o);
}

/// A rectangle of pixels.
struct Region {
  Index top = 0, left = 0, height = 0, width = 0;
};

/// A picture that is read by regions, wherever it lies: read(r) gives (r.height, r.width, C) for any r
/// within.
struct RegionReader {
  Index height = 0, width = 0;
  std::function<Image(const Region& region)> read;
};

namespace detail {

// The first and the number of the inputs that the taps need; their places are then counted from the first.
inline std::pair<Index, Index> count_from_first(ResizeTaps& t) {
  const auto [least, most] = std::minmax_element(t.source.begin(), t.source.end());
  const Index first = *least, count = *most - first + 1;
  for (Index& source : t.source) source -= first;
  return {first, count};
}

// A region of the resized picture, by the calling thread alone: loaders have threads of their own.
inline Image resize_region(const RegionReader& x, double scale, Resampling method, ResizeOptions o,
                           const Region& wanted) {
  ResizeTaps rows = resize_taps(x.height, wanted.height, scale, method, o.antialias, wanted.top);
  ResizeTaps cols = resize_taps(x.width, wanted.width, scale, method, o.antialias, wanted.left);
  const std::pair<Index, Index> down = count_from_first(rows), across = count_from_first(cols);
  const Image part = x.read({down.first, across.first, down.second, across.second});
  return resized(part, wanted.height, wanted.width, rows, cols, o.round_between, false);
}

}  // namespace detail

/// The region `wanted` of reduce(x, scale), of at least one pixel: equal to the bit, but read and computed is
/// only what it needs.
inline Image reduce_region(const RegionReader& x, Index scale, const Region& wanted,
                           Resampling method = Resampling::bicubic_matlab, ResizeOptions o = {}) {
  return detail::resize_region(x, 1.0 / double(scale), method, o, wanted);
}

/// The same of enlarge(x, scale).
inline Image enlarge_region(const RegionReader& x, Index scale, const Region& wanted,
                            Resampling method = Resampling::bicubic_matlab, ResizeOptions o = {}) {
  return detail::resize_region(x, double(scale), method, o, wanted);
}

}  // namespace crisp::data
