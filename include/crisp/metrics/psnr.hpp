// PSNR: the peak signal-to-noise ratio, 10 log10(255^2 / MSE) in dB; and what every metric here states beside
// its value.
#pragma once
#include <limits>

#include "crisp/data/color.hpp"

namespace crisp::metrics {

enum class Channel { luma, rgb };

struct Options {
  Index shave = 0;                  // pixels left out on every side; published figures shave `scale`
  Channel channel = Channel::luma;  // Y of BT.601; gray images count as luma
  bool round = true;                // round luma to 8 bits, as published figures do
};

/// A value, and how it was taken: "luma, BT.601, rounded to 8 bits, 3 pixels shaved".
struct Score {
  double value = 0;
  std::string protocol;
};

/// How a value was taken, in words: Score's `protocol`.
inline std::string describe(const Options& o) {
  return str(o.channel == Channel::luma ? "luma, BT.601" : "RGB",
             o.round ? ", rounded to 8 bits" : ", not rounded", ", ", o.shave, " pixels shaved");
}

namespace detail {

/// What is compared of an image: the channel, rounded, without the shaved border and without alpha.
inline data::Image compared(const data::Image& x, const Options& o) {
  data::Image y = o.channel == Channel::luma ? data::luma(x) : data::without_alpha(x);
  if (o.round) y = data::round_to_8bit(std::move(y));
  return data::crop(y, o.shave, o.shave, y.height - 2 * o.shave, y.width - 2 * o.shave);
}

inline void check_pair(const char* metric, const data::Image& a, const data::Image& b, const Options& o) {
  check(o.shave >= 0, metric, ": the number of shaved pixels must be 0 or more, not ", o.shave);
  check(a.height == b.height && a.width == b.width, metric, ": the images differ in size: ", describe(a),
        " and ", describe(b), "\n  hint: crop the original to a multiple of the scale");
  check(o.channel == Channel::luma || data::without_alpha(a).channels == data::without_alpha(b).channels,
        metric, ": the images differ in kind: ", describe(a), " and ", describe(b), "\n  hint: compare luma");
  check(std::min(a.height, a.width) > 2 * o.shave, metric, ": shaving ", o.shave,
        " pixels on every side leaves nothing of ", describe(a));
}

}  // namespace detail

/// The mean squared error over the compared samples, on the scale 0..255. Throws Error for images of unequal
/// size.
inline Score mse(const data::Image& a, const data::Image& b, Options o = {}) {
  detail::check_pair("mse", a, b, o);
  const data::Image x = detail::compared(a, o), y = detail::compared(b, o);
  double sum = 0;
  for (std::size_t i = 0; i < x.samples.size(); ++i)
    sum += (double(x.samples[i]) - y.samples[i]) * (double(x.samples[i]) - y.samples[i]);
  return {sum / double(x.samples.size()), describe(o)};
}

/// 10 log10(255^2 / mse) in dB; infinite where mse is 0.
inline double psnr_of_mse(double mse) {
  return mse > 0 ? 10 * std::log10(255.0 * 255.0 / mse) : std::numeric_limits<double>::infinity();
}

/// PSNR in dB; infinite for equal images. Throws Error for images of unequal size.
inline Score psnr(const data::Image& a, const data::Image& b, Options o = {}) {
  detail::check_pair("psnr", a, b, o);
  return {psnr_of_mse(mse(a, b, o).value), describe(o)};
}

/// Means over several images. Papers print the mean of the PSNR of each; the PSNR of the mean squared error
/// is another number, and lower.
struct Summary {
  double psnr = 0, psnr_of_mean_mse = 0;
};
inline Summary summarise(const std::vector<double>& mses) {
  check(!mses.empty(), "summarise: there are no images to take the mean of");
  Summary s;
  double total = 0;
  for (double e : mses) {
    s.psnr += psnr_of_mse(e) / double(mses.size());
    total += e / double(mses.size());
  }
  s.psnr_of_mean_mse = psnr_of_mse(total);
  return s;
}

}  // namespace crisp::metrics
