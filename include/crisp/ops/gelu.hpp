// gelu: y = x Phi(x), Phi the normal distribution function, exactly (Hendrycks and Gimpel 2016, eq. 2).
#pragma once
#include <cmath>

#include "crisp/ops/elementwise.hpp"

namespace crisp {

namespace detail {
template <class T> struct Gelu {
  static constexpr const char* name = "gelu";
  CRISP_HD static T below(T x) {  // Phi(x) = (1 + erf(x / sqrt(2))) / 2
    using std::erf;
    return T(0.5) * (T(1) + erf(x * T(0.70710678118654752440)));
  }
  CRISP_HD T value(T x) const { return x * below(x); }
  CRISP_HD T slope(T x, T) const {
    using std::exp;
    return below(x) + x * T(0.39894228040143267794) * exp(T(-0.5) * x * x);
  }
};
}  // namespace detail

/// x of any shape.
template <class T, class D>
Var<T, D> gelu(const Var<T, D>& x) { return elementwise(detail::Gelu<T>{}, x); }

}  // namespace crisp
