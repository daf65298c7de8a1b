// ConvTranspose2d: a transposed convolution that learns its weight and bias; it enlarges by its stride.
#pragma once
#include "crisp/nn/init.hpp"
#include "crisp/nn/module.hpp"
#include "crisp/ops/conv_transpose2d.hpp"

namespace crisp::nn {

/// (N, H, W, in) -> (N, OH, OW, out), with OH = (H - 1) stride - 2 padding + kernel + output_padding.
template <class T, class D>
struct ConvTranspose2d {
  Param<T, D> weight, bias;  // (in, kernel, kernel, out), (out)
  ConvTranspose2dOptions options;

  /// Throws Error unless in, out and kernel are at least 1.
  ConvTranspose2d(Index in, Index out, Index kernel, ConvTranspose2dOptions o = {}, Init init = Init::he())
      : options(o) {
    check(in >= 1 && out >= 1 && kernel >= 1, "ConvTranspose2d: ", in, " input channels, ", out,
          " output channels and a kernel of ", kernel, " were asked for; each must be at least 1");
    weight = make_weight<T, D>({in, kernel, kernel, out}, init);
    bias = make_weight<T, D>({out}, Init::constant(0));
  }

  Var<T, D> operator()(const Var<T, D>& x) const { return conv_transpose2d(x, weight, bias, options); }
  CRISP_PARAMS(weight, bias)
};

}  // namespace crisp::nn
