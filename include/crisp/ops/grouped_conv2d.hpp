// grouped_conv2d: the channels in several groups, each convolved for itself (Krizhevsky et al. 2012); with as
// many groups as channels it is the depthwise convolution.
#pragma once
#include "crisp/ops/concat.hpp"
#include "crisp/ops/conv2d.hpp"
#include "crisp/ops/slice.hpp"

namespace crisp {

/// x (N, H, W, C), weight (O, kH, kW, C / groups), bias (O) or an empty Var -> (N, OH, OW, O), as conv2d.
/// Throws Error unless the groups divide C and O.
template <class T, class D>
Var<T, D> grouped_conv2d(const Var<T, D>& x, const Operand<T, D>& weight, const Operand<T, D>& bias,
                         Index groups, Conv2dOptions o = {}) {
  check(x.shape().rank() == 4 && weight.shape().rank() == 4 && groups >= 1 && x[3] == weight[3] * groups &&
            weight[0] % groups == 0,
        "grouped_conv2d: ", groups, " groups do not divide the channels",
        operand("input", x.shape(), "(N, H, W, C)"),
        operand("weight", weight.shape(), "(O, kH, kW, C / groups)"));
  const Index C = x[3] / groups, O = weight[0] / groups;
  std::vector<Var<T, D>> parts;  // (N, OH, OW, O / groups) each
  for (Index g = 0; g < groups; ++g)
    parts.push_back(conv2d(slice(x, 3, g * C, C), slice(weight, 0, g * O, O),
                           bias.defined() ? slice(Var<T, D>(bias), 0, g * O, O) : bias, o));
  return concat(parts);
}

}  // namespace crisp
