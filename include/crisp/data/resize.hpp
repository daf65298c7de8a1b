// Resizing by named conventions: nearest, bilinear, and bicubic as PyTorch
// and as MATLAB compute it (Keys 1981).
#pragma once
#include <functional>

#include "crisp/data/resample.hpp"

namespace crisp::data {

using crisp::Resampling;

struct ResizeOptions {
  bool antialias = true;       // for bicubic_matlab, when it shrinks
  bool round_between = false;  // round to 8 bits after each of both passes, as MATLAB does for 8-bit images
};

namespace detail {

inline Image resize_by(const Image& x, Index height, Index width, double scale_y, double scale_x,
                       Resampling method, ResizeOptions o) {
  check(x.height >= 1 && x.width >= 1, "resize: the image is empty (", x.height, " x ", x.width, " pixels)");
  check(height >= 1 && width >= 1, "resize: the new size ", height, " x ", width,
        " must be at least 1 x 1 (the image is ", x.height, " x ", x.width, ")");
  const TapsOfRegion rows(taps_of(x.height, height, scale_y, method, o.antialias), 0, height);
  const TapsOfRegion cols(taps_of(x.width, width, scale_x, method, o.antialias), 0, width);
  const bool all = rows.inputs == x.height && cols.inputs == x.width;
  const Image part = all ? Image() : crop(x, rows.first, cols.first, rows.inputs, cols.inputs);
  return resampled(all ? x : part, rows, cols, o.round_between, true);
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

// A region of the resized picture, by the calling thread alone: loaders have threads of their own.
inline Image resize_region(const RegionReader& x, Index height, Index width, double scale, Resampling method,
                           ResizeOptions o, const Region& wanted) {
  const TapsOfRegion rows(taps_of(x.height, height, scale, method, o.antialias), wanted.top, wanted.height);
  const TapsOfRegion cols(taps_of(x.width, width, scale, method, o.antialias), wanted.left, wanted.width);
  const Image part = x.read({rows.first, cols.first, rows.inputs, cols.inputs});
  return resampled(part, rows, cols, o.round_between, false);
}

}  // namespace detail

/// The region `wanted` of reduce(x, scale), of at least one pixel: equal to the bit, but read and computed is
/// only what it needs.
inline Image reduce_region(const RegionReader& x, Index scale, const Region& wanted,
                           Resampling method = Resampling::bicubic_matlab, ResizeOptions o = {}) {
  return detail::resize_region(x, ceil_div(x.height, scale), ceil_div(x.width, scale), 1.0 / double(scale),
                               method, o, wanted);
}

/// The same of enlarge(x, scale).
inline Image enlarge_region(const RegionReader& x, Index scale, const Region& wanted,
                            Resampling method = Resampling::bicubic_matlab, ResizeOptions o = {}) {
  return detail::resize_region(x, x.height * scale, x.width * scale, double(scale), method, o, wanted);
}

}  // namespace crisp::data
