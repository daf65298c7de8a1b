// checkpoint: a block that keeps only its input, and runs a second time when its gradient is wanted. Memory
// falls from all inner values of all blocks to those of one, for one more forward pass (Chen et al. 2016).
#pragma once
#include "crisp/nn/init.hpp"
#include "crisp/nn/mode.hpp"
#include "crisp/nn/module.hpp"

namespace crisp::nn {

/// block(x, more...) with x (N, ...) of any shape, and the same gradients to the last bit. `more` are further
/// arguments that need no gradient. The block must outlive the backward pass, and give the same each time;
/// random decisions are repeated.
template <class Block, class T, class D, class... More>
Var<T, D> checkpoint(const Block& block, const Var<T, D>& x, const More&... more) {
  if (!crisp::detail::grad_enabled) return block(x, more...);
  const bool mode = training();
  const Rng random = detail::generator;  // the second pass begins with the same
  const Tensor<T, D> y = [&] {
    const NoGrad guard;
    const TrainingMode as_before(mode);
    return block(x, more...).value();
  }();
  std::vector<std::shared_ptr<AnyNode>> inputs{x.node()};
  block.each_param([&](const std::string&, const Param<T, D>& p) { inputs.push_back(p.node()); });
  const auto backward = [=, &block](const Tensor<T, D>& dy) {
    const crisp::detail::Recording recording;
    const TrainingMode as_before(mode);
    const Scoped same_random(detail::generator, random);
    const Scoped second_pass(detail::recomputing, true);
    const Var<T, D> again(x.value(), x.requires_grad());
    // The gradient of x is added to in the same order as without checkpointing; those of the weights go to
    // the weights.
    if (x.requires_grad()) std::swap(again.node()->grad, x.node()->grad);
    block(again, more...).backward(dy);
    if (x.requires_grad()) std::swap(again.node()->grad, x.node()->grad);
  };
  return {"checkpoint", y, inputs, backward};
}

}  // namespace crisp::nn
