// WindowAttention: self-attention within windows, with a learned bias for the distance of two pixels (Liu et al. 2021, sec. 3.2).
#pragma once
#include "crisp/nn/linear.hpp"
#include "crisp/ops/window_attention.hpp"

namespace crisp::nn {

/// (B, M M, C) -> (B, M M, C) for B windows of M x M pixels; mask (G, M M, M M) or empty, see ops/window_attention.hpp.
template <class T, class D>
struct WindowAttention {
  Index window;
  Param<T, D> relative_position_bias_table;  // ((2 M - 1)^2, heads)
  Linear<T, D> qkv, proj;

  /// Throws Error unless the heads divide the channels.
  WindowAttention(Index channels, Index heads, Index window, bool qkv_bias = true)
      : window(window), relative_position_bias_table(make_weight<T, D>({(2 * window - 1) * (2 * window - 1), heads}, Init::normal(0.02))),
        qkv(channels, 3 * channels, {.bias = qkv_bias, .init = Init::normal(0.02)}), proj(channels, channels, {.init = Init::normal(0.02)}) {
    check(heads >= 1 && channels % heads == 0, "WindowAttention: ", heads, " heads do not divide ", channels, " channels");
  }

  Var<T, D> operator()(const Var<T, D>& x, const Tensor<T, D>& mask = {}) const {
    return proj(window_attention(qkv(x), relative_position_bias(relative_position_bias_table, window), mask));
  }
  CRISP_PARAMS(relative_position_bias_table, qkv, proj)
};

/// What shifted windows may not see, (H/M W/M, M M, M M): -100 where two pixels of a window came from opposite edges of the
/// image, else 0 (Liu et al. 2021, fig. 4).
template <class T, class D>
Tensor<T, D> shifted_window_mask(Index H, Index W, Index M, Index shift) {
  const auto region = [&](Index i, Index n) { return i < n - M ? 0 : i < n - shift ? 1 : 2; };
  std::vector<T> mask;
  mask.reserve(std::size_t(H * W * M * M));
  for (Index top = 0; top < H; top += M)
    for (Index left = 0; left < W; left += M) {
      const auto place = [&](Index i) { return 3 * region(top + i / M, H) + region(left + i % M, W); };
      for (Index i = 0; i < M * M; ++i)
        for (Index j = 0; j < M * M; ++j) mask.push_back(place(i) == place(j) ? T(0) : T(-100));
    }
  return Tensor<T, D>({(H / M) * (W / M), M * M, M * M}, mask);
}

}  // namespace crisp::nn
