// Reductions: sum, mean and max, over all elements (to a scalar) or over one axis (which disappears).
#pragma once
#include <span>

#include "crisp/autograd/var.hpp"
#include "crisp/ops/axis.hpp"

namespace crisp {

namespace detail {

// In all of these n is the axis that is reduced.
template <class T>
struct ReadAlong {
  const T* x;
  AxisView view;
  Wide<T> scale;
  CRISP_HD Wide<T> operator()(Index row, Index k) const { return scale * x[view.at(row, k)]; }
};
template <class T>
struct SpreadAlong {
  const T* dy;
  T* dx;
  AxisView view;
  Wide<T> scale;
  CRISP_HD void operator()(Index row, Index k) const { dx[view.at(row, k)] = scale * dy[row]; }
};
template <class T>
struct ToFirstMax {  // the first element that equals the maximum receives dy
  const T *x, *y, *dy;
  T* dx;
  AxisView view;
  CRISP_HD void operator()(Index row) const {
    bool found = false;
    for (Index k = 0; k < view.n; ++k) {
      const Index i = view.at(row, k);
      const bool take = !found && x[i] == y[row];
      dx[i] = take ? dy[row] : T(0);
      found = found || take;
    }
  }
};

inline AxisView reduced_axis(const char* op, const Shape& shape, int axis) {
  const int from_front = axis_of(op, shape, axis);
  check(shape[from_front] > 0, op, ": axis ", axis, " has no elements to reduce", operand("input", shape));
  return axis_view(shape, from_front);
}
inline Shape without_axis(const Shape& shape, int axis) {
  std::vector<Index> kept;
  for (int i = 0; i < shape.rank(); ++i)
    if (i != (axis < 0 ? axis + shape.rank() : axis)) kept.push_back(shape[i]);
  return Shape(std::span<const Index>(kept));
}

// scale times the sum over the axis of the view, (outer, n, inner) -> (outer, inner), for any shape of that
// size.
template <class T, class D>
Var<T, D> scaled_sum(const char* op, const Var<T, D>& x, AxisView view, Shape shape, Wide<T> scale) {
  Tensor<T, D> y(shape);
  const Index rows = view.outer * view.inner;
  D::template row_reduce<Sum>(rows, view.n, ReadAlong<T>{x.value().data(), view, scale}, y.data());
  return {op, y, {x}, [=, node = x.node(), from = x.shape()](const Tensor<T, D>& dy) {
            Tensor<T, D> dx(from);
            D::for_each(rows, view.n, SpreadAlong<T>{dy.data(), dx.data(), view, scale});
            node->add_grad(std::move(dx));
          }};
}

// The sum of all elements, times scale. Blocks of fixed size first: no long sum loses digits, and the order
// does not depend on the number of threads.
template <class T, class D>
Tensor<T, D> sum_all(const Tensor<T, D>& x, Wide<T> scale) {
  constexpr Index block = 1024;
  const Index blocks = x.numel() / block, rest = x.numel() - blocks * block;
  Tensor<Wide<T>, D> part({blocks + 1});
  Tensor<T, D> y(Shape{});
  D::template row_reduce<Sum>(blocks, block, ReadAlong<T>{x.data(), {.outer = blocks, .n = block}, 1},
                              part.data());
  D::template row_reduce<Sum>(1, rest, ReadAlong<T>{x.data() + blocks * block, {.n = rest}, 1},
                              part.data() + blocks);
  D::template row_reduce<Sum>(1, blocks + 1, ReadAlong<Wide<T>>{part.data(), {.n = blocks + 1}, scale},
                              y.data());
  return y;
}
template <class T, class D>
Var<T, D> scaled_sum(const char* op, const Var<T, D>& x, Wide<T> scale) {
  return {op, sum_all(x.value(), scale), {x}, [=, node = x.node(), from = x.shape()](const Tensor<T, D>& dy) {
            Tensor<T, D> dx(from);
            D::for_each(1, dx.numel(), SpreadAlong<T>{dy.data(), dx.data(), {.n = dx.numel()}, scale});
            node->add_grad(std::move(dx));
          }};
}

}  // namespace detail

/// The sum of all elements, of any shape -> ().
template <class T, class D>
Var<T, D> sum(const Var<T, D>& x) {
  return detail::scaled_sum("sum", x, 1);
}

/// The mean of all elements, of any shape -> (). Throws Error for a value without elements.
template <class T, class D>
Var<T, D> mean(const Var<T, D>& x) {
  check(x.numel() > 0, "mean: the input has no elements", operand("input", x.shape()));
  return detail::scaled_sum("mean", x, 1 / Wide<T>(x.numel()));
}

/// The sum over one axis, which disappears: (N, H, W, C) with axis -1 -> (N, H, W). Throws Error for a bad
/// axis.
template <class T, class D>
Var<T, D> sum(const Var<T, D>& x, int axis) {
  const detail::AxisView view = detail::reduced_axis("sum", x.shape(), axis);
  return detail::scaled_sum("sum", x, view, detail::without_axis(x.shape(), axis), 1);
}

/// The mean over one axis, which disappears. Throws Error for a bad axis.
template <class T, class D>
Var<T, D> mean(const Var<T, D>& x, int axis) {
  const detail::AxisView view = detail::reduced_axis("mean", x.shape(), axis);
  return detail::scaled_sum("mean", x, view, detail::without_axis(x.shape(), axis), 1 / Wide<T>(view.n));
}

/// The largest element along one axis, which disappears; the gradient goes to the first such element.
template <class T, class D>
Var<T, D> max(const Var<T, D>& x, int axis) {
  const detail::AxisView view = detail::reduced_axis("max", x.shape(), axis);
  const Index rows = view.outer * view.inner;
  Tensor<T, D> y(detail::without_axis(x.shape(), axis));
  D::template row_reduce<Max>(rows, view.n, detail::ReadAlong<T>{x.value().data(), view, 1}, y.data());
  const auto backward = [=](const Tensor<T, D>& dy) {
    Tensor<T, D> dx(x.shape());
    D::for_each(rows, detail::ToFirstMax<T>{x.value().data(), y.data(), dy.data(), dx.data(), view});
    x.add_grad(std::move(dx));
  };
  return {"max", y, {x}, backward};
}

}  // namespace crisp
