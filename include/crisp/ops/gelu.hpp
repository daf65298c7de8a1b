// gelu: y = x Phi(x), Phi the normal distribution function, exactly (Hendrycks and Gimpel 2016, eq. 2).
#pragma once
#include <cmath>

#include "crisp/core/fused_ops.hpp"
#include "crisp/ops/elementwise.hpp"

namespace crisp {

namespace detail {

template <class T>
struct Gelu {
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
template <class T>
struct TimesSlope {
  const T *slope, *dy;
  T* dx;
  CRISP_HD void operator()(Index i) const { dx[i] = dy[i] * slope[i]; }
};

// By the device, value and slope at once: what is kept is the slope, in the place of x. An empty Var where
// the device refuses.
template <class T, class D>
Var<T, D> fused_gelu(const Var<T, D>& x) {
  const bool learns = grad_enabled && x.requires_grad();
  const Tensor<T, D> other = reuse_or_make(x.value());
  Tensor<T, D> y = learns ? Tensor<T, D>(x.shape()) : other, slope = learns ? other : Tensor<T, D>();
  if (!D::gelu(x.value().data(), y.data(), slope.data(), x.numel())) return {};
  const auto backward = [slope, node = x.node()](Tensor<T, D> dy) {
    Tensor<T, D> dx = reuse_or_make(dy);
    D::for_each(dx.numel(), TimesSlope<T>{slope.data(), dy.data(), dx.data()});
    node->add_grad(std::move(dx));
  };
  return {"gelu", y, {x}, backward};
}

}  // namespace detail

/// x of any shape.
template <class T, class D>
Var<T, D> gelu(Var<T, D> x) {
  if constexpr (HasGelu<D, T>)
    if (const Var<T, D> y = detail::fused_gelu(x); y.defined()) return y;
  return elementwise(detail::Gelu<Wide<T>>{}, std::move(x));
}

}  // namespace crisp
