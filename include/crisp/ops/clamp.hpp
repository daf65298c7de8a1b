// clamp: x, but no less than `low` and no more than `high`. The slope is 1 from low to high, 0 outside; NaN
// stays NaN.
#pragma once
#include "crisp/ops/elementwise.hpp"

namespace crisp {

namespace detail {
template <class T>
struct Clamp {
  static constexpr const char* name = "clamp";
  T low, high;
  CRISP_HD T value(T x) const {
    const T above = x < low ? low : x;
    return above > high ? high : above;
  }
  CRISP_HD T slope(T x, T) const { return x < low || x > high ? T(0) : T(1); }
};
}  // namespace detail

/// x of any shape; a picture within 0..1 by clamp(x, 0, 1). Throws Error unless low <= high.
template <class T, class D>
Var<T, D> clamp(Var<T, D> x, double low, double high) {
  check(low <= high, "clamp: the lower bound ", low, " is above the upper one, ", high);
  return elementwise(detail::Clamp<Wide<T>>{Wide<T>(low), Wide<T>(high)}, std::move(x),
                     {{"low", low}, {"high", high}});
}

}  // namespace crisp
