// cross_entropy_loss: the mean over all rows of -log softmax(x)[label], in a form that does not overflow:
// log(sum over k of e^(x_k - m)) + m - x_label, with m the largest x. dx_k = softmax(x)_k - (k is the label).
#pragma once
#include <cmath>

#include "crisp/core/fused_ops.hpp"
#include "crisp/ops/reduce.hpp"

namespace crisp {

namespace detail {

// The class that a label names, or -1 where it names none of 0 to classes - 1.
template <class T>
CRISP_HD Index class_of(T label, Index classes) {
  const Index k = label >= T(0) && label < T(classes) ? Index(label) : -1;
  return k >= 0 && T(k) == label ? k : -1;
}
template <class T>
struct CrossEntropyRow {
  const T *x, *label;
  T* loss;
  Index C;
  CRISP_HD void operator()(Index row) const {
    using std::exp, std::log;
    const T* from = x + row * C;
    const Index k = class_of(label[row], C);
    T largest = from[0], sum = 0;
    for (Index c = 1; c < C; ++c) largest = from[c] > largest ? from[c] : largest;
    for (Index c = 0; c < C; ++c) sum += exp(from[c] - largest);
    loss[row] = k < 0 ? T(NAN) : log(sum) + largest - from[k];
  }
};
template <class T>
struct CrossEntropySlope {
  const T *x, *label, *dy;
  T* dx;
  Index C;
  CRISP_HD void operator()(Index row) const {
    using std::exp;
    const T* from = x + row * C;
    const Index k = class_of(label[row], C);
    T largest = from[0], sum = 0;
    for (Index c = 1; c < C; ++c) largest = from[c] > largest ? from[c] : largest;
    for (Index c = 0; c < C; ++c) sum += exp(from[c] - largest);
    for (Index c = 0; c < C; ++c)
      dx[row * C + c] = dy[row] * (exp(from[c] - largest) / sum - T(c == k ? 1 : 0));
  }
};

// Where the labels can be read without waiting for a device, a wrong one is named.
template <class T, class D>
void check_labels(const Tensor<T, D>& labels, Index classes) {
  if constexpr (!HasSynchronize<D>)
    for (Index i = 0; i < labels.numel(); ++i)
      check(class_of(labels.data()[i], classes) >= 0, "cross_entropy_loss: label ", i, " (from 0) is ",
            labels.data()[i], ", which is no class from 0 to ", classes - 1);
}

template <class T, class D>
Var<T, D> cross_entropy(const Var<T, D>& logits, const Tensor<T, D>& labels) {
  const Shape& shape = logits.shape();
  check(shape.rank() >= 1 && shape.numel() > 0 && without_axis(shape, -1) == labels.shape(),
        "cross_entropy_loss: each row of logits needs one label", operand("logits", shape, "(..., C)"),
        operand("labels", labels.shape(), "(...)"));
  const Index C = shape[-1], rows = shape.numel() / C;
  check_labels(labels, C);
  const Tensor<T, D> x = logits.value();
  Tensor<T, D> loss({rows});
  D::for_each(rows, CrossEntropyRow<T>{x.data(), labels.data(), loss.data(), C});
  const auto backward = [=, node = logits.node()](const Tensor<T, D>& dy) {
    Tensor<T, D> dx(x.shape());
    D::for_each(rows, CrossEntropySlope<T>{x.data(), labels.data(), dy.data(), dx.data(), C});
    node->add_grad(std::move(dx));
  };
  return mean(Var<T, D>("cross_entropy_loss", loss, {logits}, backward));
}

}  // namespace detail

/// logits (..., C), labels (...): of each row the number of its class, 0 to C - 1, as TensorDataset hands
/// them out -> (). Throws Error where the shapes do not fit, and on the CPU for a label that is no class; on
/// a GPU the loss is NaN then.
template <class T, class D>
Var<Wide<T>, D> cross_entropy_loss(const Var<T, D>& logits, const Operand<Wide<T>, D>& labels) {
  return detail::cross_entropy(Var<Wide<T>, D>(logits), labels.value());
}

}  // namespace crisp
