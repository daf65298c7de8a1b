// WindowAttention: self-attention within windows, with a learned bias for the distance of two pixels
// (Liu et al. 2021, sec. 3.2).
#pragma once
#include "crisp/nn/linear.hpp"
#include "crisp/ops/window_attention.hpp"

namespace crisp::nn {

/// (B, M M, C) -> (B, M M, C) for B windows of M x M pixels; mask (G, M M, M M) or empty, see
/// ops/window_attention.hpp. Or, by in_image, (N, H, W, C) -> (N, H, W, C) for the windows of an image, with
/// `other` of that shape added if it is given.
template <class T, class D>
struct WindowAttention {
  Index window;
  Param<T, D> relative_position_bias_table;  // ((2 M - 1)^2, heads)
  Linear<T, D> qkv, proj;

  /// Throws Error unless the heads divide the channels.
  WindowAttention(Index channels, Index heads, Index side, bool qkv_bias = true)
      : window(side),
        relative_position_bias_table(
            make_weight<T, D>({(2 * side - 1) * (2 * side - 1), heads}, Init::normal(0.02))),
        qkv(channels, 3 * channels, {.bias = qkv_bias, .init = Init::normal(0.02)}),
        proj(channels, channels, {.init = Init::normal(0.02)}) {
    check(heads >= 1 && channels % heads == 0, "WindowAttention: ", heads, " heads do not divide ", channels,
          " channels");
  }

  Var<T, D> operator()(const Var<T, D>& x, const Tensor<T, D>& mask = {}) const {
    return proj(window_attention(qkv(x), position_bias(), mask));
  }
  Var<T, D> in_image(const Var<T, D>& x, Index shift, const Var<T, D>& other = {}) const {
    const Var<T, D> y = window_attention(qkv(x), position_bias(), Windows{window, shift});
    return other.defined() ? proj.then_add(y, other) : proj(y);
  }
  /// (heads, M M, M M).
  Var<T, D> position_bias() const { return relative_position_bias(relative_position_bias_table, window); }
  CRISP_PARAMS(relative_position_bias_table, qkv, proj)
};

using crisp::shifted_window_mask;

}  // namespace crisp::nn
