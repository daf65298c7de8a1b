// train::validator: the validation of a network on pictures, for train::fit. The header stands above both
// folders: the training loop knows no pictures, and infer/ no training.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crisp/infer/evaluate.hpp"
#include "crisp/train/options.hpp"

namespace crisp::train {

struct ValidatorOptions {
  Index scale = 0;                               // of the network: has to be given
  std::optional<infer::Protocol> protocol = {};  // none: y for a network on luma, else rgb8
  std::size_t shown = 8;                         // so many pictures go into the report
};

/// A function for FitOptions::validate: it reduces the pictures (H, W, C), 0..255, enlarges them by the
/// network, and takes the means of PSNR and SSIM, beside bicubic. The network has to live as long as the
/// function. Throws Error for no pictures and a scale below 1; the function throws what infer::compare does.
template <class Net>
std::function<Validation()> validator(const Net& net, std::vector<data::Image> images, ValidatorOptions o) {
  check(!images.empty(), "validator: there are no pictures to validate on");
  check(o.scale >= 1, "validator: the scale must be at least 1, not ", o.scale,
        "\n  hint: give {.scale = 4}");
  const bool luma = infer::input_spec_of(net).channels == 1;
  const infer::Protocol protocol = o.protocol.value_or(luma ? infer::Protocol::y : infer::Protocol::rgb8);
  return [&net, images = std::move(images), o, protocol] {
    Validation found;
    found.protocol = infer::describe(protocol, o.scale);
    const double count = double(images.size());
    for (std::size_t i = 0; i < images.size(); ++i) {
      const std::string name = str("picture ", i + 1);
      infer::Comparison c = infer::compare(name, images[i], infer::upscaler(net), o.scale, protocol);
      found.psnr += c.score.psnr / count;
      found.ssim += c.score.ssim / count;
      found.bicubic_psnr += c.bicubic_psnr / count;
      if (i < o.shown)
        found.pictures.push_back({name, c.score.psnr, c.score.ssim, c.bicubic_psnr, std::move(c.lr),
                                  std::move(c.bicubic), std::move(c.result), std::move(c.hr)});
    }
    return found;
  };
}

/// No network that ends before it is used.
template <class Net>
requires(!std::is_lvalue_reference_v<Net>) std::function<Validation()> validator(Net&&,
                                                                                 std::vector<data::Image>,
                                                                                 ValidatorOptions) {
  static_assert(crisp::detail::never<Net>, "crisp: the network would end before it is used; give it a name");
  return {};
}

}  // namespace crisp::train
