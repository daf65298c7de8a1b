// GroupNorm: the channels in groups, each group of an image brought to mean 0 and variance 1 over its pixels
// and channels, then scaled and shifted by channel (Wu and He 2018, eq. 1 to 7).
#pragma once
#include "crisp/nn/init.hpp"
#include "crisp/nn/module.hpp"
#include "crisp/ops/arithmetic.hpp"
#include "crisp/ops/reshape.hpp"
#include "crisp/ops/sqrt.hpp"

namespace crisp::nn {

/// (N, H, W, C) -> (N, H, W, C). It is the same in training and in inference. As many groups as channels are
/// instance normalisation (Ulyanov et al. 2016).
template <class T, class D>
struct GroupNorm {
  Param<T, D> weight, bias;  // (C) each
  Index groups;
  double eps;

  /// Throws Error unless the groups, at least one, divide the channels.
  GroupNorm(Index number_of_groups, Index channels, double epsilon = 1e-5)
      : groups(number_of_groups), eps(epsilon) {
    check(groups >= 1 && channels >= 1 && channels % groups == 0, "GroupNorm: ", groups,
          " groups do not divide ", channels, " channels");
    weight = make_weight<T, D>({channels}, Init::constant(1));
    bias = make_weight<T, D>({channels}, Init::constant(0));
  }

  Var<T, D> operator()(const Var<T, D>& x) const {
    const Index C = weight.value()[0];
    check(x.shape().rank() == 4 && x[3] == C, "GroupNorm: ", C, " channels were expected",
          operand("input", x.shape(), "(N, H, W, C)"));
    const Var<T, D> grouped = reshape(x, {x[0], x[1] * x[2], groups, C / groups});
    const Var<T, D> centred = grouped - mean_of_group(grouped);
    const Var<T, D> deviation = sqrt(mean_of_group(centred * centred) + eps);
    return reshape(centred / deviation, x.shape()) * Var<T, D>(weight) + Var<T, D>(bias);
  }
  CRISP_PARAMS(weight, bias)

 private:
  // (N, H W, groups, C / groups) -> (N, 1, groups, 1).
  Var<T, D> mean_of_group(const Var<T, D>& x) const {
    return reshape(mean(mean(x, 3), 1), {x[0], 1, groups, 1});
  }
};

/// Each channel of each image by itself: GroupNorm with as many groups as channels.
template <class T, class D>
struct InstanceNorm2d : GroupNorm<T, D> {
  explicit InstanceNorm2d(Index channels, double epsilon = 1e-5)
      : GroupNorm<T, D>(channels, channels, epsilon) {}
};

}  // namespace crisp::nn
