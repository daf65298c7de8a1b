// ARCNN: SRCNN with one more layer, against the artifacts of JPEG (Dong et al. 2015, fig. 4).
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/conv2d.hpp"

namespace crisp::models {

/// (N, H, W, 1), luma of a JPEG image, 0..1 -> (N, H, W, 1).
template <class T, class D>
struct Arcnn {
  static constexpr nn::Conv2dOptions edge{.border = Border::replicate};
  nn::Conv2d<T, D> conv1{1, 64, 9, edge}, conv2{64, 32, 7, edge}, conv3{32, 16, 1, edge},
      conv4{16, 1, 5, edge};

  /// Begins as the identity, and learns what JPEG has taken away; see nn::pass_through.
  Arcnn() {
    for (auto* conv : {&conv1, &conv2, &conv3}) nn::pass_through(conv->weight.value(), 1);
    nn::pass_through(conv4.weight.value(), 1, 0.1);
  }

  Var<T, D> operator()(const Var<T, D>& x) const {
    const Var<T, D> features = conv1.then_relu(x);        // extraction   (N, H, W, 64)
    const Var<T, D> cleaned = conv2.then_relu(features);  // enhancement  (N, H, W, 32)
    const Var<T, D> mapped = conv3.then_relu(cleaned);    // mapping      (N, H, W, 16)
    return conv4(mapped);                                 // reconstruction (N, H, W, 1)
  }

  InputSpec input_spec() const { return {.channels = 1, .reach = 9}; }
  CRISP_PARAMS(conv1, conv2, conv3, conv4)
};

}  // namespace crisp::models
