// permute: the axes of a value in another order: y[i_a0, i_a1, ...] = x[i_0, i_1, ...].
#pragma once
#include <array>

#include "crisp/autograd/var.hpp"

namespace crisp {

namespace detail {
using Axes = std::array<int, Shape::max_rank>;

template <class T>
struct Permute {  // row = all output axes but the last, col = the last
  const T* x;
  T* y;
  Index extent[Shape::max_rank], step[Shape::max_rank];
  int leading;
  Index cols, col_step;
  CRISP_HD void operator()(Index row, Index col) const {
    Index from = 0, rest = row;
    for (int a = leading - 1; a >= 0; --a) {
      from += rest % extent[a] * step[a];
      rest /= extent[a];
    }
    y[row * cols + col] = x[from + col * col_step];
  }
};

// The axes as one number, for an Attribute: 0312 for {0, 3, 1, 2}.
inline int as_number(const Axes& axes, int rank) {
  int number = 0;
  for (int a = 0; a < rank; ++a) number = 10 * number + axes[std::size_t(a)];
  return number;
}

template <class T, class D>
Tensor<T, D> permuted(const Tensor<T, D>& x, const Axes& axes) {
  const int rank = x.shape().rank();
  if (rank < 2) return x;
  Shape shape = x.shape();
  for (int a = 0; a < rank; ++a) shape[a] = x[axes[std::size_t(a)]];
  std::array<Index, Shape::max_rank> steps{};  // of the axes of x
  Index step = 1;
  for (int a = rank - 1; a >= 0; --a) {
    steps[std::size_t(a)] = step;
    step *= x[a];
  }
  Tensor<T, D> y(shape);
  Permute<T> kernel{
      x.data(), y.data(), {}, {}, rank - 1, shape[-1], steps[std::size_t(axes[std::size_t(rank - 1)])]};
  for (int a = 0; a < rank - 1; ++a) {
    kernel.extent[a] = shape[a];
    kernel.step[a] = steps[std::size_t(axes[std::size_t(a)])];
  }
  D::for_each(shape[-1] ? y.numel() / shape[-1] : 0, shape[-1], kernel);
  return y;
}
}  // namespace detail

/// Axis a of the result is axis axes[a] of x: permute(x, {0, 3, 1, 2}) turns (N, H, W, C) into (N, C, H, W).
/// Throws Error unless the axes name each axis of x once.
template <class T, class D>
Var<T, D> permute(const Var<T, D>& x, std::initializer_list<int> axes) {
  const int rank = x.shape().rank();
  detail::Axes order{}, inverse{};
  int named = 0, count = 0;
  for (const int a : axes) {
    if (a >= 0 && a < rank && count < rank) {
      order[std::size_t(count)] = a;
      inverse[std::size_t(a)] = count;
      named |= 1 << a;
    }
    ++count;
  }
  check(count == rank && named == (1 << rank) - 1, "permute: ", count, " axes were named; a value with ",
        rank, " axes needs each of 0 to ", rank - 1, " once", operand("input", x.shape()));
  const auto backward = [node = x.node(), inverse](const Tensor<T, D>& dy) {
    node->add_grad(detail::permuted(dy, inverse));
  };
  return {"permute",
          detail::permuted(x.value(), order),
          {x},
          backward,
          {{"axes", double(detail::as_number(order, rank))}}};
}

}  // namespace crisp
