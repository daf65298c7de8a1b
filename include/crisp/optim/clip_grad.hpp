// Gradient clipping: bounds the length of the whole gradient, or each of its elements (Pascanu et al. 2013, algorithm 1).
#pragma once
#include <cmath>

#include "crisp/nn/module.hpp"
#include "crisp/ops/reduce.hpp"

namespace crisp::optim {

namespace detail {
template <class T> struct Square {
  const T* x; T* y;
  CRISP_HD void operator()(Index i) const { y[i] = x[i] * x[i]; }
};
template <class T> struct ScaleBy {
  T* x; T factor;
  CRISP_HD void operator()(Index i) const { x[i] *= factor; }
};
template <class T> struct Clamp {
  T* x; T limit;
  CRISP_HD void operator()(Index i) const { x[i] = x[i] > limit ? limit : x[i] < -limit ? -limit : x[i]; }
};
template <class F, class T, class D>
void each_grad(nn::Param<T, D>& p, F f) {
  if (p.grad().defined()) f(p.grad(), T{}, D{});
}
}  // namespace detail

/// Scales all gradients of the network together so that their Euclidean norm is at most max_norm; returns the
/// norm before. Throws Error unless max_norm > 0.
template <class M>
double clip_grad_norm(M& net, double max_norm) {
  check(max_norm > 0, "clip_grad_norm: the norm must be above 0, not ", max_norm);
  double square = 0;
  net.each_param([&](const std::string&, auto& p) {
    detail::each_grad(p, [&]<class T, class D>(Tensor<T, D>& g, T, D) {
      Tensor<T, D> squares(g.shape());
      D::for_each(g.numel(), detail::Square<T>{g.data(), squares.data()});
      square += double(crisp::detail::sum_all(squares, T(1)).item());
    });
  });
  const double norm = std::sqrt(square);
  if (norm > max_norm)
    net.each_param([&](const std::string&, auto& p) {
      detail::each_grad(p, [&]<class T, class D>(Tensor<T, D>& g, T, D) { D::for_each(g.numel(), detail::ScaleBy<T>{g.data(), T(max_norm / norm)}); });
    });
  return norm;
}

/// Bounds every element of the gradients to [-limit, limit]. Throws Error unless limit > 0.
template <class M>
void clip_grad_value(M& net, double limit) {
  check(limit > 0, "clip_grad_value: the limit must be above 0, not ", limit);
  net.each_param([&](const std::string&, auto& p) {
    detail::each_grad(p, [&]<class T, class D>(Tensor<T, D>& g, T, D) { D::for_each(g.numel(), detail::Clamp<T>{g.data(), T(limit)}); });
  });
}

}  // namespace crisp::optim
