// Elementwise ops of one input, y = f(x): an op states its value and its slope, and runs on any device.
#pragma once
#include "crisp/autograd/var.hpp"

namespace crisp {

namespace detail {
template <class F, class T> struct Value {
  F f; const T* x; T* y;
  CRISP_HD void operator()(Index i) const { y[i] = f.value(x[i]); }
};
template <class F, class T> struct Slope {
  F f; const T *x, *y, *dy; T* dx;
  CRISP_HD void operator()(Index i) const { dx[i] = dy[i] * f.slope(x[i], y[i]); }
};
}  // namespace detail

/// y = f(x), of any shape. F is a small struct: `static constexpr const char* name`, `T value(T x) const`, and
/// `T slope(T x, T y) const`, the derivative at x where y = value(x). See ops/relu.hpp. The attributes are the numbers
/// that F holds, if any.
template <class F, class T, class D>
Var<T, D> elementwise(F f, const Var<T, D>& x, std::initializer_list<Attribute> attributes = {}) {
  Tensor<T, D> y(x.shape());
  D::for_each(y.numel(), detail::Value<F, T>{f, x.value().data(), y.data()});
  return {F::name, y, {x}, [f, x, y](const Tensor<T, D>& dy) {
    Tensor<T, D> dx(x.shape());
    D::for_each(dx.numel(), detail::Slope<F, T>{f, x.value().data(), y.data(), dy.data(), dx.data()});
    x.add_grad(std::move(dx));
  }, attributes};
}

}  // namespace crisp
