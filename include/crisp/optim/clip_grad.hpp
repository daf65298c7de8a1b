// Gradient clipping: bounds the length of the whole gradient, or each of its elements
// (Pascanu et al. 2013, algorithm 1).
#pragma once
#include <cmath>
#include <optional>

#include "crisp/nn/module.hpp"
#include "crisp/ops/reduce.hpp"

namespace crisp::optim {

namespace detail {
template <class T>
struct Square {
  const T* x;
  T* y;
  CRISP_HD void operator()(Index i) const { y[i] = x[i] * x[i]; }
};
// The norm of what has these sums of squares, and the factor that brings it down
// to max_norm: 1 where it is no longer.
template <class T>
struct NormAndFactor {
  const T* squares;
  Index count;
  double max_norm;
  double* norm;
  T* factor;
  CRISP_HD void operator()(Index) const {
    using std::sqrt;
    double square = 0;
    for (Index i = 0; i < count; ++i) square += double(squares[i]);
    *norm = sqrt(square);
    *factor = *norm > max_norm ? T(max_norm / *norm) : T(1);
  }
};
template <class T>
struct ScaleBy {
  T* x;
  const T* factor;
  CRISP_HD void operator()(Index i) const { x[i] *= *factor; }
};
template <class T>
struct Clamp {
  T* x;
  T limit;
  CRISP_HD void operator()(Index i) const {
    if (x[i] > limit) x[i] = limit;
    if (x[i] < -limit) x[i] = -limit;
  }
};

// clip_grad_norm without waiting for the device: all is decided there. Returns the norm before, ().
template <class T, class D, class M>
Tensor<double, D> clip_to_norm(M& net, double max_norm) {
  check(max_norm > 0, "clip_grad_norm: the norm must be above 0, not ", max_norm);
  std::vector<Tensor<T, D>> sums, gradients;
  net.each_param([&](const std::string&, nn::Param<T, D>& p) {
    if (!p.grad().defined()) return;
    gradients.push_back(p.grad());
    Tensor<T, D> squares(p.shape());
    D::for_each(squares.numel(), Square<T>{p.grad().data(), squares.data()});
    sums.push_back(crisp::detail::sum_all(squares, T(1)));
  });
  const Index count = Index(sums.size());
  Tensor<T, D> squares({count}), factor(Shape{});
  Tensor<double, D> norm(Shape{});
  std::vector<std::pair<Index, crisp::detail::Convert<T, T>>> gather;
  std::vector<std::pair<Index, ScaleBy<T>>> scale;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    gather.emplace_back(1, crisp::detail::Convert<T, T>{squares.data() + i, sums[i].data()});
    scale.emplace_back(gradients[i].numel(), ScaleBy<T>{gradients[i].data(), factor.data()});
  }
  crisp::detail::for_each_of<D>(gather);
  D::for_each(1, NormAndFactor<T>{squares.data(), count, max_norm, norm.data(), factor.data()});
  crisp::detail::for_each_of<D>(scale);
  return norm;
}
}  // namespace detail

/// Scales all gradients of the network together so that their Euclidean norm is at most max_norm; returns the
/// norm before. Throws Error unless max_norm > 0.
template <class M>
double clip_grad_norm(M& net, double max_norm) {
  std::optional<double> norm;
  // The first parameter tells the types.
  net.each_param([&]<class T, class D>(const std::string&, nn::Parameter<T, D>&) {
    if (!norm) norm = detail::clip_to_norm<T, D>(net, max_norm).item();
  });
  return norm.value_or(0);
}

/// Bounds every element of the gradients to [-limit, limit]. Throws Error unless limit > 0.
template <class M>
void clip_grad_value(M& net, double limit) {
  check(limit > 0, "clip_grad_value: the limit must be above 0, not ", limit);
  net.each_param([&]<class T, class D>(const std::string&, nn::Parameter<T, D>& p) {
    if (p.grad().defined()) D::for_each(p.numel(), detail::Clamp<T>{p.grad().data(), T(limit)});
  });
}

}  // namespace crisp::optim
