// linear: y = x w^T + b on the last axis: a convolution of 1 x 1 whose pixels are the rows of x.
#pragma once
#include "crisp/ops/conv2d.hpp"
#include "crisp/ops/reshape.hpp"

namespace crisp {

/// x (..., K), weight (O, K), bias (O) or an empty Var -> (..., O). Throws Error where the shapes do not fit.
template <class T, class D>
Var<T, D> linear(const Var<T, D>& x, const Operand<T, D>& weight, const Operand<T, D>& bias = {}) {
  check(x.shape().rank() >= 1 && weight.shape().rank() == 2 && x[-1] == weight[1], "linear: the last axis of the input must be as long as a row of the weight",
        operand("input", x.shape(), "(..., K)"), operand("weight", weight.shape(), "(O, K)"));
  const Index K = x[-1], O = weight[0], rows = K ? x.numel() / K : 0;
  Shape shape = x.shape();
  shape[-1] = O;
  return reshape(conv2d(reshape(x, {1, 1, rows, K}), reshape(weight, {O, 1, 1, K}), bias), shape);
}

}  // namespace crisp
