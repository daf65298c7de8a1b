// relu: y = max(x, 0) (Nair and Hinton 2010). The slope at 0 is 0; NaN stays NaN.
#pragma once
#include "crisp/ops/elementwise.hpp"

namespace crisp {

namespace detail {
template <class T> struct Relu {
  static constexpr const char* name = "relu";
  static constexpr bool slope_from_y = true;
  CRISP_HD T value(T x) const { return x < T(0) ? T(0) : x; }
  CRISP_HD T slope(T, T y) const { return y > T(0) ? T(1) : T(0); }
};
}  // namespace detail

/// x of any shape.
template <class T, class D>
Var<T, D> relu(Var<T, D> x) { return elementwise(detail::Relu<T>{}, std::move(x)); }

}  // namespace crisp
