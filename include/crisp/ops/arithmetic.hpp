// Arithmetic: + - * / of two values, the smaller one repeated, and of a value and a number.
#pragma once
#include <algorithm>
#include <optional>

#include "crisp/ops/elementwise.hpp"
#include "crisp/ops/expand.hpp"
#include "crisp/ops/matmul.hpp"

namespace crisp {

namespace detail {

template <class T>
struct Add {
  static constexpr const char* name = "add";
  static constexpr int sign = 1;
  CRISP_HD T value(T a, T b) const { return a + b; }
};
template <class T>
struct Subtract {
  static constexpr const char* name = "subtract";
  static constexpr int sign = -1;
  CRISP_HD T value(T a, T b) const { return a - b; }
};
template <class T>
struct Multiply {
  static constexpr const char* name = "multiply";
  CRISP_HD T value(T a, T b) const { return a * b; }
  CRISP_HD T slope_a(T, T b) const { return b; }
  CRISP_HD T slope_b(T a, T) const { return a; }
};
template <class T>
struct Divide {
  static constexpr const char* name = "divide";
  CRISP_HD T value(T a, T b) const { return a / b; }
  CRISP_HD T slope_a(T, T b) const { return T(1) / b; }
  CRISP_HD T slope_b(T a, T b) const { return -a / (b * b); }
};
template <class T>
struct Affine {
  static constexpr const char* name = "affine";
  static constexpr bool constant_slope = true;
  T scale, shift;
  CRISP_HD T value(T x) const { return scale * x + shift; }
  CRISP_HD T slope(T, T) const { return scale; }
};

template <class T>
struct Reciprocal {
  static constexpr const char* name = "reciprocal";
  T number;
  CRISP_HD T value(T x) const { return number / x; }
  CRISP_HD T slope(T x, T y) const { return -y / x; }
};

// Both operands seen as (rows, cols); the one that is repeated has one row, and a step of 0 from row to row.
struct Pairing {
  bool repeat_a, repeat_b;
  Index rows, cols, a_step, b_step;
};
template <class F, class T>
struct PairValue {
  F f;
  const T *a, *b;
  T* y;
  Pairing p;
  CRISP_HD void operator()(Index r, Index c) const {
    y[r * p.cols + c] = f.value(a[r * p.a_step + c], b[r * p.b_step + c]);
  }
};
template <class F, class T, bool of_a>
struct PairSlope {
  F f;
  const T *a, *b, *dy;
  T* dx;
  Pairing p;
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

// The shape to which a and b are repeated along axes of one element, as (N, 1, 1, C) is; nothing where one is
// the trailing axes of the other, which needs no copy. Throws Error where they do not fit at all.
inline std::optional<Shape> repeated_shape(const char* name, const Shape& a, const Shape& b) {
  if (trails(a, b) || trails(b, a)) return {};
  Shape full = a.rank() < b.rank() ? b : a;
  for (int i = 1; i <= std::min(a.rank(), b.rank()); ++i) full[-i] = a[-i] == 1 ? b[-i] : a[-i];
  check(expands_to(a, full) && expands_to(b, full), name,
        ": the shapes neither agree, nor can one be repeated to the other", operand("left", a),
        operand("right", b), "\n  hint: (C), (N, 1, 1, C) and (N, H, W, 1) are repeated to (N, H, W, C)");
  return full;
}
template <class T, class D>
Var<T, D> fitted(const Var<T, D>& x, const Shape& shape) {
  return x.shape() == shape ? x : expand(x, shape);
}

// How a and b are paired, of which one is the trailing axes of the other.
inline Pairing paired(const Shape& a, const Shape& b) {
  const bool equal = a == b, repeat_b = !equal && trails(b, a), repeat_a = !equal && !repeat_b;
  const Shape& full = repeat_a ? b : a;
  Index cols = full.rank() ? full[-1] : 1;
  if (repeat_a) cols = a.numel();
  if (repeat_b) cols = b.numel();
  return {repeat_a, repeat_b, cols ? full.numel() / cols : 0, cols, repeat_a ? 0 : cols, repeat_b ? 0 : cols};
}

// The gradient of an operand from that of all its repetitions.
template <class T, class D>
Tensor<T, D> summed(const Tensor<T, D>& dx, bool repeated, const Pairing& p, const Shape& shape) {
  return repeated ? sum_rows<T, D>(dx.data(), p.rows, p.cols).reshape(shape) : dx;
}

// a + b or a - b: the gradient reads neither, so that the result may take the place of one.
template <class F, class T, class D>
Var<T, D> signed_sum(F f, const Var<T, D>& a, const Var<T, D>& b) {
  if (const auto shape = repeated_shape(F::name, a.shape(), b.shape()))
    return signed_sum(f, fitted(a, *shape), fitted(b, *shape));
  const Pairing p = paired(a.shape(), b.shape());
  const bool in_b = p.repeat_a || (!p.repeat_b && a.value().shares_elements());
  Tensor<T, D> y = reuse_or_make(in_b ? b.value() : a.value());
  D::for_each(p.rows, p.cols, PairValue<F, T>{f, a.value().data(), b.value().data(), y.data(), p});
  const auto backward = [=, a = a.node(), b = b.node(), a_shape = a.shape(),
                         b_shape = b.shape()](Tensor<T, D> dy) {
    if (b->requires_grad) {
      const Tensor<T, D> db = summed(dy, p.repeat_b, p, b_shape);
      b->add_grad(F::sign < 0 ? negative(db) : db);
    }
    if (a->requires_grad) a->add_grad(summed(dy, p.repeat_a, p, a_shape));
  };
  return {F::name, y, {a, b}, backward};
}

// a * b or a / b: the gradient of each reads both.
template <class F, class T, class D>
Var<T, D> scaled(F f, const Var<T, D>& a, const Var<T, D>& b) {
  if (const auto shape = repeated_shape(F::name, a.shape(), b.shape()))
    return scaled(f, fitted(a, *shape), fitted(b, *shape));
  const Pairing p = paired(a.shape(), b.shape());
  Tensor<T, D> y(p.repeat_a ? b.shape() : a.shape());
  D::for_each(p.rows, p.cols, PairValue<F, T>{f, a.value().data(), b.value().data(), y.data(), p});
  const auto backward = [=](const Tensor<T, D>& dy) {
    const T *u = a.value().data(), *v = b.value().data();
    if (a.requires_grad()) {
      Tensor<T, D> da(dy.shape());
      D::for_each(p.rows, p.cols, PairSlope<F, T, true>{f, u, v, dy.data(), da.data(), p});
      a.add_grad(summed(da, p.repeat_a, p, a.shape()));
    }
    if (b.requires_grad()) {
      Tensor<T, D> db(dy.shape());
      D::for_each(p.rows, p.cols, PairSlope<F, T, false>{f, u, v, dy.data(), db.data(), p});
      b.add_grad(summed(db, p.repeat_b, p, b.shape()));
    }
  };
  return {F::name, y, {a, b}, backward};
}

}  // namespace detail

/// a and b have one shape, or are repeated to one: (C), (N, 1, 1, C) and (N, H, W, 1) to (N, H, W, C); a
/// single element goes with any shape. Throws Error otherwise. A Tensor on the right is taken as data.
template <class T, class D>
Var<T, D> operator+(Var<T, D> a, Operand<T, D> b) {
  return detail::signed_sum(detail::Add<T>{}, a, b);
}
template <class T, class D>
Var<T, D> operator-(Var<T, D> a, Operand<T, D> b) {
  return detail::signed_sum(detail::Subtract<T>{}, a, b);
}
template <class T, class D>
Var<T, D> operator*(Var<T, D> a, Operand<T, D> b) {
  return detail::scaled(detail::Multiply<T>{}, a, b);
}
template <class T, class D>
Var<T, D> operator/(Var<T, D> a, Operand<T, D> b) {
  return detail::scaled(detail::Divide<T>{}, a, b);
}

/// scale * x + shift, for two numbers.
template <class T, class D>
Var<T, D> affine(Var<T, D> x, double scale, double shift) {
  return elementwise(detail::Affine<Wide<T>>{Wide<T>(scale), Wide<T>(shift)}, std::move(x),
                     {{"scale", scale}, {"shift", shift}});
}

/// x of any shape, and a number that goes with each element.
template <class T, class D>
Var<T, D> operator-(Var<T, D> x) {
  return affine(std::move(x), -1, 0);
}
template <class T, class D>
Var<T, D> operator+(Var<T, D> x, double v) {
  return affine(std::move(x), 1, v);
}
template <class T, class D>
Var<T, D> operator+(double v, Var<T, D> x) {
  return affine(std::move(x), 1, v);
}
template <class T, class D>
Var<T, D> operator-(Var<T, D> x, double v) {
  return affine(std::move(x), 1, -v);
}
template <class T, class D>
Var<T, D> operator-(double v, Var<T, D> x) {
  return affine(std::move(x), -1, v);
}
template <class T, class D>
Var<T, D> operator*(Var<T, D> x, double v) {
  return affine(std::move(x), v, 0);
}
template <class T, class D>
Var<T, D> operator*(double v, Var<T, D> x) {
  return affine(std::move(x), v, 0);
}
template <class T, class D>
Var<T, D> operator/(Var<T, D> x, double v) {
  return affine(std::move(x), 1 / v, 0);
}
template <class T, class D>
Var<T, D> operator/(double v, Var<T, D> x) {
  return elementwise(detail::Reciprocal<Wide<T>>{Wide<T>(v)}, std::move(x), {{"number", v}});
}

}  // namespace crisp
