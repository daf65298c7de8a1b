// Pooling: the maximum or the mean of each k x k square of pixels, and the mean of a whole image.
#pragma once
#include "crisp/autograd/var.hpp"
#include "crisp/ops/reduce.hpp"
#include "crisp/ops/reshape.hpp"

namespace crisp {

namespace detail {
struct PoolSizes {
  Index N, H, W, C, k, OH, OW;
  // Where square (row = (n, oh, ow)) has its pixel (i, j) of channel c.
  CRISP_HD Index at(Index row, Index i, Index j, Index c) const {
    const Index ow = row % OW, oh = row / OW % OH, n = row / OW / OH;
    return ((n * H + oh * k + i) * W + ow * k + j) * C + c;
  }
};
template <class T>
struct MaxOfSquare {
  const T* x;
  T* y;
  PoolSizes s;
  CRISP_HD void operator()(Index row, Index c) const {
    Wide<T> largest = x[s.at(row, 0, 0, c)];
    for (Index i = 0; i < s.k; ++i)
      for (Index j = 0; j < s.k; ++j) largest = Max::join(largest, Wide<T>(x[s.at(row, i, j, c)]));
    y[row * s.C + c] = largest;
  }
};
template <class T>
struct ToMaxOfSquare {  // the first pixel that equals the maximum receives dy
  const T *x, *y, *dy;
  T* dx;
  PoolSizes s;
  CRISP_HD void operator()(Index row, Index c) const {
    bool found = false;
    for (Index i = 0; i < s.k; ++i)
      for (Index j = 0; j < s.k; ++j) {
        const Index at = s.at(row, i, j, c);
        const bool take = !found && x[at] == y[row * s.C + c];
        dx[at] = take ? dy[row * s.C + c] : T(0);
        found = found || take;
      }
  }
};
template <class T>
struct MeanOfSquare {
  const T* x;
  T* y;
  PoolSizes s;
  CRISP_HD void operator()(Index row, Index c) const {
    Wide<T> sum = 0;
    for (Index i = 0; i < s.k; ++i)
      for (Index j = 0; j < s.k; ++j) sum += x[s.at(row, i, j, c)];
    y[row * s.C + c] = sum / Wide<T>(s.k * s.k);
  }
};
template <class T>
struct SpreadSquare {
  const T* dy;
  T* dx;
  PoolSizes s;
  CRISP_HD void operator()(Index row, Index c) const {
    for (Index i = 0; i < s.k; ++i)
      for (Index j = 0; j < s.k; ++j) dx[s.at(row, i, j, c)] = dy[row * s.C + c] / Wide<T>(s.k * s.k);
  }
};
inline PoolSizes pool_sizes(const char* op, const Shape& x, Index k) {
  check(x.rank() == 4 && k >= 1 && x[1] >= k && x[2] >= k, op, ": squares of ", k, " x ", k,
        " were asked of this image", operand("input", x, "(N, H, W, C)"));
  return {x[0], x[1], x[2], x[3], k, x[1] / k, x[2] / k};
}
}  // namespace detail

/// x (N, H, W, C) -> (N, H / k, W / k, C), rounded down: what is left at the edge is dropped. Throws Error
/// for an image smaller than k.
template <class T, class D>
Var<T, D> max_pool2d(const Var<T, D>& x, Index k) {
  const detail::PoolSizes s = detail::pool_sizes("max_pool2d", x.shape(), k);
  Tensor<T, D> y({s.N, s.OH, s.OW, s.C});
  D::for_each(s.N * s.OH * s.OW, s.C, detail::MaxOfSquare<T>{x.value().data(), y.data(), s});
  const auto backward = [=](const Tensor<T, D>& dy) {
    Tensor<T, D> dx(x.shape(), T(0));
    D::for_each(s.N * s.OH * s.OW, s.C,
                detail::ToMaxOfSquare<T>{x.value().data(), y.data(), dy.data(), dx.data(), s});
    x.add_grad(std::move(dx));
  };
  return {"max_pool2d", y, {x}, backward, {{"k", double(k)}}};
}

/// The mean instead of the maximum; shapes and errors as for max_pool2d.
template <class T, class D>
Var<T, D> avg_pool2d(const Var<T, D>& x, Index k) {
  const detail::PoolSizes s = detail::pool_sizes("avg_pool2d", x.shape(), k);
  Tensor<T, D> y({s.N, s.OH, s.OW, s.C});
  D::for_each(s.N * s.OH * s.OW, s.C, detail::MeanOfSquare<T>{x.value().data(), y.data(), s});
  const auto backward = [=, node = x.node(), from = x.shape()](const Tensor<T, D>& dy) {
    Tensor<T, D> dx(from, T(0));
    D::for_each(s.N * s.OH * s.OW, s.C, detail::SpreadSquare<T>{dy.data(), dx.data(), s});
    node->add_grad(std::move(dx));
  };
  return {"avg_pool2d", y, {x}, backward, {{"k", double(k)}}};
}

/// The mean of each image and channel: x (N, H, W, C) -> (N, 1, 1, C).
template <class T, class D>
Var<T, D> global_avg_pool2d(const Var<T, D>& x) {
  check(x.shape().rank() == 4, "global_avg_pool2d: the input must have 4 axes",
        operand("input", x.shape(), "(N, H, W, C)"));
  return reshape(mean(reshape(x, {x[0], x[1] * x[2], x[3]}), 1), {x[0], 1, 1, x[3]});
}

}  // namespace crisp
