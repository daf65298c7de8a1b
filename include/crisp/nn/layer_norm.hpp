// LayerNorm: each pixel's channels brought to mean 0 and variance 1, then scaled and shifted
// (Ba, Kiros and Hinton 2016).
#pragma once
#include "crisp/nn/init.hpp"
#include "crisp/nn/module.hpp"
#include "crisp/ops/layer_norm.hpp"

namespace crisp::nn {

/// (..., C) -> (..., C).
template <class T, class D>
struct LayerNorm {
  Param<T, D> weight, bias;  // (C) each
  double eps;

  explicit LayerNorm(Index channels, double epsilon = 1e-5)
      : weight(make_weight<T, D>({channels}, Init::constant(1))),
        bias(make_weight<T, D>({channels}, Init::constant(0))),
        eps(epsilon) {}

  Var<T, D> operator()(const Var<T, D>& x) const { return layer_norm(x, weight, bias, eps); }
  CRISP_PARAMS(weight, bias)
};

}  // namespace crisp::nn
