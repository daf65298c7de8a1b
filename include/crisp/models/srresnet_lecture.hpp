// The lecture's SRResNet: six residual blocks with batch normalisation on the enlarged image (after Ledig et
// al. 2017).
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/batch_norm2d.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/ops/relu.hpp"

namespace crisp::models {

/// x + bn(conv(relu(bn(conv(x))))): (N, H, W, C) -> (N, H, W, C).
template <class T, class D>
struct LectureBlock {
  nn::Conv2d<T, D> conv1, conv2;
  nn::BatchNorm2d<T, D> bn1, bn2;
  explicit LectureBlock(Index c) : conv1(c, c, 3), conv2(c, c, 3), bn1(c), bn2(c) {}
  Var<T, D> operator()(const Var<T, D>& x) const { return x + bn2(conv2(relu(bn1(conv1(x))))); }
  CRISP_PARAMS(conv1, bn1, conv2, bn2)
};

/// (N, H, W, 3), the enlarged image, 0..1 -> (N, H, W, 3).
template <class T, class D>
struct SrResNetLecture {
  nn::Conv2d<T, D> conv_first{3, 64, 3}, conv_last{64, 3, 3};
  std::vector<LectureBlock<T, D>> body = nn::repeat<LectureBlock<T, D>>(6, 64);

  Var<T, D> operator()(const Var<T, D>& x) const {
    const Var<T, D> head = conv_first.then_relu(x);  // (N, H, W, 64)
    Var<T, D> y = head;
    for (const auto& block : body) y = block(y);
    return conv_last(y + head);
  }

  InputSpec input_spec() const { return {.enlarged = true, .reach = 14}; }
  CRISP_PARAMS(conv_first, body, conv_last)
};

}  // namespace crisp::models
