// Arithmetic: + - * / of two values, the smaller one repeated over leading axes, and of a value and a number.
#pragma once
#include "crisp/ops/elementwise.hpp"
#include "crisp/ops/matmul.hpp"

namespace crisp {

namespace detail {

template <class T> struct Add {
  static constexpr const char* name = "add";
  CRISP_HD T value(T a, T b) const { return a + b; }
  CRISP_HD T slope_a(T, T) const { return T(1); }
  CRISP_HD T slope_b(T, T) const { return T(1); }
};
template <class T> struct Subtract {
  static constexpr const char* name = "subtract";
  CRISP_HD T value(T a, T b) const { return a - b; }
  CRISP_HD T slope_a(T, T) const { return T(1); }
  CRISP_HD T slope_b(T, T) const { return T(-1); }
};
template <class T> struct Multiply {
  static constexpr const char* name = "multiply";
  CRISP_HD T value(T a, T b) const { return a * b; }
  CRISP_HD T slope_a(T, T b) const { return b; }
  CRISP_HD T slope_b(T a, T) const { return a; }
};
template <class T> struct Divide {
  static constexpr const char* name = "divide";
  CRISP_HD T value(T a, T b) const { return a / b; }
  CRISP_HD T slope_a(T, T b) const { return T(1) / b; }
  CRISP_HD T slope_b(T a, T b) const { return -a / (b * b); }
};
template <class T> struct Affine {
  static constexpr const char* name = "affine";
  T scale, shift;
  CRISP_HD T value(T x) const { return scale * x + shift; }
  CRISP_HD T slope(T, T) const { return scale; }
};

// Both operands seen as (rows, cols); the one that is repeated has one row, and a step of 0 from row to row.
struct Pairing {
  Index rows, cols, a_step, b_step;
};
template <class F, class T> struct PairValue {
  F f; const T *a, *b; T* y; Pairing p;
  CRISP_HD void operator()(Index r, Index c) const { y[r * p.cols + c] = f.value(a[r * p.a_step + c], b[r * p.b_step + c]); }
};
template <class F, class T, bool of_a> struct PairSlope {
  F f; const T *a, *b, *dy; T* dx; Pairing p;
  CRISP_HD void operator()(Index r, Index c) const {
    const T u = a[r * p.a_step + c], v = b[r * p.b_step + c];
    dx[r * p.cols + c] = dy[r * p.cols + c] * (of_a ? f.slope_a(u, v) : f.slope_b(u, v));
  }
};

// Whether `small` is the trailing axes of `large`: (C), (1) or () for (N, H, W, C).
inline bool trails(const Shape& small, const Shape& large) {
  if (small.numel() == 1 && small.rank() <= 1) return true;
  if (small.rank() > large.rank()) return false;
  for (int i = 1; i <= small.rank(); ++i)
    if (small[-i] != large[-i]) return false;
  return true;
}

template <class F, class T, class D>
Var<T, D> pairwise(F f, const Var<T, D>& a, const Var<T, D>& b) {
  const bool equal = a.shape() == b.shape(), repeat_b = !equal && trails(b.shape(), a.shape()), repeat_a = !equal && !repeat_b;
  check(!repeat_a || trails(a.shape(), b.shape()), F::name, ": the shapes neither agree, nor is one the trailing axes of the other",
        operand("left", a.shape()), operand("right", b.shape()), "\n  hint: (C) is repeated over (N, H, W, C)");
  const Var<T, D>& full = repeat_a ? b : a;
  const Index cols = repeat_a ? a.numel() : repeat_b ? b.numel() : full.shape().rank() ? full[-1] : 1;
  const Pairing p{cols ? full.numel() / cols : 0, cols, repeat_a ? 0 : cols, repeat_b ? 0 : cols};
  Tensor<T, D> y(full.shape());
  D::for_each(p.rows, p.cols, PairValue<F, T>{f, a.value().data(), b.value().data(), y.data(), p});
  return {F::name, y, {a, b}, [=](const Tensor<T, D>& dy) {
    const auto pass = [&](const Var<T, D>& x, bool repeated, auto slope) {
      if (!x.requires_grad()) return;
      Tensor<T, D> dx(dy.shape());
      slope.dx = dx.data();
      D::for_each(p.rows, p.cols, slope);
      x.add_grad(repeated ? sum_rows<T, D>(dx.data(), p.rows, p.cols).reshape(x.shape()) : dx);
    };
    pass(a, repeat_a, PairSlope<F, T, true>{f, a.value().data(), b.value().data(), dy.data(), nullptr, p});
    pass(b, repeat_b, PairSlope<F, T, false>{f, a.value().data(), b.value().data(), dy.data(), nullptr, p});
  }};
}

}  // namespace detail

// a and b have one shape, or one of them is the trailing axes of the other, such as (C) with (N, H, W, C); a
// single element goes with any shape. Throws Error otherwise.
template <class T, class D> Var<T, D> operator+(const Var<T, D>& a, const Operand<T, D>& b) { return detail::pairwise(detail::Add<T>{}, a, b); }
template <class T, class D> Var<T, D> operator-(const Var<T, D>& a, const Operand<T, D>& b) { return detail::pairwise(detail::Subtract<T>{}, a, b); }
template <class T, class D> Var<T, D> operator*(const Var<T, D>& a, const Operand<T, D>& b) { return detail::pairwise(detail::Multiply<T>{}, a, b); }
template <class T, class D> Var<T, D> operator/(const Var<T, D>& a, const Operand<T, D>& b) { return detail::pairwise(detail::Divide<T>{}, a, b); }

/// scale * x + shift, for two numbers.
template <class T, class D>
Var<T, D> affine(const Var<T, D>& x, double scale, double shift) { return elementwise(detail::Affine<T>{T(scale), T(shift)}, x, {{"scale", scale}, {"shift", shift}}); }

template <class T, class D> Var<T, D> operator-(const Var<T, D>& x) { return affine(x, -1, 0); }
template <class T, class D> Var<T, D> operator+(const Var<T, D>& x, double v) { return affine(x, 1, v); }
template <class T, class D> Var<T, D> operator+(double v, const Var<T, D>& x) { return affine(x, 1, v); }
template <class T, class D> Var<T, D> operator-(const Var<T, D>& x, double v) { return affine(x, 1, -v); }
template <class T, class D> Var<T, D> operator-(double v, const Var<T, D>& x) { return affine(x, -1, v); }
template <class T, class D> Var<T, D> operator*(const Var<T, D>& x, double v) { return affine(x, v, 0); }
template <class T, class D> Var<T, D> operator*(double v, const Var<T, D>& x) { return affine(x, v, 0); }
template <class T, class D> Var<T, D> operator/(const Var<T, D>& x, double v) { return affine(x, 1 / v, 0); }

}  // namespace crisp
