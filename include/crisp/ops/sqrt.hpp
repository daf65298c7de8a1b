// sqrt: the square root, dy/dx = 1 / (2 y).
#pragma once
#include <cmath>

#include "crisp/ops/elementwise.hpp"

namespace crisp {

namespace detail {
template <class T>
struct Sqrt {
  static constexpr const char* name = "sqrt";
  static constexpr bool slope_from_y = true;
  CRISP_HD T value(T x) const {
    using std::sqrt;
    return sqrt(x);
  }
  CRISP_HD T slope(T, T y) const { return T(0.5) / y; }
};
}  // namespace detail

/// x of any shape, 0 or more; NaN below. The slope at 0 is infinite: add a small number where x may be 0.
template <class T, class D>
Var<T, D> sqrt(Var<T, D> x) {
  return elementwise(detail::Sqrt<Wide<T>>{}, std::move(x));
}

}  // namespace crisp
