// slice: a range of one axis.
#pragma once
#include "crisp/ops/concat.hpp"

namespace crisp {

/// x with `count` positions of `axis` from `begin` on: slice(x, -1, 0, 3) are the first three channels.
/// Throws Error for a range that x does not have.
template <class T, class D>
Var<T, D> slice(const Var<T, D>& x, int axis, Index begin, Index count) {
  Shape shape = x.shape();
  const int a = detail::axis_of("slice", shape, axis);
  check(begin >= 0 && count >= 0 && begin + count <= shape[a], "slice: ", count, " positions from ", begin,
        " on were asked of axis ", axis, ", which has ", shape[a], operand("input", shape));
  const detail::AxisView view = detail::axis_view(shape, a);
  const Index outer = view.outer, step = view.n * view.inner;
  const Index width = count * view.inner, from = begin * view.inner;
  shape[a] = count;
  Tensor<T, D> y(shape);
  D::for_each(outer, width, detail::CopyRows<T>{x.value().data() + from, y.data(), step, width});
  const auto backward = [=, node = x.node(), whole = x.shape()](const Tensor<T, D>& dy) {
    Tensor<T, D> dx(whole, T(0));
    D::for_each(outer, width, detail::CopyRows<T>{dy.data(), dx.data() + from, width, step});
    node->add_grad(std::move(dx));
  };
  return {
      "slice", y, {x}, backward, {{"axis", double(a)}, {"begin", double(begin)}, {"count", double(count)}}};
}

}  // namespace crisp
