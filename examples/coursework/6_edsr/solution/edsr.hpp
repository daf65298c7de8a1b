// EDSR from its parts: residual blocks and pixel shuffle (Lim et al. 2017; Shi et al. 2016).
#pragma once
#include <crisp/backend/cpu.hpp>
#include <crisp/nn/conv2d.hpp>
#include <crisp/ops/arithmetic.hpp>
#include <crisp/ops/relu.hpp>

namespace mine {
using namespace crisp;

// Task 6a: where a number of the input goes. Pixel shuffle by r moves x[h, w, channel] to y[r h + i, r w + j,
// c], where channel = (c r + i) r + j: the r r channels that belong to one c become a square of pixels.
struct Place {
  Index row, col, c;
};
inline Place place_of(Index h, Index w, Index channel, Index r) {
  const Index j = channel % r, i = channel / r % r, c = channel / (r * r);
  return {r * h + i, r * w + j, c};
}

// Task 6b: the forward pass, x (N, H, W, r r C) -> (N, r H, r W, C), by loops over place_of.
template <class T>
Tensor<T, Cpu> shuffled(const Tensor<T, Cpu>& x, Index r) {
  const Index N = x[0], H = x[1], W = x[2], channels = x[3], C = channels / (r * r);
  Tensor<T, Cpu> y({N, r * H, r * W, C});
  for (Index n = 0; n < N; ++n)
    for (Index h = 0; h < H; ++h)
      for (Index w = 0; w < W; ++w)
        for (Index channel = 0; channel < channels; ++channel) {
          const Place to = place_of(h, w, channel, r);
          y.data()[((n * r * H + to.row) * r * W + to.col) * C + to.c] =
              x.data()[((n * H + h) * W + w) * channels + channel];
        }
  return y;
}

// Task 6c: the backward pass, dy (N, r H, r W, C) -> (N, H, W, r r C): each gradient goes back to where its
// number came from.
template <class T>
Tensor<T, Cpu> shuffled_back(const Tensor<T, Cpu>& dy, Index r) {
  const Index N = dy[0], H = dy[1] / r, W = dy[2] / r, C = dy[3], channels = C * r * r;
  Tensor<T, Cpu> dx({N, H, W, channels});
  for (Index n = 0; n < N; ++n)
    for (Index h = 0; h < H; ++h)
      for (Index w = 0; w < W; ++w)
        for (Index channel = 0; channel < channels; ++channel) {
          const Place to = place_of(h, w, channel, r);
          dx.data()[((n * H + h) * W + w) * channels + channel] =
              dy.data()[((n * r * H + to.row) * r * W + to.col) * C + to.c];
        }
  return dx;
}

// Both as an op.
template <class T>
Var<T, Cpu> shuffle_pixels(const Var<T, Cpu>& x, Index r) {
  const auto backward = [=](const Tensor<T, Cpu>& dy) { x.add_grad(shuffled_back(dy, r)); };
  return {"shuffle_pixels", shuffled(x.value(), r), {x}, backward};
}

// Task 6d: x + scale conv2(relu(conv1(x))), kernels of 3 x 3, without batch normalisation.
template <class T, class D>
struct ResidualBlock {
  nn::Conv2d<T, D> conv1, conv2;
  double scale;
  ResidualBlock(Index channels, double scale_)
      : conv1(channels, channels, 3), conv2(channels, channels, 3), scale(scale_) {}
  Var<T, D> operator()(const Var<T, D>& x) const { return x + conv2(relu(conv1(x))) * scale; }
  CRISP_PARAMS(conv1, conv2)
};

// Task 6e: EDSR x2 on one channel. head: 1 -> features; body: blocks, and a convolution after them, whose
// result is added to the head's; up: features -> 4 features, and a shuffle by 2; tail: features -> 1. Kernels
// of 3 x 3.
template <class T, class D>
struct Edsr {
  nn::Conv2d<T, D> head, after, up, tail;
  std::vector<ResidualBlock<T, D>> body;
  Edsr(Index features, Index blocks)
      : head(1, features, 3),
        after(features, features, 3),
        up(features, 4 * features, 3),
        tail(features, 1, 3),
        body(nn::repeat<ResidualBlock<T, D>>(blocks, features, 0.1)) {}
  Var<T, D> operator()(const Var<T, D>& x) const {
    const Var<T, D> h = head(x);
    Var<T, D> y = h;
    for (const auto& block : body) y = block(y);
    return tail(shuffle_pixels(up(after(y) + h), 2));
  }
  CRISP_PARAMS(head, body, after, up, tail)
};

// Task 6f: how many parameters that is, without building it: weights and biases.
inline Index edsr_parameters(Index features, Index blocks) {
  const Index F = features, conv = 9 * F * F + F;
  return (9 * F + F) + (2 * blocks + 1) * conv + (9 * F * 4 * F + 4 * F) + (9 * F + 1);
}

}  // namespace mine
