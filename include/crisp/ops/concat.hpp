// concat: several values joined along one axis, by default the channels.
#pragma once
#include <vector>

#include "crisp/autograd/var.hpp"
#include "crisp/ops/axis.hpp"

namespace crisp {

namespace detail {
// Copies rows of `cols` elements between arrays whose rows lie from_step and to_step elements apart.
template <class T>
struct CopyRows {
  const T* from;
  T* to;
  Index from_step, to_step;
  CRISP_HD void operator()(Index row, Index col) const {
    to[row * to_step + col] = from[row * from_step + col];
  }
};
}  // namespace detail

/// Parts such as (N, H, W, C1), (N, H, W, C2) -> (N, H, W, C1 + C2). All axes but `axis` agree. Throws Error
/// for no parts, a bad axis, or shapes that do not fit.
template <class T, class D>
Var<T, D> concat(const std::vector<Var<T, D>>& parts, int axis = -1) {
  check(!parts.empty(), "concat: there is nothing to join; give at least one value");
  Shape shape = parts[0].shape();
  const int a = axis < 0 ? axis + shape.rank() : axis;
  check(a >= 0 && a < shape.rank(), "concat: axis ", axis, " was asked of values with ", shape.rank(),
        " axes", operand("first", shape));
  shape[a] = 0;
  for (const auto& part : parts) {
    Shape expected = shape;
    if (part.shape().rank() == shape.rank()) expected[a] = part[a];
    check(part.shape() == expected, "concat: all axes but axis ", a, " must agree",
          operand("first", parts[0].shape()), operand("other", part.shape()));
    shape[a] += part[a];
  }
  const detail::AxisView view = detail::axis_view(shape, a);
  const Index outer = view.outer, inner = view.inner;
  const Index step = view.n * inner;

  Tensor<T, D> y(shape);
  Index begin = 0;
  for (const auto& part : parts) {
    const Index width = part[a] * inner;
    D::for_each(outer, width, detail::CopyRows<T>{part.value().data(), y.data() + begin, width, step});
    begin += width;
  }
  std::vector<std::pair<std::shared_ptr<typename Var<T, D>::Node>, Shape>> sources;
  for (const auto& part : parts) sources.emplace_back(part.node(), part.shape());
  const auto backward = [=](const Tensor<T, D>& dy) {
    Index from = 0;
    for (const auto& [node, part] : sources) {
      const Index width = part[a] * inner;
      if (node->requires_grad) {
        Tensor<T, D> dx(part);
        D::for_each(outer, width, detail::CopyRows<T>{dy.data() + from, dx.data(), step, width});
        node->add_grad(std::move(dx));
      }
      from += width;
    }
  };
  return {"concat", y, parts, backward, {{"axis", double(a)}}};
}

}  // namespace crisp
