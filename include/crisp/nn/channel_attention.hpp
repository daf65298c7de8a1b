// Channel attention: each channel weighted by what the whole image says about it (Hu et al. 2018; in
// super-resolution RCAN, Zhang et al. 2018, eq. 5 to 8).
#pragma once
#include "crisp/nn/conv2d.hpp"
#include "crisp/ops/pool.hpp"
#include "crisp/ops/relu.hpp"
#include "crisp/ops/scale_channels.hpp"
#include "crisp/ops/sigmoid.hpp"

namespace crisp::nn {

/// (N, H, W, C) -> (N, H, W, C): x sigmoid(up(relu(down(mean of x)))), with C / reduction channels between.
template <class T, class D>
struct ChannelAttention {
  Conv2d<T, D> down, up;

  explicit ChannelAttention(Index channels, Index reduction = 16)
      : down(channels, std::max<Index>(1, channels / reduction), 1),
        up(std::max<Index>(1, channels / reduction), channels, 1) {}

  Var<T, D> operator()(const Var<T, D>& x) const {
    return scale_channels(x, sigmoid(up(relu(down(global_avg_pool2d(x))))));
  }
  CRISP_PARAMS(down, up)
};

}  // namespace crisp::nn
