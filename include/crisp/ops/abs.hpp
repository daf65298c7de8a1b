// abs: y = |x|. The slope at 0 is 0; NaN stays NaN.
#pragma once
#include "crisp/ops/elementwise.hpp"

namespace crisp {

namespace detail {
template <class T>
struct Abs {
  static constexpr const char* name = "abs";
  CRISP_HD T value(T x) const { return x < T(0) ? -x : x; }
  CRISP_HD T slope(T x, T) const { return T(x > T(0)) - T(x < T(0)); }
};
}  // namespace detail

/// x of any shape.
template <class T, class D>
Var<T, D> abs(Var<T, D> x) {
  return elementwise(detail::Abs<Wide<T>>{}, std::move(x));
}

}  // namespace crisp
