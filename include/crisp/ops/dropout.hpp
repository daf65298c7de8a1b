// dropout: zeroes a random part of the values and enlarges the rest, y = x m / (1 - p) (Srivastava et al.
// 2014); drop_path does so to whole samples of the batch (stochastic depth, Huang et al. 2016).
#pragma once
#include "crisp/autograd/var.hpp"
#include "crisp/core/graph.hpp"
#include "crisp/core/random.hpp"
#include "crisp/core/share.hpp"

namespace crisp {

namespace detail {
template <class T>
struct Dropped {  // `group` neighbours share one decision: a hash of the key and their number
  const T* x;
  T* y;
  std::uint64_t key;
  Index group;
  double p;
  CRISP_HD void operator()(Index i) const {
    const std::uint64_t number = key + std::uint64_t(i / group + 1) * SplitMix64::golden;
    const bool dropped = SplitMix64::uniform(SplitMix64::hash(number)) < p;
    y[i] = dropped ? Wide<T>(0) : x[i] / Wide<T>(1 - p);
  }
};

template <class T, class D>
Var<T, D> drop(const char* op, const Var<T, D>& x, double p, std::uint64_t key, Index group) {
  check(p >= 0 && p < 1, op, ": the probability must be at least 0 and below 1, not ", p);
  if (p > 0)
    refuse_in_graph(
        "dropout: values are chosen at random within a step of a Graph, which would choose the same each "
        "time",
        "train without dropout and drop path (p = 0), or without a Graph");
  key += std::uint64_t(share.part * (x.numel() / group)) *
         SplitMix64::golden;  // the decisions of the whole batch, from those of this part on
  Tensor<T, D> y(x.shape());
  D::for_each(x.numel(), Dropped<T>{x.value().data(), y.data(), key, group, p});
  return {op, y, {x}, [=, node = x.node()](const Tensor<T, D>& dy) {  // the same key: the same decisions
            Tensor<T, D> dx(dy.shape());
            D::for_each(dy.numel(), Dropped<T>{dy.data(), dx.data(), key, group, p});
            node->add_grad(std::move(dx));
          }};
}
}  // namespace detail

/// x of any shape; each value is dropped with probability p. The same key drops the same values. Throws Error
/// unless 0 <= p < 1.
template <class T, class D>
Var<T, D> dropout(const Var<T, D>& x, double p, std::uint64_t key) {
  return detail::drop("dropout", x, p, key, 1);
}

/// x (N, ...); each sample is dropped whole with probability p.
template <class T, class D>
Var<T, D> drop_path(const Var<T, D>& x, double p, std::uint64_t key) {
  check(x.shape().rank() >= 1, "drop_path: the input needs a batch axis", operand("input", x.shape()));
  return detail::drop("drop_path", x, p, key, x[0] ? std::max<Index>(1, x.numel() / x[0]) : 1);
}

}  // namespace crisp
