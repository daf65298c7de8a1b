// Scores an upscaling method on high-resolution images: reduce them, enlarge them again, compare on luma.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "crisp/infer/upscale.hpp"
#include "crisp/metrics/psnr.hpp"
#include "crisp/metrics/ssim.hpp"

namespace crisp::infer {

/// How the low-resolution image is made. Published figures come in these kinds:
///   y        luma, rounded to 8 bits, is reduced and enlarged in floating point; the result is rounded to
///            8 bits (SRCNN, VDSR)
///   rgb8     the low-resolution image is 8-bit RGB; the result is rounded to 8-bit RGB, then turned to luma
///            (EDSR, RCAN)
///   basicsr  as rgb8, but luma is not rounded to 8 bits: 0.01 to 0.1 dB more (BasicSR, SwinIR's
///            test program)
/// In all, images are cropped to a multiple of the scale, reduced by MATLAB's antialiased bicubic, and
/// compared on BT.601 luma, rounded to 8 bits but for basicsr, with `scale` pixels taken off every side.
enum class Protocol { y, rgb8, basicsr };

/// The protocol in words, for tables and reports; a shave of -1 is `scale` pixels.
inline std::string describe(Protocol protocol, Index scale, Index shave = -1,
                            metrics::Channel channel = metrics::Channel::luma) {
  std::string how = "basicsr: as rgb8, luma not rounded";
  if (protocol == Protocol::y)
    how = "y: luma reduced in floating point by MATLAB's bicubic, result rounded to 8 bits";
  if (protocol == Protocol::rgb8)
    how = "rgb8: 8-bit RGB reduced by MATLAB's bicubic, result rounded to 8-bit RGB, then luma";
  const char* scored = channel == metrics::Channel::luma ? "; BT.601 luma 16..235, " : "; scored on RGB, ";
  return str(how, scored, shave < 0 ? scale : shave, " pixels shaved, x", scale);
}

/// What is evaluated: from a low-resolution image (gray or RGB, 0..255) to one `scale` times as large. Under
/// rgb8 the input holds whole numbers, and the caller rounds the result; under y it is gray and neither is
/// rounded.
using Upscaler = std::function<data::Image(const data::Image& lr, Index scale, Protocol protocol)>;

/// A network as an Upscaler; the network must outlive it. Throws Error, when used, for a colour network under
/// y.
template <class Net>
Upscaler upscaler(const Net& net) {
  return [&net](const data::Image& lr, Index scale, Protocol protocol) {
    const Index channels = input_spec_of(net).channels;
    check(protocol != Protocol::y || channels == 1,
          "evaluate: protocol y works on luma, but this network works on ", channels,
          " channels\n  hint: use the protocol rgb8");
    return upscale(net, lr, scale);
  };
}

/// A network that ends with the line, before it is used: does not compile, and says so.
template <class Net>
requires(!std::is_lvalue_reference_v<Net> && !std::same_as<Net, data::Resampling>) Upscaler upscaler(Net&&) {
  static_assert(crisp::detail::never<Net>, "crisp: the network would end before it is used; give it a name");
  return {};
}

/// An interpolation as an Upscaler. Under rgb8 both of its passes round to 8 bits, as MATLAB's do.
inline Upscaler upscaler(data::Resampling method) {
  return [method](const data::Image& lr, Index scale, Protocol protocol) {
    return data::enlarge(lr, scale, method, {.round_between = protocol != Protocol::y});
  };
}

/// How the image that a method is given is made: hr (H, W, C), 0..255 -> (H / scale, W / scale, C). Empty:
/// MATLAB's bicubic.
using Reducer = std::function<data::Image(const data::Image& hr, Index scale)>;

/// Further measures of a result, taken of the same two pictures as PSNR.
using Measures =
    std::function<std::vector<double>(const data::Image& result, const data::Image& hr, metrics::Options o)>;

/// How an image is scored; a Protocol alone is what papers do.
struct Scoring {
  Protocol protocol = Protocol::y;
  Reducer reducer = {};
  Index shave = -1;  // pixels left out on every side; -1: `scale`
  metrics::Channel channel = metrics::Channel::luma;
  Measures measures = {};
  Scoring(Protocol p, Reducer r = {}) : protocol(p), reducer(std::move(r)) {}

