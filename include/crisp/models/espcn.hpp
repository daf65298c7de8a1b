// ESPCN: three convolutions on the small image, the last of which makes all pixels of the large one (Shi et
// al. 2016, fig. 1).
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/ops/pixel_shuffle.hpp"
#include "crisp/ops/tanh.hpp"

namespace crisp::models {

struct EspcnOptions {
  Index scale = 3, channels = 1;
};

/// (N, H, W, 1), luma, 0..1 -> (N, scale H, scale W, 1).
template <class T, class D>
struct Espcn {
  EspcnOptions options;
  nn::Conv2d<T, D> conv1, conv2, conv3;

  explicit Espcn(EspcnOptions o = {})
      : options(o),
        conv1(o.channels, 64, 5),
        conv2(64, 32, 3),
        conv3(32, o.channels * o.scale * o.scale, 3) {}

  Var<T, D> operator()(const Var<T, D>& x) const {
    return pixel_shuffle(conv3(crisp::tanh(conv2(crisp::tanh(conv1(x))))), options.scale);
  }

  InputSpec input_spec() const { return {.scale = options.scale, .channels = options.channels, .reach = 4}; }
  CRISP_PARAMS(conv1, conv2, conv3)
};

}  // namespace crisp::models
