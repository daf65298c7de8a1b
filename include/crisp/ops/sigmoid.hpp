// sigmoid: y = 1 / (1 + exp(-x)), dy/dx = y (1 - y).
#pragma once
#include <cmath>

#include "crisp/ops/elementwise.hpp"

namespace crisp {

namespace detail {
template <class T>
struct Sigmoid {
  static constexpr const char* name = "sigmoid";
  static constexpr bool slope_from_y = true;
  CRISP_HD T value(T x) const {
    using std::exp;
    return T(1) / (T(1) + exp(-x));
  }
  CRISP_HD T slope(T, T y) const { return y * (T(1) - y); }
};
}  // namespace detail

/// x of any shape; y in (0, 1).
template <class T, class D>
Var<T, D> sigmoid(Var<T, D> x) {
  return elementwise(detail::Sigmoid<Wide<T>>{}, std::move(x));
}

}  // namespace crisp
