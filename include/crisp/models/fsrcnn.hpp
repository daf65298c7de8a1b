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
  // As its authors' weights want it: one slope a layer, and borders that are repeated.
  bool published = false;
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
        extract(o.channels, o.d, 5, {.border = border()}),
        shrink(o.d, o.s, 1),
        expand(o.s, o.d, 1),
        map(nn::repeat<nn::Conv2d<T, D>>(o.m, o.s, o.s, Index(3), nn::Conv2dOptions{.border = border()})),
        prelu_map(nn::repeat<nn::PReLU<T, D>>(o.m, slopes(o.s))),
        prelu_extract(slopes(o.d)),
        prelu_shrink(slopes(o.s)),
        prelu_expand(slopes(o.d)),
        deconv(o.d, o.channels, 9, ending(), nn::Init::normal(0.001)) {}

  Var<T, D> operator()(const Var<T, D>& x) const {
    Var<T, D> y = prelu_shrink(shrink(prelu_extract(extract(x))));  // (N, H, W, s)
    for (std::size_t i = 0; i < map.size(); ++i) y = prelu_map[i](map[i](y));
    y = prelu_expand(expand(y));
    if (!options.published) return deconv(y);  // (N, scale H, scale W, C)
    // The authors' program repeats the border of the features too, by a pixel that is cut off at the end.
    const Index cut = -options.scale;
    return pad(deconv(pad(y, {1, 1, 1, 1}, Border::replicate)), {cut, cut, cut, cut});
  }

  InputSpec input_spec() const {
    return {.scale = options.scale, .channels = options.channels, .reach = options.m + 7};
  }
  CRISP_PARAMS(extract, prelu_extract, shrink, prelu_shrink, map, prelu_map, expand, prelu_expand, deconv)

 private:
  Border border() const { return options.published ? Border::replicate : Border::zero; }
  Index slopes(Index channels) const { return options.published ? 1 : channels; }

  // So that s H pixels come out. In the authors' x3 the grid lies a pixel to the side.
  ConvTranspose2dOptions ending() const {
    const Index s = options.scale;
    if (options.published && s == 3) return {.stride = 3, .padding = 3, .output_padding = 0};
    return {.stride = s, .padding = 4, .output_padding = s - 1};
  }
};

}  // namespace crisp::models
