// MSRResNet: SRResNet without batch normalisation, as the Real-world and mobile challenges start from it
// (Wang et al. 2018, ESRGAN, sec. 3.1; BasicSR): residual blocks, pixel shuffles, and the bilinear image
// added at the end.
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/res_block.hpp"
#include "crisp/ops/leaky_relu.hpp"
#include "crisp/ops/pixel_shuffle.hpp"
#include "crisp/ops/upsample.hpp"

namespace crisp::models {

struct MsrResNetOptions {
  Index scale = 4, features = 64, blocks = 16, channels = 3;
};

template <class T, class D>
struct MsrResNet {
  MsrResNetOptions options;
  nn::Conv2d<T, D> conv_first, upconv1, conv_hr, conv_last;
  std::optional<nn::Conv2d<T, D>> upconv2;  // for x4
  std::vector<nn::ResBlock<T, D>> body;

  explicit MsrResNet(MsrResNetOptions o = {})
      : options(o),
        conv_first(o.channels, o.features, 3),
        upconv1(o.features, o.features * (o.scale == 3 ? 9 : 4), 3),
        conv_hr(o.features, o.features, 3),
        conv_last(o.features, o.channels, 3, {.init = nn::Init::he(0.1)}),
        body(nn::repeat<nn::ResBlock<T, D>>(o.blocks, o.features)) {
    check(o.scale >= 2 && o.scale <= 4, "MsrResNet: the scale must be 2, 3 or 4, not ", o.scale);
    if (o.scale == 4) upconv2.emplace(o.features, o.features * 4, 3);
  }

  /// (N, H, W, C), 0..1 -> (N, scale H, scale W, C).
  Var<T, D> operator()(const Var<T, D>& x) const {
    const auto act = [](const Var<T, D>& v) { return leaky_relu(v, 0.1); };
    Var<T, D> y = act(conv_first(x));  // (N, H, W, F)
    for (const auto& block : body) y = block(y);
    y = act(pixel_shuffle(upconv1(y), options.scale == 3 ? 3 : 2));
    if (upconv2) y = act(pixel_shuffle((*upconv2)(y), 2));
    return conv_last(act(conv_hr(y))) + crisp::upsample(x, options.scale, Resampling::bilinear);
  }

  InputSpec input_spec() const {
    return {.scale = options.scale, .channels = options.channels, .reach = 2 * options.blocks + 6};
  }
  CRISP_PARAMS(conv_first, body, upconv1, upconv2, conv_hr, conv_last)
};

}  // namespace crisp::models
