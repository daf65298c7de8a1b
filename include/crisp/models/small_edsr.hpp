// SmallEdsr: a few of EDSR's residual blocks at the size of the input, then one convolution and one pixel
// shuffle (Lim et al. 2017, fig. 3; Shi et al. 2016, fig. 1), added to the image that bicubic enlarges (Kim
// et al. 2016, eq. 1). It learns what bicubic lacks, so a short training gets far.
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/res_block.hpp"
#include "crisp/ops/pixel_shuffle.hpp"
#include "crisp/ops/upsample.hpp"

namespace crisp::models {

struct SmallEdsrOptions {
  Index scale = 2, features = 32, blocks = 5, channels = 1;  // scale 1: it restores
};

template <class T, class D>
struct SmallEdsr {
  SmallEdsrOptions options;
  nn::Conv2d<T, D> conv_first, conv_after_body, conv_last;
  std::vector<nn::ResBlock<T, D>> body;

  /// Throws Error unless the scale lies between 1 and 4.
  explicit SmallEdsr(SmallEdsrOptions o = {})
      : options(o),
        conv_first(o.channels, o.features, 3),
        conv_after_body(o.features, o.features, 3),
        conv_last(o.features, o.channels * o.scale * o.scale, 3, {.init = nn::Init::he(0.1)}),
        body(nn::repeat<nn::ResBlock<T, D>>(o.blocks, o.features)) {
    check(o.scale >= 1 && o.scale <= 4, "SmallEdsr: the scale must be 1, 2, 3 or 4, not ", o.scale);
  }

  /// (N, H, W, C), 0..1 -> (N, scale H, scale W, C).
  Var<T, D> operator()(const Var<T, D>& x) const {
    const Var<T, D> head = conv_first(x);  // (N, H, W, F)
    Var<T, D> y = head;
    for (const auto& block : body) y = block(y);
    y = conv_last(conv_after_body.then_add(y, head));  // (N, H, W, scale scale C)
    if (options.scale == 1) return y + x;
    return pixel_shuffle(y, options.scale) + crisp::upsample(x, options.scale, Resampling::bicubic_torch);
  }

  InputSpec input_spec() const {
    return {.scale = options.scale, .channels = options.channels, .reach = 2 * options.blocks + 3};
  }
  CRISP_PARAMS(conv_first, body, conv_after_body, conv_last)
};

}  // namespace crisp::models
