// leaky_relu: y = x for x > 0, slope * x below (Maas, Hannun and Ng 2013).
#pragma once
#include "crisp/ops/elementwise.hpp"

namespace crisp {

namespace detail {
template <class T>
struct LeakyRelu {
  static constexpr const char* name = "leaky_relu";
  T below;
  CRISP_HD T value(T x) const { return x > T(0) ? x : below * x; }
  CRISP_HD T slope(T x, T) const { return x > T(0) ? T(1) : below; }
};
}  // namespace detail

/// x of any shape; slope is that of the negative half.
template <class T, class D>
Var<T, D> leaky_relu(const Var<T, D>& x, double slope = 0.01) {
  return elementwise(detail::LeakyRelu<Wide<T>>{Wide<T>(slope)}, x, {{"slope", slope}});
}

}  // namespace crisp
