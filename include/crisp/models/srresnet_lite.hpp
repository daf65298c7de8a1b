// SRResNet (lite), the lecture's smallest residual network: one block and two skips, on the enlarged image.
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/batch_norm2d.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/ops/relu.hpp"

namespace crisp::models {

/// (N, H, W, 3), the enlarged image, 0..1 -> (N, H, W, 3).
template <class T, class D>
struct SrResNetLite {
  nn::Conv2d<T, D> conv1{3, 32, 3}, conv2{32, 32, 3}, conv3{32, 32, 3}, conv4{32, 64, 3}, conv5{64, 3, 3};
  nn::BatchNorm2d<T, D> bn2{32}, bn3{32};

  Var<T, D> operator()(const Var<T, D>& x) const {
    const Var<T, D> head = conv1.then_relu(x);              // (N, H, W, 32)
    const Var<T, D> once = relu(bn2(conv2(head))) + head;   // the first skip
    const Var<T, D> twice = relu(bn3(conv3(once))) + head;  // the second
    return conv5(conv4.then_relu(twice));
  }

  InputSpec input_spec() const { return {.enlarged = true, .reach = 5}; }
  CRISP_PARAMS(conv1, conv2, bn2, conv3, bn3, conv4, conv5)
};

}  // namespace crisp::models
