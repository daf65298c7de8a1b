// Conv2d: a convolution that learns its weight and bias.
#pragma once
#include "crisp/nn/init.hpp"
#include "crisp/nn/module.hpp"
#include "crisp/ops/conv2d.hpp"

namespace crisp::nn {

struct Conv2dOptions {
  Index stride = 1;
  Padding padding = Padding::same;
  Border border = Border::zero;
  bool bias = true;
  Init init = Init::he();
};

/// (N, H, W, in) -> (N, OH, OW, out); the size as ops/conv2d.hpp says, by default that of the input.
template <class T, class D>
struct Conv2d {
  Param<T, D> weight, bias;  // (out, kernel, kernel, in), (out)
  crisp::Conv2dOptions options;

  /// Throws Error unless in, out and kernel are at least 1.
  Conv2d(Index in, Index out, Index kernel, Conv2dOptions o = {}) : options{o.stride, o.padding, o.border} {
    check(in >= 1 && out >= 1 && kernel >= 1, "Conv2d: ", in, " input channels, ", out,
          " output channels and a kernel of ", kernel, " were asked for; each must be at least 1");
    weight = make_weight<T, D>({out, kernel, kernel, in}, o.init);
    if (o.bias) bias = make_weight<T, D>({out}, Init::constant(0));
  }

  Var<T, D> operator()(const Var<T, D>& x) const { return conv2d(x, weight, bias, options); }

  /// relu((*this)(x)), in one pass over the memory.
  Var<T, D> then_relu(const Var<T, D>& x) const { return conv2d_relu(x, weight, bias, options); }

  /// (*this)(x) + other, likewise; other has the shape of the result.
  Var<T, D> then_add(const Var<T, D>& x, const Var<T, D>& other) const {
    return conv2d_add(x, weight, bias, other, options);
  }

  CRISP_PARAMS(weight, bias)
};

}  // namespace crisp::nn
