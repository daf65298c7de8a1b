// Arithmetic: + - * / of two values, the smaller one repeated over leading axes, and of a value and a number.
#pragma once
#include "crisp/ops/elementwise.hpp"
#include "crisp/ops/matmul.hpp"

namespace crisp {

namespace detail {

template <class T> struct Add {
  static constexpr const char* name = "add";
  static constexpr int sign = 1;
  CRISP_HD T value(T a, T b) const { return a + b; }
};
template <class T> struct Subtract {
  static constexpr const char* name = "subtract";
  static constexpr int sign = -1;
  CRISP_HD T value(T a, T b) const { return a - b; }
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
  static constexpr bool constant_slope = true;
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

template <class T, class D>
Tensor<T, D> negative(const Tensor<T, D>& x) {
  Tensor<T, D> y(x.shape());
  D::for_each(x.numel(), Value<Affine<Wide<T>>, T>{{-1, 0}, x.data(), y.data()});
  return y;
}

// An F with a sign is a + b or a - b: its gradient reads neither.
template <class F, class T, class D>
Var<T, D> pairwise(F f, Var<T, D> a, Var<T, D> b) {
  const bool equal = a.shape() == b.shape(), repeat_b = !equal && trails(b.shape(), a.shape()), repeat_a = !equal && !repeat_b;
  check(!repeat_a || trails(a.shape(), b.shape()), F::name, ": the shapes neither agree, nor is one the trailing axes of the other",
        operand("left", a.shape()), operand("right", b.shape()), "\n  hint: (C) is repeated over (N, H, W, C)");
  const Var<T, D>& full = repeat_a ? b : a;
  const Index cols = repeat_a ? a.numel() : repeat_b ? b.numel() : full.shape().rank() ? full[-1] : 1;
  const Pairing p{cols ? full.numel() / cols : 0, cols, repeat_a ? 0 : cols, repeat_b ? 0 : cols};
  if constexpr (requires { F::sign; }) {
    Tensor<T, D> y = reuse_or_make((repeat_a || (!repeat_b && a.value().shares_elements()) ? b : a).value());
    D::for_each(p.rows, p.cols, PairValue<F, T>{f, a.value().data(), b.value().data(), y.data(), p});
    return {F::name, y, {a, b}, [=, a = a.node(), b = b.node(), a_shape = a.shape(), b_shape = b.shape()](Tensor<T, D> dy) {
      const auto shaped = [&](bool repeated, const Shape& shape) { return repeated ? sum_rows<T, D>(dy.data(), p.rows, p.cols).reshape(shape) : dy; };
      if (b->requires_grad) b->add_grad(F::sign < 0 ? negative(shaped(repeat_b, b_shape)) : shaped(repeat_b, b_shape));
      if (a->requires_grad) a->add_grad(shaped(repeat_a, a_shape));
    }};
  } else {
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
}

}  // namespace detail

// a and b have one shape, or one of them is the trailing axes of the other, such as (C) with (N, H, W, C); a
// single element goes with any shape. Throws Error otherwise.
template <class T, class D> Var<T, D> operator+(Var<T, D> a, Operand<T, D> b) { return detail::pairwise(detail::Add<T>{}, std::move(a), std::move(b)); }
template <class T, class D> Var<T, D> operator-(Var<T, D> a, Operand<T, D> b) { return detail::pairwise(detail::Subtract<T>{}, std::move(a), std::move(b)); }
template <class T, class D> Var<T, D> operator*(Var<T, D> a, Operand<T, D> b) { return detail::pairwise(detail::Multiply<T>{}, std::move(a), std::move(b)); }
template <class T, class D> Var<T, D> operator/(Var<T, D> a, Operand<T, D> b) { return detail::pairwise(detail::Divide<T>{}, std::move(a), std::move(b)); }

/// scale * x + shift, for two numbers.
template <class T, class D>
Var<T, D> affine(Var<T, D> x, double scale, double shift) {
  return elementwise(detail::Affine<Wide<T>>{Wide<T>(scale), Wide<T>(shift)}, std::move(x), {{"scale", scale}, {"shift", shift}});
}

template <class T, class D> Var<T, D> operator-(Var<T, D> x) { return affine(std::move(x), -1, 0); }
template <class T, class D> Var<T, D> operator+(Var<T, D> x, double v) { return affine(std::move(x), 1, v); }
template <class T, class D> Var<T, D> operator+(double v, Var<T, D> x) { return affine(std::move(x), 1, v); }
template <class T, class D> Var<T, D> operator-(Var<T, D> x, double v) { return affine(std::move(x), 1, -v); }
template <class T, class D> Var<T, D> operator-(double v, Var<T, D> x) { return affine(std::move(x), -1, v); }
template <class T, class D> Var<T, D> operator*(Var<T, D> x, double v) { return affine(std::move(x), v, 0); }
template <class T, class D> Var<T, D> operator*(double v, Var<T, D> x) { return affine(std::move(x), v, 0); }
template <class T, class D> Var<T, D> operator/(Var<T, D> x, double v) { return affine(std::move(x), 1 / v, 0); }

}  // namespace crisp
