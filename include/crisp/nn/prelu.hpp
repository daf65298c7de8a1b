// PReLU: a leaky relu whose slope learns (He et al. 2015).
#pragma once
#include "crisp/nn/init.hpp"
#include "crisp/nn/module.hpp"
#include "crisp/ops/prelu.hpp"

namespace crisp::nn {

/// (..., C) -> (..., C). One slope for all channels, or with `channels` one each.
template <class T, class D>
struct PReLU {
  Param<T, D> weight;  // (channels)

  explicit PReLU(Index channels = 1, double slope = 0.25)
      : weight(make_weight<T, D>({channels}, Init::constant(slope))) {}

  Var<T, D> operator()(Var<T, D> x) const { return prelu(std::move(x), weight); }
  CRISP_PARAMS(weight)
};

}  // namespace crisp::nn
