// SRResNet, and as such the generator of SRGAN: residual blocks with batch normalisation and PReLU between
// convolutions of 9 x 9, enlarged by pixel shuffles (Ledig et al. 2017, fig. 4).
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/res_block.hpp"
#include "crisp/nn/upsampler.hpp"
#include "crisp/ops/tanh.hpp"

namespace crisp::models {

struct SrResNetOptions {
  Index scale = 4, features = 64, blocks = 16, channels = 3;
  // Batch normalisation after the body, as in the paper; else a PReLU, as in a popular version.
  bool norm_after_body = true;
  bool tanh = false;  // the output through (tanh + 1) / 2: never outside 0..1
};

template <class T, class D>
struct SrResNet {
  SrResNetOptions options;
  nn::Conv2d<T, D> conv_first, conv_after_body, conv_last;
  nn::PReLU<T, D> prelu_first;
  std::vector<nn::ResBlockBN<T, D>> body;
  std::optional<nn::BatchNorm2d<T, D>> bn_after_body;
  std::optional<nn::PReLU<T, D>> prelu_after_body;
  nn::Upsampler<T, D> upsample;
  std::vector<nn::PReLU<T, D>> prelu_up;  // one after each shuffle

  explicit SrResNet(SrResNetOptions o = {})
      : options(o),
        conv_first(o.channels, o.features, 9),
        conv_after_body(o.features, o.features, 3),
        conv_last(o.features, o.channels, 9, {.init = nn::Init::he(0.1)}),
        body(nn::repeat<nn::ResBlockBN<T, D>>(o.blocks, o.features)),
        upsample(o.scale, o.features),
        prelu_up(nn::repeat<nn::PReLU<T, D>>(Index(upsample.convs.size()))) {
    if (o.norm_after_body) bn_after_body.emplace(o.features);
    else prelu_after_body.emplace();
  }

  /// (N, H, W, C), 0..1 -> (N, scale H, scale W, C).
  Var<T, D> operator()(const Var<T, D>& x) const {
    const Var<T, D> head = prelu_first(conv_first(x));  // (N, H, W, F)
    Var<T, D> y = head;
    for (const auto& block : body) y = block(y);
    y = conv_after_body(y);
    y = head + (bn_after_body ? (*bn_after_body)(y) : (*prelu_after_body)(y));
    for (std::size_t i = 0; i < prelu_up.size(); ++i)
      y = prelu_up[i](pixel_shuffle(upsample.convs[i](y), upsample.step));
    y = conv_last(y);
    return options.tanh ? (crisp::tanh(y) + 1.0) / 2.0 : y;
  }

  InputSpec input_spec() const {
    return {.scale = options.scale, .channels = options.channels, .reach = 2 * options.blocks + 12};
  }
  CRISP_PARAMS(conv_first, prelu_first, body, conv_after_body, bn_after_body, prelu_after_body, upsample,
               prelu_up, conv_last)
};

}  // namespace crisp::models
