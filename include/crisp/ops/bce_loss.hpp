// bce_with_logits_loss: the binary cross-entropy of sigmoid(x) against a target t, mean of log(1 + e^x) - t
// x, in a form that does not overflow (Goodfellow et al. 2014, eq. 1, with one label for the whole batch).
#pragma once
#include <cmath>

#include "crisp/ops/elementwise.hpp"
#include "crisp/ops/reduce.hpp"

namespace crisp {

namespace detail {
template <class T>
struct BceWithLogits {
  static constexpr const char* name = "bce_with_logits_loss";
  T target;
  CRISP_HD T value(T x) const {
    using std::exp, std::log1p;
    return (x > T(0) ? x : T(0)) - target * x + log1p(exp(x > T(0) ? -x : x));
  }
  CRISP_HD T slope(T x, T) const {
    using std::exp;
    return T(1) / (T(1) + exp(-x)) - target;
  }
};
}  // namespace detail

/// logits of any shape -> (). The target is 1 for real, 0 for fake, or between. Throws Error for a target
/// outside 0..1.
template <class T, class D>
Var<Wide<T>, D> bce_with_logits_loss(const Var<T, D>& logits, double target) {
  check(target >= 0 && target <= 1, "bce_with_logits_loss: the target must lie in 0..1, not ", target);
  return mean(elementwise(detail::BceWithLogits<Wide<T>>{Wide<T>(target)}, Var<Wide<T>, D>(logits)));
}

}  // namespace crisp
