// GroupedConv2d: a convolution in which each group of channels sees itself alone; depthwise where groups =
// channels.
#pragma once
#include "crisp/nn/conv2d.hpp"
#include "crisp/ops/grouped_conv2d.hpp"

namespace crisp::nn {

/// (N, H, W, in) -> (N, OH, OW, out), as Conv2d.
template <class T, class D>
struct GroupedConv2d {
  Index groups;
  Param<T, D> weight, bias;  // (out, kH, kW, in / groups), (out)
  crisp::Conv2dOptions options;

  /// Throws Error unless in, out, kernel and groups are at least 1, and the groups divide in and out.
  GroupedConv2d(Index in, Index out, KernelSize kernel, Index group_count, Conv2dOptions o = {})
      : groups(group_count), options(o.of_op()) {
    check(in >= 1 && out >= 1 && kernel.exists() && groups >= 1 && in % groups == 0 && out % groups == 0,
          "GroupedConv2d: ", groups, " groups, a kernel of ", kernel, ", ", in, " input and ", out,
          " output channels do not go together; the groups must divide both");
    weight = make_weight<T, D>({out, kernel.height, kernel.width, in / groups}, o.init);
    if (o.bias) bias = make_weight<T, D>({out}, Init::constant(0));
  }

  Var<T, D> operator()(const Var<T, D>& x) const { return grouped_conv2d(x, weight, bias, groups, options); }
  CRISP_PARAMS(weight, bias)
};

}  // namespace crisp::nn
