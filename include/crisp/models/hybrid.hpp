// The EDSR and SwinIR hybrid of a student project: the residual blocks of EDSR find local structure, residual
// Swin transformer blocks then relate distant parts of the image (Lim et al. 2017; Liang et al. 2021).
#pragma once
#include "crisp/models/edsr.hpp"
#include "crisp/models/swinir.hpp"

namespace crisp::models {

struct HybridOptions {
  Index scale = 4, features = 256, blocks = 64, embed = 180, heads = 6, window = 8;
  std::vector<Index> depths = {6, 6, 6, 6};
};

/// (N, H, W, 3), 0..1 -> (N, scale H, scale W, 3), for any H and W.
template <class T, class D>
struct Hybrid {
  HybridOptions options;
  nn::Conv2d<T, D> conv_first;
  std::vector<nn::ResBlock<T, D>> body;
  SwinIr<T, D> swin;  // on the features, to the image

  explicit Hybrid(HybridOptions o = {})
      : options(o),
        conv_first(3, o.features, 3),
        body(nn::repeat<nn::ResBlock<T, D>>(o.blocks, o.features, 0.1)),
        swin({.scale = o.scale,
              .channels = o.features,
              .embed = o.embed,
              .heads = o.heads,
              .window = o.window,
              .depths = o.depths,
              .out = 3,
              .tail = SwinTail::pixelshuffle}) {}

  Var<T, D> operator()(const Var<T, D>& x) const {
    Var<T, D> y = conv_first(x - div2k_mean<T, D>(3));  // (N, H, W, F)
    for (const auto& block : body) y = block(y);
    return swin(y);  // which adds the mean colour again
  }

  InputSpec input_spec() const {
    InputSpec spec = swin.input_spec();
    spec.channels = 3;
    spec.reach += (2 * options.blocks + options.window) / options.window * options.window;
    return spec;
  }
  CRISP_PARAMS(conv_first, body, swin)
};

}  // namespace crisp::models
