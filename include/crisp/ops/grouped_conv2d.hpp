// grouped_conv2d: the channels in several groups, each convolved for itself (Krizhevsky et al. 2012); with as
// many groups as channels it is the depthwise convolution (Howard et al. 2017, section 3.1).
#pragma once
#include "crisp/ops/concat.hpp"
#include "crisp/ops/conv2d.hpp"
#include "crisp/ops/slice.hpp"

namespace crisp {

namespace detail {

// Group by group. The other ways below are tested against this one.
template <class T, class D>
Var<T, D> conv2d_by_groups(const Var<T, D>& x, const Var<T, D>& weight, const Var<T, D>& bias, Index groups,
                           Conv2dOptions o) {
  const Index C = x[3] / groups, O = weight[0] / groups;
  std::vector<Var<T, D>> parts;  // (N, OH, OW, O / groups) each
  for (Index g = 0; g < groups; ++g)
    parts.push_back(conv2d(slice(x, 3, g * C, C), slice(weight, 0, g * O, O),
                           bias.defined() ? slice(bias, 0, g * O, O) : bias, o));
  return concat(parts);
}

// By the device, each channel of x (N, H, W, C) with its own weight (C, kH, kW, 1); an empty Var where it
// refuses.
template <class T, class D>
Var<T, D> fused_depthwise_conv2d(const Var<T, D>& x, const Var<T, D>& weight, const Var<T, D>& bias,
                                 Conv2dOptions o) {
  const Margins m = margins_of(o, weight[1], weight[2]);
  if (o.border != Border::zero && (m.top || m.bottom || m.left || m.right))
    return fused_depthwise_conv2d(pad(x, m, o.border), weight, bias, without_padding(o));

  const ConvSizes s = conv_sizes(x.shape(), weight.shape(), m, o);
  const T* const b = bias.defined() ? bias.value().data() : nullptr;
  Tensor<T, D> y({s.N, s.OH, s.OW, s.O});
  if (!D::depthwise_conv2d(x.value().data(), weight.value().data(), b, y.data(), s)) return {};

  const auto backward = [=](const Tensor<T, D>& dy) {
    if (weight.requires_grad()) {
      Tensor<T, D> dw(weight.shape());
      D::depthwise_conv2d_weight_gradient(x.value().data(), dy.data(), dw.data(), s);
      weight.add_grad(std::move(dw));
    }
    if (x.requires_grad()) {
      Tensor<T, D> dx(x.shape());
      D::depthwise_conv2d_input_gradient(dy.data(), weight.value().data(), dx.data(), s);
      x.add_grad(std::move(dx));
    }
    if (bias.requires_grad()) bias.add_grad(sum_rows<T, D>(dy.data(), s.pixels(), s.O));
  };
  std::vector<Var<T, D>> inputs{x, weight};
  if (bias.defined()) inputs.push_back(bias);
  const Expansion<T, D> expand = [=] { return conv2d_by_groups(x, weight, bias, s.C, o); };
  return {"grouped_conv2d", y, inputs, backward, {}, expand};
}

}  // namespace detail

/// x (N, H, W, C), weight (O, kH, kW, C / groups), bias (O) or an empty Var -> (N, OH, OW, O), as conv2d.
/// Throws Error unless the groups divide C and O, and where conv2d does.
template <class T, class D>
Var<T, D> grouped_conv2d(const Var<T, D>& x, const Operand<T, D>& weight, const Operand<T, D>& bias,
                         Index groups, Conv2dOptions o = {}) {
  check(x.shape().rank() == 4 && weight.shape().rank() == 4 && groups >= 1 && x[3] == weight[3] * groups &&
            weight[0] % groups == 0,
        "grouped_conv2d: ", groups, " groups do not divide the channels",
        operand("input", x.shape(), "(N, H, W, C)"),
        operand("weight", weight.shape(), "(O, kH, kW, C / groups)"));
  const Shape of_group{x[0], x[1], x[2], weight[3]};
  detail::check_conv2d(of_group, weight.shape(), bias.defined() ? &bias.shape() : nullptr, o);
  if constexpr (HasDepthwiseConv2d<D, T>)
    if (groups == x[3] && weight[0] == x[3])
      if (const Var<T, D> y = detail::fused_depthwise_conv2d(x, weight, bias, o); y.defined()) return y;
  return detail::conv2d_by_groups<T, D>(x, weight, bias, groups, o);
}

}  // namespace crisp