  metrics::Options options(Index scale) const {
    return {.shave = shave < 0 ? scale : shave, .channel = channel, .round = protocol != Protocol::basicsr};
  }
};

/// The score of one image: PSNR in dB (infinite for equal images), SSIM, mean squared error on 0..255; and
/// the further measures.
struct ImageScore {
  std::string name;
  double psnr = 0, ssim = 0, mse = 0;
  std::vector<double> measures = {};
};

/// A scored image with its pictures, rounded to 8 bits: as colour if `hr` is, however it was scored. Bicubic
/// is scored beside the method, in the same way.
struct Comparison {
  ImageScore score;
  double bicubic_psnr = 0;
  data::Image lr, bicubic, result, hr;
};

/// Scores of several images: means, and the PSNR of the mean of the squared errors, which is another number.
struct Evaluation {
  std::vector<ImageScore> images;
  std::string protocol;  // in words
  double psnr = 0, ssim = 0, psnr_of_mean_mse = 0;
  std::vector<double> measures = {};
};

namespace detail {

inline ImageScore score(const std::string& name, const data::Image& result, const data::Image& hr,
                        Index scale, const Scoring& s) {
  const metrics::Options o = s.options(scale);
  const double mse = metrics::mse(result, hr, o).value;
  return {name, metrics::psnr_of_mse(mse), metrics::ssim(result, hr, o).value, mse,
          s.measures ? s.measures(result, hr, o) : std::vector<double>{}};
}

// Protocol y. The colours shown beside the scored luma are reduced and enlarged in the same way.
inline Comparison compare_y(const std::string& name, const data::Image& hr, const Upscaler& method,
                            Index scale, const Scoring& s) {
  const bool colour = hr.channels == 3;
  const data::Image ycbcr = colour ? data::to_ycbcr(hr) : hr;
  const data::Image y = data::round_to_8bit(data::channels(ycbcr, 0, 1));
  const data::Image lr =
      s.reducer ? s.reducer(y, scale) : data::reduce(y, scale, data::Resampling::bicubic_matlab);
  const data::Image result = data::round_to_8bit(method(lr, scale, Protocol::y)),
                    plain = data::round_to_8bit(bicubic(lr, scale));
  Comparison c{score(name, result, y, scale, s),
               metrics::psnr(plain, y, s.options(scale)).value,
               lr,
               plain,
               result,
               y};
  if (colour) {
    const data::Image chroma =
                          data::reduce(data::channels(ycbcr, 1, 2), scale, data::Resampling::bicubic_matlab),
                      large = bicubic(chroma, scale);
    c.lr = data::from_ycbcr(data::join(lr, chroma));
    c.bicubic = data::from_ycbcr(data::join(plain, large));
    c.result = data::from_ycbcr(data::join(result, large));
    c.hr = hr;
  }
  for (data::Image* picture : {&c.lr, &c.bicubic, &c.result, &c.hr}) *picture = data::round_to_8bit(*picture);
  return c;
}

inline Comparison compare_rgb8(const std::string& name, const data::Image& image, const Upscaler& method,
                               Index scale, const Scoring& s) {
  const data::Image hr = data::round_to_8bit(image.channels == 3 ? image : data::gray_to_rgb(image));
  const data::Image lr = data::round_to_8bit(
      s.reducer ? s.reducer(hr, scale)
                : data::reduce(hr, scale, data::Resampling::bicubic_matlab, {.round_between = true}));
  const data::Image result = data::round_to_8bit(method(lr, scale, Protocol::rgb8));
  const data::Image plain =
      data::round_to_8bit(upscaler(data::Resampling::bicubic_matlab)(lr, scale, Protocol::rgb8));
  return {score(name, result, hr, scale, s),
          metrics::psnr(plain, hr, s.options(scale)).value,
          lr,
          plain,
          result,
          hr};
}

}  // namespace detail

/// Reduces `hr` (cropped to a multiple of the scale; alpha is dropped), enlarges it by the method, and scores
/// that. Throws Error for an image too small to score.
inline Comparison compare(const std::string& name, const data::Image& hr, const Upscaler& method, Index scale,
                          const Scoring& s) {
  check(scale >= 1, "evaluate: the scale must be a whole number of at least 1, not ", scale);
  check(std::min(hr.height, hr.width) / scale * scale >= 11 + 2 * scale, "evaluate: '", name,
        "' is too small: ", hr.height, " x ", hr.width, " pixels; x", scale, " needs at least ",
        (11 + 3 * scale - 1) / scale * scale, " on each side");
  const data::Image cropped = data::crop_to_multiple(data::without_alpha(hr), scale);
  check(s.protocol != Protocol::y || s.channel == metrics::Channel::luma,
        "evaluate: the protocol y works on luma alone, and cannot be scored on RGB\n  hint: use the protocol "
        "rgb8");
  return s.protocol == Protocol::y ? detail::compare_y(name, cropped, method, scale, s)
                                   : detail::compare_rgb8(name, cropped, method, scale, s);
}

/// The means of scores that were made by compare(). Throws Error where there are none.
inline Evaluation summarise(std::vector<ImageScore> images, Index scale, const Scoring& scoring) {
  check(!images.empty(), "evaluate: there are no images to take the mean of");
  Evaluation all{std::move(images), describe(scoring.protocol, scale, scoring.shave, scoring.channel)};
  all.measures.assign(all.images.front().measures.size(), 0);
  const double n = double(all.images.size());
  double mse = 0;
  for (const ImageScore& s : all.images) {
    all.psnr += s.psnr / n;
    all.ssim += s.ssim / n;
    mse += s.mse / n;
    for (std::size_t k = 0; k < all.measures.size(); ++k) all.measures[k] += s.measures.at(k) / n;
  }
  all.psnr_of_mean_mse = metrics::psnr_of_mse(mse);
  return all;
}

}  // namespace crisp::infer
