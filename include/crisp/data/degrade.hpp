// Degradations: how the image that a network is given is made from the one that it should find.
#pragma once
#include "crisp/core/gaussian.hpp"
#include "crisp/core/random.hpp"
#include "crisp/core/text.hpp"
#include "crisp/data/image_io.hpp"
#include "crisp/data/resize.hpp"

namespace crisp::data {

/// bicubic    reduced by MATLAB's antialiased bicubic: what published figures use
/// blur       a Gaussian blur of deviation `value`, then every scale-th pixel (Dong et al. 2014, sec. 4.1)
/// noise      reduced by bicubic where scale > 1; Gaussian noise of deviation `value` of 0..255
/// jpeg       reduced by bicubic where scale > 1; through a JPEG of quality `value`, 1 to 100
struct Degradation {
  enum class Kind { bicubic, blur, noise, jpeg } kind = Kind::bicubic;
  double value = 0;
};

/// From text: "bicubic", "blur" (deviation 0.55 x scale) or "blur:1.6", "noise:25",
/// "jpeg:10". Throws Error for anything else.
inline Degradation degradation(const std::string& text) {
  using Kind = Degradation::Kind;
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const std::string number = colon == std::string::npos ? "" : text.substr(colon + 1);
  const double value = number_of(number).value_or(0);
  const bool given = value > 0 && value <= 255;
  if (name == "bicubic" && colon == std::string::npos) return {};
  if (name == "blur" && (given || colon == std::string::npos)) return {Kind::blur, value};
  if (name == "noise" && given) return {Kind::noise, value};
  check(name == "jpeg" && given && value <= 100 && value == std::floor(value), "degradation: '", text,
        "' is none; use bicubic, blur, blur:1.6, noise:25 or jpeg:10");
  return {Kind::jpeg, value};
}

/// The text that degradation() reads.
inline std::string describe(const Degradation& d) {
  constexpr const char* names[] = {"bicubic", "blur", "noise", "jpeg"};
  return d.value > 0 ? str(names[int(d.kind)], ":", d.value) : names[int(d.kind)];
}

namespace detail {

inline Index blur_radius(double deviation) { return Index(std::ceil(3 * deviation)); }

// Along one axis, with the edge repeated.
inline Image blurred(const Image& from, bool down, const std::vector<double>& weight, bool parallel) {
  const Index radius = Index(weight.size()) / 2;
  Image to(from.height, from.width, from.channels);
  parallel_for(from.height, parallel, [&](Index i) {
    for (Index j = 0; j < from.width; ++j)
      for (Index c = 0; c < from.channels; ++c) {
        double sum = 0;
        for (Index k = -radius; k <= radius; ++k) {
          const Index row = down ? std::clamp<Index>(i + k, 0, from.height - 1) : i;
          const Index col = down ? j : std::clamp<Index>(j + k, 0, from.width - 1);
          sum += weight[std::size_t(k + radius)] * double(from.at(row, col, c));
        }
        to.at(i, j, c) = float(sum);
      }
  });
  return to;
}

}  // namespace detail

/// A Gaussian blur of the given deviation in pixels, with the edge repeated: (H, W, C) -> (H, W, C). Without
/// `parallel` the calling thread does it alone.
inline Image gaussian_blur(const Image& x, double deviation, bool parallel = true) {
  check(deviation > 0 && !x.empty(), "gaussian_blur: a deviation above 0 and an image are needed, not ",
        deviation, " and ", describe(x));
  const std::vector<double> weight = gaussian_window(detail::blur_radius(deviation), deviation);
  return detail::blurred(detail::blurred(x, true, weight, parallel), false, weight, parallel);
}

/// The image after a stay in a JPEG file of this quality, 1 to 100.
inline Image through_jpeg(const Image& x, int quality) {
  const Image y =
      formats::decode_jpeg(encode_image(x, ".jpg", {.jpeg_quality = quality}), "a JPEG in memory").image;
  if (y.channels == x.channels) return y;
  return channels(y, 0, x.channels);  // a gray one comes back as three equal channels
}

namespace detail {

inline double deviation_of(const Degradation& d, Index scale) {
  return d.value > 0 ? d.value : 0.55 * double(scale);
}

// Every scale-th pixel, from (top, left) on.
inline Image every_pixel_in(Index scale, const Image& x, Index height, Index width, Index top, Index left) {
  Image y(height, width, x.channels);
  for (Index i = 0; i < height; ++i)
    for (Index j = 0; j < width; ++j)
      for (Index c = 0; c < x.channels; ++c) y.at(i, j, c) = x.at(top + i * scale, left + j * scale, c);
  return y;
}

// [begin, end) with `by` more on both sides, as far as there are n.
struct Span {
  Index begin, end;
  Span widened(Index by, Index n) const { return {std::max<Index>(begin - by, 0), std::min(end + by, n)}; }
};

inline Image blur_region(const RegionReader& hr, Index scale, double deviation, const Region& r) {
  const Index radius = blur_radius(deviation), half = scale / 2;
  const auto needed = [&](Index first, Index count, Index n) {
    return Span{first * scale + half, (first + count - 1) * scale + half + 1}.widened(radius, n);
  };
  const Span rows = needed(r.top, r.height, hr.height), cols = needed(r.left, r.width, hr.width);
  const Image part = hr.read({rows.begin, cols.begin, rows.end - rows.begin, cols.end - cols.begin});
  const Image soft = gaussian_blur(part, deviation, false);
  return every_pixel_in(scale, soft, r.height, r.width, r.top * scale + half - rows.begin,
                        r.left * scale + half - cols.begin);
}

// A JPEG is made of squares of 16 x 16 pixels (8 x 8 of chroma), which know of each other by the one pixel
// that chroma is interpolated with.
inline Image jpeg_region(const RegionReader& lr, int quality, const Region& r) {
  constexpr Index square = 16;
  const auto needed = [&](Index first, Index count, Index n) {
    return Span{first / square * square, round_up(first + count, square)}.widened(square, n);
  };
  const Span rows = needed(r.top, r.height, lr.height), cols = needed(r.left, r.width, lr.width);
  const Image part = lr.read({rows.begin, cols.begin, rows.end - rows.begin, cols.end - cols.begin});
  return crop(through_jpeg(part, quality), r.top - rows.begin, r.left - cols.begin, r.height, r.width);
}

}  // namespace detail

/// hr (H, W, C), 0..255, H and W multiples of the scale -> (H / scale, W / scale, C).
/// Noise is drawn from `rng`.
inline Image degrade(const Image& hr, Index scale, const Degradation& d, Rng& rng) {
  using Kind = Degradation::Kind;
  if (d.kind == Kind::blur) {
    const Image soft = gaussian_blur(hr, detail::deviation_of(d, scale));
    return detail::every_pixel_in(scale, soft, hr.height / scale, hr.width / scale, scale / 2, scale / 2);
  }
  Image lr = scale == 1 ? hr : reduce(hr, scale);
  if (d.kind == Kind::jpeg) return through_jpeg(lr, int(d.value));
  if (d.kind == Kind::noise)
    for (float& v : lr.samples) v += float(rng.normal(0, d.value));
  return lr;
}

/// The region `wanted` of degrade(hr, scale, d), equal to the bit, by the calling thread alone; read and
/// computed is only what it needs. Throws Error for noise, which has no region: each patch has its own.
inline Image degrade_region(const RegionReader& hr, Index scale, const Degradation& d, const Region& wanted) {
  using Kind = Degradation::Kind;
  check(d.kind != Kind::noise, "degrade_region: noise is drawn for each patch; use PatchOptions::noise");
  if (d.kind == Kind::blur) return detail::blur_region(hr, scale, detail::deviation_of(d, scale), wanted);
  const RegionReader lr{hr.height / scale, hr.width / scale, [&](const Region& r) {
                          return scale == 1 ? hr.read(r) : reduce_region(hr, scale, r);
                        }};
  return d.kind == Kind::jpeg ? detail::jpeg_region(lr, int(d.value), wanted) : lr.read(wanted);
}

}  // namespace crisp::data
