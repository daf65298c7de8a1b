// RepeatedStep: a step of a training as a Graph, which reads each batch from the same memory.
#pragma once
#include <functional>

#include "crisp/autograd/var.hpp"
#include "crisp/core/graph.hpp"

namespace crisp::train::detail {

template <class T, class D>
class RepeatedStep {
 public:
  /// step(input, target) does all of a step, and returns its loss. A Graph
  /// runs it on the host a few times only.
  using Step = std::function<Tensor<T, D>(const Var<T, D>& input, const Var<T, D>& target)>;
  explicit RepeatedStep(Step step)
      : graph_([this, step = std::move(step)] { loss_ = step(input_, target_); }) {}

  /// Makes the step with this batch. The loss is to be read before the next call, which writes it again.
  const Tensor<T, D>& operator()(const Tensor<T, D>& input, const Tensor<T, D>& target) {
    if (input_.value().defined()) {  // the graph reads where the first batch lay
      input_.value().copy_(input);
      target_.value().copy_(target);
    } else {
      input_ = input;
      target_ = target;
    }
    graph_();
    return loss_;
  }

 private:
  Var<T, D> input_, target_;
  Tensor<T, D> loss_;
  Graph<D> graph_;
};

}  // namespace crisp::train::detail
