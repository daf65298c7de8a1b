// log: y = ln x, dy/dx = 1 / x.
#pragma once
#include <cmath>

#include "crisp/ops/elementwise.hpp"

namespace crisp {

namespace detail {
template <class T>
struct Log {
  static constexpr const char* name = "log";
  CRISP_HD T value(T x) const {
    using std::log;
    return log(x);
  }
  CRISP_HD T slope(T x, T) const { return T(1) / x; }
};
}  // namespace detail

/// x of any shape, above 0; -infinity at 0, and NaN below. Add a small number where x may be 0.
template <class T, class D>
Var<T, D> log(Var<T, D> x) {
  return elementwise(detail::Log<Wide<T>>{}, std::move(x));
}

}  // namespace crisp
