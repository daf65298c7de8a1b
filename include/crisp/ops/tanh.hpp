// tanh: the hyperbolic tangent, dy/dx = 1 - y^2.
#pragma once
#include <cmath>

#include "crisp/ops/elementwise.hpp"

namespace crisp {

namespace detail {
template <class T>
struct Tanh {
  static constexpr const char* name = "tanh";
  static constexpr bool slope_from_y = true;
  CRISP_HD T value(T x) const {
    using std::tanh;
    return tanh(x);
  }
  CRISP_HD T slope(T, T y) const { return T(1) - y * y; }
};
}  // namespace detail

/// x of any shape; y in (-1, 1).
template <class T, class D>
Var<T, D> tanh(Var<T, D> x) {
  return elementwise(detail::Tanh<Wide<T>>{}, std::move(x));
}

}  // namespace crisp
