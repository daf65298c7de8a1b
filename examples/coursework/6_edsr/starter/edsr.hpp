// EDSR from its parts: residual blocks and pixel shuffle (Lim et al. 2017; Shi et al. 2016).
#pragma once
#include <crisp/backend/cpu.hpp>
#include <crisp/nn/conv2d.hpp>
#include <crisp/ops/arithmetic.hpp>
#include <crisp/ops/relu.hpp>

namespace mine {
using namespace crisp;

// TASK 6a: where a number of the input goes. Pixel shuffle by r moves x[h, w, channel] to y[r h + i, r w + j,
// c], where channel = (c r + i) r + j: the r r channels that belong to one c become a square of pixels.
struct Place {
  Index row, col, c;
};
inline Place place_of(Index h, Index w, Index channel, Index r) {
  throw crisp::Error("task 6a: place_of is not written yet");
}

// TASK 6b: the forward pass, x (N, H, W, r r C) -> (N, r H, r W, C), by loops over place_of.
template <class T>
Tensor<T, Cpu> shuffled(const Tensor<T, Cpu>& x, Index r) {
  throw crisp::Error("task 6b: shuffled is not written yet");
}

// TASK 6c: the backward pass, dy (N, r H, r W, C) -> (N, H, W, r r C): each gradient goes back to where its
// number came from.
template <class T>
Tensor<T, Cpu> shuffled_back(const Tensor<T, Cpu>& dy, Index r) {
  throw crisp::Error("task 6c: shuffled_back is not written yet");
}

// Both as an op.
template <class T>
Var<T, Cpu> shuffle_pixels(const Var<T, Cpu>& x, Index r) {
  const auto backward = [=](const Tensor<T, Cpu>& dy) { x.add_grad(shuffled_back(dy, r)); };
  return {"shuffle_pixels", shuffled(x.value(), r), {x}, backward};
}

// TASK 6d: x + scale conv2(relu(conv1(x))), kernels of 3 x 3, without batch normalisation.
template <class T, class D>
struct ResidualBlock {
  nn::Conv2d<T, D> conv1{1, 1, 1}, conv2{1, 1, 1};  // their sizes are wrong
  ResidualBlock(Index channels, double scale) {}
  Var<T, D> operator()(const Var<T, D>& x) const {
    throw crisp::Error("task 6d: ResidualBlock is not written yet");
  }
  CRISP_PARAMS(conv1, conv2)
};

// TASK 6e: EDSR x2 on one channel. head: 1 -> features; body: blocks, and a convolution after them, whose
// result is added to the head's; up: features -> 4 features, and a shuffle by 2; tail: features -> 1. Kernels
// of 3 x 3.
template <class T, class D>
struct Edsr {
  nn::Conv2d<T, D> head{1, 1, 1}, after{1, 1, 1}, up{1, 1, 1}, tail{1, 1, 1};  // their sizes are wrong
  std::vector<ResidualBlock<T, D>> body;                                       // and this is empty
  Edsr(Index features, Index blocks) {}
  Var<T, D> operator()(const Var<T, D>& x) const { throw crisp::Error("task 6e: Edsr is not written yet"); }
  CRISP_PARAMS(head)
};

// TASK 6f: how many parameters that is, without building it: weights and biases.
inline Index edsr_parameters(Index features, Index blocks) {
  throw crisp::Error("task 6f: edsr_parameters is not written yet");
}

}  // namespace mine
