// SwinBlock: the Swin transformer layer, attention in windows, every second one shifted, and a perceptron
// (Liu et al. 2021, eq. 3): y = x + attention(norm(x)), z = y + mlp(norm(y)).
#pragma once
#include "crisp/nn/dropout.hpp"
#include "crisp/nn/layer_norm.hpp"
#include "crisp/nn/window_attention.hpp"
#include "crisp/ops/arithmetic.hpp"
#include "crisp/ops/gelu.hpp"

namespace crisp::nn {

/// The perceptron of a transformer, on each pixel for itself: (..., C) -> (..., C).
template <class T, class D>
struct Mlp {
  Linear<T, D> fc1, fc2;
  Mlp(Index channels, Index hidden) : fc1(channels, hidden, {.init = Init::normal(0.02)}), fc2(hidden, channels, {.init = Init::normal(0.02)}) {}
  Var<T, D> operator()(const Var<T, D>& x) const { return fc2(gelu(fc1(x))); }
  CRISP_PARAMS(fc1, fc2)
};

struct SwinBlockOptions {
  Index channels, heads, window = 8;
  Index shift = 0;         // pixels by which the windows are moved, window / 2 in every second block
  double mlp_ratio = 2;    // hidden channels of the perceptron, relative to `channels`
  double drop_path = 0;
};

/// (N, H, W, C) -> (N, H, W, C), H and W multiples of the window.
template <class T, class D>
struct SwinBlock {
  SwinBlockOptions options;
  LayerNorm<T, D> norm1, norm2;
  WindowAttention<T, D> attn;
  Mlp<T, D> mlp;

  explicit SwinBlock(SwinBlockOptions o)
      : options(o), norm1(o.channels), norm2(o.channels), attn(o.channels, o.heads, o.window), mlp(o.channels, Index(double(o.channels) * o.mlp_ratio)) {}

  Var<T, D> operator()(const Var<T, D>& x) const {
    const DropPath drop{options.drop_path};
    const Var<T, D> y = x + drop(attn.in_image(norm1(x), options.shift));
    return y + drop(mlp(norm2(y)));
  }
  CRISP_PARAMS(norm1, attn, norm2, mlp)
};

}  // namespace crisp::nn
