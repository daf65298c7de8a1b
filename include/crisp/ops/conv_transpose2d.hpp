// conv_transpose2d: the convolution whose roles of input and output are exchanged: what conv2d does to
// gradients, done to values (Zeiler et al. 2010; Dumoulin and Visin 2016, ch. 4). Its gradient is a
// convolution.
#pragma once
#include "crisp/ops/conv2d.hpp"

namespace crisp {

struct ConvTranspose2dOptions {
  Index stride = 2;
  Index padding = 0;         // pixels taken off each side of the output
  Index output_padding = 0;  // pixels added at the bottom and at the right, less than the stride
};

/// x (N, H, W, C), weight (C, kH, kW, O), bias (O) or an empty Var -> (N, (H - 1) stride - 2 padding + kH +
/// output_padding, ..., O). Throws Error where the shapes do not fit.
template <class T, class D>
Var<T, D> conv_transpose2d(const Var<T, D>& x, const Operand<T, D>& weight, const Operand<T, D>& bias,
                           ConvTranspose2dOptions o = {}) {
  const auto shapes = [&] {
    return operand("input", x.shape(), "(N, H, W, C)") + operand("weight", weight.shape(), "(C, kH, kW, O)");
  };
  check(x.shape().rank() == 4 && weight.shape().rank() == 4,
        "conv_transpose2d: the input and the weight must have 4 axes", shapes());
  check(x[3] == weight[0], "conv_transpose2d: the input has ", x[3], " channels, but the weight expects ",
        weight[0], shapes());
  check(!bias.defined() || bias.shape() == Shape{weight[3]}, "conv_transpose2d: the weight gives ", weight[3],
        " channels, but the bias is for others", shapes());
  check(o.stride >= 1 && o.padding >= 0 && o.output_padding >= 0 && o.output_padding < o.stride,
        "conv_transpose2d: stride ", o.stride, ", padding ", o.padding, " and output_padding ",
        o.output_padding, " do not fit together; the last must be below the stride");
  const Index kH = weight[1], kW = weight[2], O = weight[3];
  const Index OH = (x[1] - 1) * o.stride - 2 * o.padding + kH + o.output_padding,
              OW = (x[2] - 1) * o.stride - 2 * o.padding + kW + o.output_padding;
  check(x.numel() > 0 && OH > 0 && OW > 0, "conv_transpose2d: the output would have ", OH, " x ", OW,
        " pixels", shapes());
  // The convolution whose roles are exchanged here: from (N, OH, OW, O) to x.
  const ConvSizes s{x[0], OH, OW, O, x[3], kH, kW, o.stride, o.padding, o.padding, x[1], x[2]};
  Tensor<T, D> y = detail::conv2d_input_gradient(x.value(), weight.value(), s);
  if (bias.defined()) {
    Tensor<T, D> repeated(y.shape());
    D::for_each(x[0] * OH * OW, O, detail::InitSums<T>{bias.value().data(), nullptr, repeated.data(), O});
    y.add_(repeated);
  }
  std::vector<Var<T, D>> inputs{x, weight};
  if (bias.defined()) inputs.push_back(bias);
  const auto backward = [=](const Tensor<T, D>& dy) {
    if (x.requires_grad()) x.add_grad(detail::convolve(dy, weight.value(), Tensor<T, D>(), s));
    if (weight.requires_grad()) weight.add_grad(detail::conv2d_weight_gradient(dy, x.value(), s));
    if (bias.requires_grad()) bias.add_grad(detail::sum_rows<T, D>(dy.data(), s.N * OH * OW, O));
  };
  return {"conv_transpose2d",
          y,
          inputs,
          backward,
          {{"stride", double(o.stride)},
           {"padding", double(o.padding)},
           {"output_padding", double(o.output_padding)}}};
}

}  // namespace crisp
