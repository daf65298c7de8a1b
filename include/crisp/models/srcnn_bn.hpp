// SRCNN with batch normalisation, on RGB, as a lecture teaches it: 9-1-5 with normalised features (after Dong
// et al. 2014).
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/batch_norm2d.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/ops/relu.hpp"

namespace crisp::models {

/// (N, H, W, 3), the enlarged image, 0..1 -> (N, H, W, 3).
template <class T, class D>
struct SrcnnBN {
  nn::Conv2d<T, D> conv1{3, 64, 9}, conv2{64, 32, 1}, conv3{32, 3, 5};
  nn::BatchNorm2d<T, D> bn1{64}, bn2{32};

  Var<T, D> operator()(const Var<T, D>& x) const {
    const Var<T, D> features = relu(bn1(conv1(x)));       // (N, H, W, 64)
    const Var<T, D> mapped = relu(bn2(conv2(features)));  // (N, H, W, 32)
    return conv3(mapped);
  }

  InputSpec input_spec() const { return {.enlarged = true, .reach = 6}; }
  CRISP_PARAMS(conv1, bn1, conv2, bn2, conv3)
};

}  // namespace crisp::models
