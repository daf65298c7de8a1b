// A Swin transformer layer whose inner values nobody keeps: a window after the other goes through all of it,
// from the first normalisation to the last sum, in the second cache. The image is read once and written once;
// the composed layer moves 13 times as much.
#pragma once
#include "crisp/backend/cpu/fast/gelu.hpp"
#include "crisp/backend/cpu/fast/layer_norm.hpp"
#include "crisp/backend/cpu/fast/packed_linear.hpp"
#include "crisp/backend/cpu/fast/window_attention.hpp"
#include "crisp/core/fused_ops.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

struct FastSwinLayer {
  /// y (N, H, W, C) from x: see SwinLayer. False, and nothing written, for fewer channels than a vector
  /// holds.
  template <std::same_as<float> T>
  static bool swin_layer(const T* x, const SwinLayer<T>& l, T* y) {
    const Index C = l.sizes.C, n = l.sizes.pixels(), hidden = l.hidden;
    if (C < width<T>) return false;
    const FusedAttention<T> attention(l.sizes);
    PackedLinear<T> qkv{C, 3 * C}, proj{C, C}, fc1{C, hidden}, fc2{hidden, C};
    T* weights = scratch<T, 11>(qkv.size() + proj.size() + fc1.size() + fc2.size());
    qkv.pack(l.qkv.weight, l.qkv.bias, weights);
    proj.pack(l.proj.weight, l.proj.bias, weights += qkv.size());
    fc1.pack(l.fc1.weight, l.fc1.bias, weights += proj.size());
    fc2.pack(l.fc2.weight, l.fc2.bias, weights += fc1.size());
    const T* bias = attention.turned(l.position_bias);
    parallel_for(attention.windows, true, [=](Index window) {
      T *image = attention.template rows<12>(C), *inner = attention.template rows<13>(C),
        *between = attention.template rows<1>(std::max(3 * C, hidden));
      T *mean = scratch<T, 14>(2 * n), *rstd = mean + n;
      attention.gather(x, C, window, image);
      FastLayerNorm::layer_norm(image, l.norm1.weight, l.norm1.bias, inner, mean, rstd, n, C, l.eps1);
      qkv(inner, n, between);
      attention.attend(window, bias, between, inner);
      proj(inner, n, image, image);
      FastLayerNorm::layer_norm(image, l.norm2.weight, l.norm2.bias, inner, mean, rstd, n, C, l.eps2);
      fc1(inner, n, between);
      FastGelu::gelu(between, between, static_cast<T*>(nullptr), n * hidden);
      fc2(between, n, image, image);
      attention.scatter(image, C, window, y);
    });
    return true;
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
