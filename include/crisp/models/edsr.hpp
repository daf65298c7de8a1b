// EDSR: enhanced deep residual network, residual blocks without batch normalisation and a pixel-shuffle tail
// (Lim et al. 2017, fig. 3). The baseline has 16 blocks of 64 features, the full network 32 of 256 with a
// residual scale of 0.1.
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/res_block.hpp"
#include "crisp/nn/upsampler.hpp"

namespace crisp::models {

struct EdsrOptions {
  Index scale = 2, features = 64, blocks = 16, channels = 3;
  double residual_scale = 1;
  bool direct = false;     // the tail goes to the image in one convolution, as in light versions
  bool mean_shift = true;  // take off the mean colour of DIV2K
  static EdsrOptions full(Index scale) {
    return {.scale = scale, .features = 256, .blocks = 32, .residual_scale = 0.1};
  }
};

template <class T, class D>
struct Edsr {
  EdsrOptions options;
  nn::Conv2d<T, D> conv_first, conv_after_body;
  std::vector<nn::ResBlock<T, D>> body;
  nn::Upsampler<T, D> upsample;
  std::optional<nn::Conv2d<T, D>> conv_last;
  Var<T, D> mean;

  explicit Edsr(EdsrOptions o = {})
      : options(o),
        conv_first(o.channels, o.features, 3),
        conv_after_body(o.features, o.features, 3),
        body(nn::repeat<nn::ResBlock<T, D>>(o.blocks, o.features, o.residual_scale)),
        upsample(o.direct ? nn::Upsampler<T, D>::direct(o.scale, o.features, o.channels)
                          : nn::Upsampler<T, D>(o.scale, o.features)),
        mean(div2k_mean<T, D>(o.mean_shift ? o.channels : 0)) {
    if (!o.direct) conv_last.emplace(o.features, o.channels, 3, nn::Conv2dOptions{.init = nn::Init::he(0.1)});
  }

  /// (N, H, W, C), 0..1 -> (N, scale H, scale W, C). Inside, values go from 0 to 255, as in the paper.
  Var<T, D> operator()(const Var<T, D>& image) const {
    const Var<T, D> x = (options.mean_shift ? image - mean : image) * 255.0;
    const Var<T, D> head = conv_first(x);  // (N, H, W, F)
    Var<T, D> y = head;
    for (const auto& block : body) y = block(y);
    y = upsample(conv_after_body.then_add(y, head));  // (N, scale H, scale W, F), or the image
    if (conv_last) y = (*conv_last)(y);
    y = y / 255.0;
    return options.mean_shift ? y + mean : y;
  }

  InputSpec input_spec() const {
    return {.scale = options.scale, .channels = options.channels, .reach = 2 * options.blocks + 4 + 2};
  }
  CRISP_PARAMS(conv_first, body, conv_after_body, upsample, conv_last)
};

}  // namespace crisp::models
