// Residual blocks: x + s conv(relu(conv(x))) without batch normalisation (Lim et al. 2017, fig. 2c), and
// x + bn(conv(act(bn(conv(x))))) with it (He et al. 2016; Ledig et al. 2017, fig. 4).
#pragma once
#include "crisp/nn/batch_norm2d.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/nn/prelu.hpp"

namespace crisp::nn {

/// (N, H, W, C) -> (N, H, W, C). `scale` multiplies the branch: 0.1 keeps very wide networks stable.
template <class T, class D>
struct ResBlock {
  Conv2d<T, D> conv1, conv2;
  double scale;

  explicit ResBlock(Index channels, double branch_scale = 1)
      : conv1(channels, channels, 3),
        conv2(channels, channels, 3, {.init = Init::he(0.1)}),
        scale(branch_scale) {}

  Var<T, D> operator()(const Var<T, D>& x) const {
    const Var<T, D> inner = conv1.then_relu(x);  // (N, H, W, C)
    return scale == 1 ? conv2.then_add(inner, x) : x + conv2(inner) * scale;
  }
  CRISP_PARAMS(conv1, conv2)
};

/// (N, H, W, C) -> (N, H, W, C), the block of SRResNet: with batch normalisation and PReLU.
template <class T, class D>
struct ResBlockBN {
  Conv2d<T, D> conv1, conv2;
  BatchNorm2d<T, D> bn1, bn2;
  PReLU<T, D> prelu;

  explicit ResBlockBN(Index channels)
      : conv1(channels, channels, 3), conv2(channels, channels, 3), bn1(channels), bn2(channels) {}

  Var<T, D> operator()(const Var<T, D>& x) const { return x + bn2(conv2(prelu(bn1(conv1(x))))); }
  CRISP_PARAMS(conv1, bn1, prelu, conv2, bn2)
};

}  // namespace crisp::nn
