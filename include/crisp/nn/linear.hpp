// Linear: y = x w^T + b on the last axis, with a weight and a bias that learn.
#pragma once
#include "crisp/nn/init.hpp"
#include "crisp/nn/module.hpp"
#include "crisp/ops/linear.hpp"

namespace crisp::nn {

struct LinearOptions {
  bool bias = true;
  Init init = Init::he();
};

/// (..., in) -> (..., out).
template <class T, class D>
struct Linear {
  Param<T, D> weight, bias;  // (out, in), (out)

  /// Throws Error unless in and out are at least 1.
  Linear(Index in, Index out, LinearOptions o = {}) {
    check(in >= 1 && out >= 1, "Linear: ", in, " inputs and ", out,
          " outputs were asked for; each must be at least 1");
    weight = make_weight<T, D>({out, in}, o.init);
    if (o.bias) bias = make_weight<T, D>({out}, Init::constant(0));
  }

  Var<T, D> operator()(const Var<T, D>& x) const { return linear(x, weight, bias); }

  /// (*this)(x) + other, of the shape of the result, in one pass over the memory.
  Var<T, D> then_add(const Var<T, D>& x, const Var<T, D>& other) const {
    return linear_add(x, weight, bias, other);
  }
  CRISP_PARAMS(weight, bias)
};

}  // namespace crisp::nn
