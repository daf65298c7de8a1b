// SRCNN: patch extraction, non-linear mapping, reconstruction, on an enlarged luma image (Dong et al. 2014
// and 2016).
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/conv2d.hpp"

namespace crisp::models {

/// f1-f2-f3 are the kernel sizes (9-1-5 is the network of 2014; 9-3-5 and 9-5-5 are larger, 2016), n1 and n2
/// the filters of the first two layers. `identity`: the network begins by giving back its input, the enlarged
/// image, and learns what is missing; it trains several times faster so than from random weights alone.
struct SrcnnOptions {
  Index f1 = 9, f2 = 1, f3 = 5;
  Index n1 = 64, n2 = 32;
  Index channels = 1;
  bool identity = false;
};

template <class T, class D>
struct Srcnn {
  SrcnnOptions options;
  nn::Conv2d<T, D> conv1, conv2, conv3;

  explicit Srcnn(SrcnnOptions o = {})
      : options(o), conv1(o.channels, o.n1, o.f1), conv2(o.n1, o.n2, o.f2), conv3(o.n2, o.channels, o.f3) {
    if (!o.identity) return;
    nn::pass_through(conv1.weight.value(), o.channels);
    nn::pass_through(conv2.weight.value(), o.channels);
    nn::pass_through(conv3.weight.value(), o.channels,
                     0.1);  // a tenth: the random filters disturb little, and still learn
  }

  /// (N, H, W, C) -> (N, H, W, C), values about 0 to 1. The edge is repeated: the network was trained without
  /// padding, and zeros, which it never saw, would cost 2 to 6 dB near the border.
  Var<T, D> operator()(const Var<T, D>& x) const {
    return forward(x, {.padding = Padding::same, .border = Border::replicate});
  }

  /// (N, H, W, C) -> (N, H - m, W - m, C) with m = f1 + f2 + f3 - 3: the centre alone, as it is trained.
  Var<T, D> valid(const Var<T, D>& x) const { return forward(x, {.padding = Padding::valid}); }

  InputSpec input_spec() const {
    const Index margin = (options.f1 + options.f2 + options.f3 - 3) / 2;
    return {.channels = options.channels, .enlarged = true, .margin = margin, .reach = margin};
  }
  CRISP_PARAMS(conv1, conv2, conv3)

 private:
  Var<T, D> forward(const Var<T, D>& x, Conv2dOptions o) const {
    const Var<T, D> features = conv2d_relu(x, conv1.weight, conv1.bias, o);       // (N, H, W, n1)
    const Var<T, D> mapped = conv2d_relu(features, conv2.weight, conv2.bias, o);  // (N, H, W, n2)
    return conv2d(mapped, conv3.weight, conv3.bias, o);                           // (N, H, W, C)
  }
};

}  // namespace crisp::models
