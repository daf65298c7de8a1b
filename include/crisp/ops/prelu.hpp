// prelu: y = x for x > 0, slope * x below, where the slope learns, one for all channels or one each (He et
// al. 2015, eq. 1).
#pragma once
#include "crisp/core/fused_ops.hpp"
#include "crisp/ops/elementwise.hpp"
#include "crisp/ops/matmul.hpp"

namespace crisp {

namespace detail {

template <class T>
struct PreluValue {  // slope[c * step], step 0 for a shared slope
  const T *x, *slope;
  T* y;
  Index C, step;
  CRISP_HD void operator()(Index row, Index c) const {
    const Wide<T> v = x[row * C + c];
    y[row * C + c] = v > 0 ? v : slope[c * step] * v;
  }
};
template <class T>
struct PreluSlopes {  // of x, and of the slope before it is summed
  const T *x, *slope, *dy;
  T *dx, *ds;
  Index C, step;
  CRISP_HD void operator()(Index row, Index c) const {
    const Index i = row * C + c;
    dx[i] = x[i] > T(0) ? Wide<T>(dy[i]) : slope[c * step] * dy[i];
    ds[i] = x[i] > T(0) ? Wide<T>(0) : x[i] * dy[i];
  }
};

// By the device, x seen as (rows, C). Where x can be told from y, y takes its place in memory. An empty Var
// where the device refuses.
template <class T, class D>
Var<T, D> fused_prelu(const Var<T, D>& x, const Var<T, D>& slope, Index rows, Index C, Index step) {
  const bool from_y = D::prelu_invertible(slope.value().data(), C, step);
  Tensor<T, D> y = reuse_or_make(x.value(), from_y || !grad_enabled);
  if (!D::prelu(x.value().data(), slope.value().data(), y.data(), rows, C, step)) return {};
  const Tensor<T, D> kept = from_y ? y : x.value();
  const auto backward = [=, node = x.node()](Tensor<T, D> dy) {
    Tensor<T, D> dx = reuse_or_make(dy), dslope(slope.shape());
    D::prelu_gradient(kept.data(), from_y, slope.value().data(), dy.data(), dx.data(), dslope.data(), rows, C,
                      step);
    node->add_grad(std::move(dx));
    slope.add_grad(std::move(dslope));
  };
  return {"prelu", y, {x, slope}, backward};
}

}  // namespace detail

/// x (..., C), slope (C) or (1) -> (..., C). Throws Error where the slope has neither shape.
template <class T, class D>
Var<T, D> prelu(Var<T, D> x, const Operand<T, D>& slope) {
  const Index C = x.shape().rank() ? x[-1] : 1;
  check(slope.shape().rank() == 1 && (slope[0] == C || slope[0] == 1), "prelu: a value of ", C,
        " channels needs ", C, " slopes or a single one", operand("input", x.shape(), "(..., C)"),
        operand("slope", slope.shape(), "(C) or (1)"));
  const Index rows = C ? x.numel() / C : 0, step = slope[0] == 1 ? 0 : 1;
  if constexpr (HasPrelu<D, T>)
    if (const Var<T, D> y = detail::fused_prelu(x, slope, rows, C, step); y.defined()) return y;
  Tensor<T, D> y(x.shape());
  D::for_each(rows, C, detail::PreluValue<T>{x.value().data(), slope.value().data(), y.data(), C, step});
  const auto backward = [=](const Tensor<T, D>& dy) {
    Tensor<T, D> dx(x.shape()), ds(x.shape());
    D::for_each(rows, C,
                detail::PreluSlopes<T>{x.value().data(), slope.value().data(), dy.data(), dx.data(),
                                       ds.data(), C, step});
    x.add_grad(std::move(dx));
    if (!slope.requires_grad()) return;
    if (step == 1) slope.add_grad(detail::sum_rows<T, D>(ds.data(), rows, C));
    else slope.add_grad(detail::sum_rows<T, D>(ds.data(), rows * C, 1));
  };
  return {"prelu", y, {x, slope}, backward};
}

}  // namespace crisp
