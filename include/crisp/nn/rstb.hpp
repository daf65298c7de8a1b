// RSTB: the residual Swin transformer block, Swin layers and a convolution around which x skips
// (Liang et al. 2021, fig. 2a).
#pragma once
#include "crisp/nn/conv2d.hpp"
#include "crisp/nn/recompute.hpp"
#include "crisp/nn/swin_block.hpp"
#include "crisp/ops/leaky_relu.hpp"

namespace crisp::nn {

/// The Swin layers of an RSTB; the name is that of the official parameters.
template <class T, class D>
struct ResidualGroup {
  std::vector<SwinBlock<T, D>> blocks;
  CRISP_PARAMS(blocks)
};

/// (N, H, W, C) -> (N, H, W, C), H and W multiples of the window. `checkpointed`: each Swin layer forgets its
/// inner values and computes them again for its gradient, see nn/recompute.hpp.
template <class T, class D>
struct Rstb {
  ResidualGroup<T, D> residual_group;
  Conv2d<T, D> conv;
  bool checkpointed;

  /// drop_paths: the probability of each layer, `depth` of them. The o.shift and o.drop_path are not used.
  Rstb(SwinBlockOptions o, Index depth, const std::vector<double>& drop_paths, bool checkpoint_layers = false)
      : conv(o.channels, o.channels, 3, {.init = Init::he(0.1)}), checkpointed(checkpoint_layers) {
    for (Index i = 0; i < depth; ++i) {
      o.shift = i % 2 == 0 ? 0 : o.window / 2;
      o.drop_path = drop_paths[std::size_t(i)];
      residual_group.blocks.emplace_back(o);
    }
  }

  Var<T, D> operator()(const Var<T, D>& x) const {
    Var<T, D> y = x;
    for (const SwinBlock<T, D>& block : residual_group.blocks)
      y = checkpointed ? checkpoint(block, y) : block(y);
    return conv.then_add(y, x);
  }
  CRISP_PARAMS(residual_group, conv)
};

}  // namespace crisp::nn
