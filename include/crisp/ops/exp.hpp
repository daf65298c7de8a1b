// exp: y = e^x, dy/dx = y.
#pragma once
#include <cmath>

#include "crisp/ops/elementwise.hpp"

namespace crisp {

namespace detail {
template <class T>
struct Exp {
  static constexpr const char* name = "exp";
  static constexpr bool slope_from_y = true;
  CRISP_HD T value(T x) const {
    using std::exp;
    return exp(x);
  }
  CRISP_HD T slope(T, T y) const { return y; }
};
}  // namespace detail

/// x of any shape; y > 0, infinite where x is over 88.7 in float.
template <class T, class D>
Var<T, D> exp(Var<T, D> x) {
  return elementwise(detail::Exp<Wide<T>>{}, std::move(x));
}

}  // namespace crisp
