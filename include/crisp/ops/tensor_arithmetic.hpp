// Arithmetic that begins with a tensor: with a value it gives a value, whose history is that of the value
// alone; with a tensor or a number it gives a tensor. Shapes go together as those of ops/arithmetic.hpp do.
#pragma once
#include "crisp/ops/arithmetic.hpp"

namespace crisp {

/// A tensor and a value -> a value; the tensor has no gradient.
template <class T, class D>
Var<T, D> operator+(const Tensor<T, D>& a, const Var<T, D>& b) {
  return Var<T, D>(a) + b;
}
template <class T, class D>
Var<T, D> operator-(const Tensor<T, D>& a, const Var<T, D>& b) {
  return Var<T, D>(a) - b;
}
template <class T, class D>
Var<T, D> operator*(const Tensor<T, D>& a, const Var<T, D>& b) {
  return Var<T, D>(a) * b;
}
template <class T, class D>
Var<T, D> operator/(const Tensor<T, D>& a, const Var<T, D>& b) {
  return Var<T, D>(a) / b;
}

/// Two tensors -> a tensor. Throws Error where neither shape can be repeated to the other.
template <class T, class D>
Tensor<T, D> operator+(const Tensor<T, D>& a, const Tensor<T, D>& b) {
  return (Var<T, D>(a) + Var<T, D>(b)).value();
}
template <class T, class D>
Tensor<T, D> operator-(const Tensor<T, D>& a, const Tensor<T, D>& b) {
  return (Var<T, D>(a) - Var<T, D>(b)).value();
}
template <class T, class D>
Tensor<T, D> operator*(const Tensor<T, D>& a, const Tensor<T, D>& b) {
  return (Var<T, D>(a) * Var<T, D>(b)).value();
}
template <class T, class D>
Tensor<T, D> operator/(const Tensor<T, D>& a, const Tensor<T, D>& b) {
  return (Var<T, D>(a) / Var<T, D>(b)).value();
}

/// A tensor and a number -> a tensor.
template <class T, class D>
Tensor<T, D> operator+(const Tensor<T, D>& a, double b) {
  return (Var<T, D>(a) + b).value();
}
template <class T, class D>
Tensor<T, D> operator+(double a, const Tensor<T, D>& b) {
  return (a + Var<T, D>(b)).value();
}
template <class T, class D>
Tensor<T, D> operator-(const Tensor<T, D>& a, double b) {
  return (Var<T, D>(a) - b).value();
}
template <class T, class D>
Tensor<T, D> operator-(double a, const Tensor<T, D>& b) {
  return (a - Var<T, D>(b)).value();
}
template <class T, class D>
Tensor<T, D> operator*(const Tensor<T, D>& a, double b) {
  return (Var<T, D>(a) * b).value();
}
template <class T, class D>
Tensor<T, D> operator*(double a, const Tensor<T, D>& b) {
  return (a * Var<T, D>(b)).value();
}
template <class T, class D>
Tensor<T, D> operator/(const Tensor<T, D>& a, double b) {
  return (Var<T, D>(a) / b).value();
}
template <class T, class D>
Tensor<T, D> operator/(double a, const Tensor<T, D>& b) {
  return (a / Var<T, D>(b)).value();
}

}  // namespace crisp
