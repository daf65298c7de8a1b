// Losses: the mean over all elements of a function of the error e = prediction - target.
#pragma once
#include <cmath>

#include "crisp/ops/reduce.hpp"

namespace crisp {

// A loss of values in bfloat16 is computed in float, against a target in float: see Wide.
namespace detail {

template <class T>
struct Squared {
  static constexpr const char* name = "mse_loss";
  CRISP_HD T value(T e) const { return e * e; }
  CRISP_HD T slope(T e) const { return T(2) * e; }
};
template <class T>
struct Absolute {
  static constexpr const char* name = "l1_loss";
  CRISP_HD T value(T e) const { return e < T(0) ? -e : e; }
  CRISP_HD T slope(T e) const { return T(e > T(0)) - T(e < T(0)); }
};
template <class T>
struct Charbonnier {
  static constexpr const char* name = "charbonnier_loss";
  T epsilon;
  CRISP_HD T value(T e) const {
    using std::sqrt;
    return sqrt(e * e + epsilon * epsilon);
  }
  CRISP_HD T slope(T e) const { return e / value(e); }
};
template <class F, class T>
struct ErrorValue {
  F f;
  const T *x, *t;
  T* y;
  CRISP_HD void operator()(Index i) const { y[i] = f.value(x[i] - t[i]); }
};
template <class F, class T>
struct ErrorSlope {
  F f;
  const T *x, *t, *dy;
  T* dx;
  T scale;
  CRISP_HD void operator()(Index i) const { dx[i] = scale * *dy * f.slope(x[i] - t[i]); }
};

template <class F, class T, class D>
Var<T, D> mean_of_error(F f, const Var<T, D>& x, const Var<T, D>& t) {
  check(x.shape() == t.shape(), F::name, ": the prediction and the target differ in shape",
        operand("input", x.shape()), operand("target", t.shape()),
        "\n  hint: a network without padding gives a smaller picture; crop the target with centre(target, "
        "height, width)");
  check(x.numel() > 0, F::name, ": there are no elements to take the mean of", operand("input", x.shape()));
  Tensor<T, D> errors(x.shape());
  D::for_each(x.numel(), ErrorValue<F, T>{f, x.value().data(), t.value().data(), errors.data()});
  const auto backward = [=](const Tensor<T, D>& dy) {
    const auto pass = [&](const Var<T, D>& v, T sign) {
      if (!v.requires_grad()) return;
      Tensor<T, D> dv(v.shape());
      D::for_each(v.numel(), ErrorSlope<F, T>{f, x.value().data(), t.value().data(), dy.data(), dv.data(),
                                              sign / T(x.numel())});
      v.add_grad(std::move(dv));
    };
    pass(x, T(1));
    pass(t, T(-1));
  };
  return {F::name, sum_all(errors, T(1) / T(x.numel())), {x, t}, backward};
}

}  // namespace detail

/// Mean squared error, mean of (x - t)^2, of any one shape -> (). Throws Error where the shapes differ.
template <class T, class D>
Var<Wide<T>, D> mse_loss(const Var<T, D>& x, const Operand<Wide<T>, D>& target) {
  return detail::mean_of_error(detail::Squared<Wide<T>>{}, Var<Wide<T>, D>(x), target);
}

/// Mean absolute error, mean of |x - t|, of any one shape -> (). Throws Error where the shapes differ.
template <class T, class D>
Var<Wide<T>, D> l1_loss(const Var<T, D>& x, const Operand<Wide<T>, D>& target) {
  return detail::mean_of_error(detail::Absolute<Wide<T>>{}, Var<Wide<T>, D>(x), target);
}

/// Mean of sqrt((x - t)^2 + epsilon^2), a smooth l1_loss (Charbonnier et al. 1994; Lai et al. 2017, eq. 2).
template <class T, class D>
Var<Wide<T>, D> charbonnier_loss(const Var<T, D>& x, const Operand<Wide<T>, D>& target,
                                 double epsilon = 1e-3) {
  check(epsilon > 0, "charbonnier_loss: epsilon must be above 0, not ", epsilon);
  return detail::mean_of_error(detail::Charbonnier<Wide<T>>{Wide<T>(epsilon)}, Var<Wide<T>, D>(x), target);
}

}  // namespace crisp
