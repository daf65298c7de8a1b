// Elementwise ops of one input, y = f(x): an op states its value and its slope, and runs on any device.
#pragma once
#include "crisp/autograd/var.hpp"

namespace crisp {

namespace detail {
template <class F, class T>
struct Value {
  F f;
  const T* x;
  T* y;
  CRISP_HD void operator()(Index i) const { y[i] = f.value(x[i]); }
};
template <class F, class T>
struct Slope {
  F f;
  const T *x, *y, *dy;
  T* dx;
  CRISP_HD void operator()(Index i) const { dx[i] = dy[i] * f.slope(x[i], y[i]); }
};

// A tensor for a result of x's shape: x itself, where nobody else reads it, as with the inner value of
// relu(conv(x)); else a new one.
template <class T, class D>
Tensor<T, D> reuse_or_make(const Tensor<T, D>& x, bool may_reuse = true) {
  return may_reuse && !x.shares_elements() ? x : Tensor<T, D>(x.shape());
}
}  // namespace detail

/// y = f(x), of any shape. F is a small struct: `static constexpr const char* name`, `T value(T x) const`,
/// and `T slope(T x, T y) const`, the derivative at x where y = value(x). See ops/relu.hpp. An F whose slope
/// reads y alone says `static constexpr bool slope_from_y = true`: then x need not stay in memory; one that
/// reads neither, `constant_slope`. Give it Wide<T> for T, so that it computes with float where the values
/// are bfloat16. The attributes are the numbers that F holds, if any.
template <class F, class T, class D>
Var<T, D> elementwise(F f, Var<T, D> x, std::initializer_list<Attribute> attributes = {}) {
  constexpr bool constant_slope = requires { requires F::constant_slope; }
  , slope_from_y = constant_slope || requires { requires F::slope_from_y; };
  Tensor<T, D> y = detail::reuse_or_make(x.value(), slope_from_y || !detail::grad_enabled);
  D::for_each(y.numel(), detail::Value<F, T>{f, x.value().data(), y.data()});
  const Tensor<T, D> none, kept_x = slope_from_y ? none : x.value(), kept_y = constant_slope ? none : y;
  const auto backward = [=, node = x.node()](Tensor<T, D> dy) {
    Tensor<T, D> dx = detail::reuse_or_make(dy);
    const T* any = std::as_const(dy).data();  // for what the slope does not read
    D::for_each(dx.numel(), detail::Slope<F, T>{f, slope_from_y ? any : kept_x.data(),
                                                constant_slope ? any : kept_y.data(), any, dx.data()});
    node->add_grad(std::move(dx));
  };
  return {F::name, y, {x}, backward, attributes};
}

}  // namespace crisp
