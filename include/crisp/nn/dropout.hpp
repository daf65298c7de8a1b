// Dropout and DropPath: in training a random part of the values, or of the samples, is left out.
#pragma once
#include "crisp/nn/init.hpp"
#include "crisp/nn/mode.hpp"
#include "crisp/ops/dropout.hpp"

namespace crisp::nn {

/// Each value with probability p; any shape. The decisions follow from crisp::seed.
struct Dropout {
  double p = 0.5;
  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    return training() && p > 0 ? dropout(x, p, detail::generator.bits()) : x;
  }
};

/// Whole samples of the batch, (N, ...): for the branch of a residual block (Huang et al. 2016).
struct DropPath {
  double p = 0.1;
  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    return training() && p > 0 ? drop_path(x, p, detail::generator.bits()) : x;
  }
};

}  // namespace crisp::nn
