// pow: y = x^p for a number p, dy/dx = p x^(p - 1).
#pragma once
#include <cmath>

#include "crisp/ops/elementwise.hpp"

namespace crisp {

namespace detail {
template <class T>
struct Pow {
  static constexpr const char* name = "pow";
  T exponent;
  CRISP_HD T value(T x) const {
    using std::pow;
    return pow(x, exponent);
  }
  CRISP_HD T slope(T x, T) const {
    using std::pow;
    return exponent == T(0) ? T(0) : exponent * pow(x, exponent - T(1));
  }
};
}  // namespace detail

/// x of any shape; NaN where x is negative and p is no whole number.
template <class T, class D>
Var<T, D> pow(Var<T, D> x, double exponent) {
  return elementwise(detail::Pow<Wide<T>>{Wide<T>(exponent)}, std::move(x), {{"exponent", exponent}});
}

}  // namespace crisp
