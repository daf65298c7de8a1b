// FSRCNN: works on the small image, in few channels, and enlarges at the end by a transposed convolution
// (Dong et al. 2016, fig. 3): FSRCNN(56, 12, 4).
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/nn/conv_transpose2d.hpp"
#include "crisp/nn/prelu.hpp"

namespace crisp::models {

struct FsrcnnOptions {
  Index scale = 3, d = 56, s = 12, m = 4, channels = 1;
};

/// (N, H, W, 1), luma, 0..1 -> (N, scale H, scale W, 1).
template <class T, class D>
struct Fsrcnn {
  FsrcnnOptions options;
  nn::Conv2d<T, D> extract, shrink, expand;
  std::vector<nn::Conv2d<T, D>> map;
  std::vector<nn::PReLU<T, D>> prelu_map;
  nn::PReLU<T, D> prelu_extract, prelu_shrink, prelu_expand;
  nn::ConvTranspose2d<T, D> deconv;

  explicit Fsrcnn(FsrcnnOptions o = {})
      : options(o),
        extract(o.channels, o.d, 5),
        shrink(o.d, o.s, 1),
        expand(o.s, o.d, 1),
        map(nn::repeat<nn::Conv2d<T, D>>(o.m, o.s, o.s, Index(3))),
        prelu_map(nn::repeat<nn::PReLU<T, D>>(o.m, o.s)),
        prelu_extract(o.d),
        prelu_shrink(o.s),
        prelu_expand(o.d),
        deconv(o.d, o.channels, 9, {.stride = o.scale, .padding = 4, .output_padding = o.scale - 1},
               nn::Init::normal(0.001)) {}

  Var<T, D> operator()(const Var<T, D>& x) const {
    Var<T, D> y = prelu_shrink(shrink(prelu_extract(extract(x))));  // (N, H, W, s)
    for (std::size_t i = 0; i < map.size(); ++i) y = prelu_map[i](map[i](y));
    return deconv(prelu_expand(expand(y)));  // (N, scale H, scale W, C)
  }

  InputSpec input_spec() const {
    return {.scale = options.scale, .channels = options.channels, .reach = options.m + 7};
  }
  CRISP_PARAMS(extract, prelu_extract, shrink, prelu_shrink, map, prelu_map, expand, prelu_expand, deconv)
};

}  // namespace crisp::models
