// linear: y = x w^T + b on the last axis: a convolution of 1 x 1 whose pixels are the rows of x.
#pragma once
#include "crisp/ops/conv2d.hpp"

namespace crisp {

namespace detail {

// linear, and in the same pass the sum of it and `plus`, if there is one.
template <class T, class D>
Var<T, D> linear(const Var<T, D>& x, const Var<T, D>& weight, const Var<T, D>& bias, const Var<T, D>& plus) {
  check(x.shape().rank() >= 1 && weight.shape().rank() == 2 && x[-1] == weight[1],
        "linear: the last axis of the input must be as long as a row of the weight",
        operand("input", x.shape(), "(..., K)"), operand("weight", weight.shape(), "(O, K)"));
  const Index K = x[-1], O = weight[0], rows = K ? x.numel() / K : 0;
  Shape shape = x.shape();
  shape[-1] = O;
  check(!bias.defined() || bias.shape() == Shape{O}, "linear: the weight gives ", O,
        " values, but the bias has ", bias.defined() ? bias.numel() : 0,
        operand("weight", weight.shape(), "(O, K)"));
  check(!plus.defined() || plus.shape() == shape,
        "linear_add: what is added must have the shape of the result", operand("result", shape, "(..., O)"),
        plus.defined() ? operand("added", plus.shape()) : "");
  const ConvSizes s{1, 1, rows, K, O, 1, 1, 1, 0, 0, 1, rows};
  const auto as_image = [=](const Tensor<T, D>& t, Index channels) {
    return t.reshape({1, 1, rows, channels});
  };
  const Tensor<T, D> w = weight.value().reshape({O, 1, 1, K});
  std::vector<Var<T, D>> inputs{x, weight};
  if (bias.defined()) inputs.push_back(bias);
  if (plus.defined()) inputs.push_back(plus);
  const Tensor<T, D> b = bias.defined() ? bias.value() : Tensor<T, D>();
  const ConvEpilogue<T> epilogue{.plus = plus.defined() ? plus.value().data() : nullptr};
  const Tensor<T, D> y = convolve(as_image(x.value(), K), w, b, s, epilogue);
  Expansion<T, D> expand;
  if (plus.defined()) expand = [=] { return linear(x, weight, bias, Var<T, D>()) + plus; };
  const auto backward = [=, plus = plus.node()](Tensor<T, D> dy) {
    const Tensor<T, D> gradient = as_image(dy, O);
    if (x.requires_grad()) x.add_grad(conv2d_input_gradient(gradient, w, s).reshape(x.shape()));
    if (weight.requires_grad())
      weight.add_grad(conv2d_weight_gradient(as_image(x.value(), K), gradient, s).reshape({O, K}));
    if (bias.requires_grad()) bias.add_grad(sum_rows<T, D>(dy.data(), rows, O));
    if (plus) plus->add_grad(std::move(dy));
  };
  return {plus.defined() ? "linear_add" : "linear", y.reshape(shape), inputs, backward, {}, expand};
}

}  // namespace detail

/// x (..., K), weight (O, K), bias (O) or an empty Var -> (..., O). Throws Error where the shapes do not fit.
template <class T, class D>
Var<T, D> linear(const Var<T, D>& x, const Operand<T, D>& weight, const Operand<T, D>& bias = {}) {
  return detail::linear(x, weight, bias, Var<T, D>());
}

/// linear(x, weight, bias) + other, of the shape of the result, in one pass over the memory. Throws Error
/// where it has another.
template <class T, class D>
Var<T, D> linear_add(const Var<T, D>& x, const Operand<T, D>& weight, const Operand<T, D>& bias,
                     const Operand<T, D>& other) {
  return detail::linear(x, weight, bias, other);
}

}  // namespace crisp
