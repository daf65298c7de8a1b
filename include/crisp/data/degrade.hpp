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

/// A Gaussian blur of the given deviation in pixels, with the edge repeated: (H, W, C) -> (H, W, C).
inline Image gaussian_blur(const Image& x, double deviation) {
  check(deviation > 0 && !x.empty(), "gaussian_blur: a deviation above 0 and an image are needed, not ",
        deviation, " and ", describe(x));
  const Index radius = Index(std::ceil(3 * deviation));
  const std::vector<double> weight = gaussian_window(radius, deviation);
  const auto along = [&](const Image& from, bool down) {
    Image to(from.height, from.width, from.channels);
    parallel_for(from.height, true, [&](Index i) {
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
  };
  return along(along(x, true), false);
}

/// The image after a stay in a JPEG file of this quality, 1 to 100.
inline Image through_jpeg(const Image& x, int quality) {
  const Image y =
      formats::decode_jpeg(encode_image(x, ".jpg", {.jpeg_quality = quality}), "a JPEG in memory").image;
  if (y.channels == x.channels) return y;
  return channels(y, 0, x.channels);  // a gray one comes back as three equal channels
}

/// hr (H, W, C), 0..255, H and W multiples of the scale -> (H / scale, W / scale, C).
/// Noise is drawn from `rng`.
inline Image degrade(const Image& hr, Index scale, const Degradation& d, Rng& rng) {
  using Kind = Degradation::Kind;
  if (d.kind == Kind::blur) {
    const Image soft = gaussian_blur(hr, d.value > 0 ? d.value : 0.55 * double(scale));
    Image lr(hr.height / scale, hr.width / scale, hr.channels);
    for (Index i = 0; i < lr.height; ++i)
      for (Index j = 0; j < lr.width; ++j)
        for (Index c = 0; c < lr.channels; ++c)
          lr.at(i, j, c) = soft.at(i * scale + scale / 2, j * scale + scale / 2, c);
    return lr;
  }
  Image lr = scale == 1 ? hr : reduce(hr, scale);
  if (d.kind == Kind::jpeg) return through_jpeg(lr, int(d.value));
  if (d.kind == Kind::noise)
    for (float& v : lr.samples) v += float(rng.normal(0, d.value));
  return lr;
}

}  // namespace crisp::data
