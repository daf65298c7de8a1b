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
  Mlp(Index channels, Index hidden)
      : fc1(channels, hidden, {.init = Init::normal(0.02)}),
        fc2(hidden, channels, {.init = Init::normal(0.02)}) {}
  Var<T, D> operator()(const Var<T, D>& x) const { return fc2(gelu(fc1(x))); }
  /// (*this)(x) + other, of x's shape.
  Var<T, D> then_add(const Var<T, D>& x, const Var<T, D>& other) const {
    return fc2.then_add(gelu(fc1(x)), other);
  }
  CRISP_PARAMS(fc1, fc2)
};

struct SwinBlockOptions {
  Index channels, heads;
  Index window = 8;
  Index shift = 0;       // pixels by which the windows are moved, window / 2 in every second block
  double mlp_ratio = 2;  // hidden channels of the perceptron, relative to `channels`
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
      : options(o),
        norm1(o.channels),
        norm2(o.channels),
        attn(o.channels, o.heads, o.window),
        mlp(o.channels, Index(double(o.channels) * o.mlp_ratio)) {}

  Var<T, D> operator()(const Var<T, D>& x) const {
    if (training() && options.drop_path > 0) {
      const DropPath drop{options.drop_path};
      const Var<T, D> y = x + drop(attn.in_image(norm1(x), options.shift));
      return y + drop(mlp(norm2(y)));
    }
    if constexpr (HasSwinLayer<D, T>)
      if (!crisp::detail::grad_enabled) {  // nobody wants the inner values
        Tensor<T, D> z(x.shape());
        const Var<T, D> position_bias = attn.position_bias();
        if (D::swin_layer(x.value().data(), whole_layer(x.shape(), position_bias.value()), z.data()))
          return {"swin_layer", z, {x}, nullptr, {}, [this, x] { return layer_by_layer(x); }};
      }
    return layer_by_layer(x);
  }
  CRISP_PARAMS(norm1, attn, norm2, mlp)

 private:
  Var<T, D> layer_by_layer(const Var<T, D>& x) const {
    const Var<T, D> y = attn.in_image(norm1(x), options.shift, x);
    return mlp.then_add(norm2(y), y);
  }

  SwinLayer<T> whole_layer(const Shape& x, const Tensor<T, D>& position_bias) const {
    const Index C = options.channels;
    crisp::detail::check_windows(x, "(N, H, W, C)", options.window, options.shift);
    check(x[3] == C, "SwinBlock: the image has ", x[3], " channels, but the layer expects ", C,
          operand("image", x, "(N, H, W, C)"));
    const auto weights = [](const auto& layer) {
      return typename SwinLayer<T>::Weights{layer.weight.value().data(),
                                            layer.bias.defined() ? layer.bias.value().data() : nullptr};
    };
    return {.sizes = {x[0], x[1], x[2], C, options.heads, options.window, options.shift},
            .hidden = mlp.fc1.weight[0],
            .position_bias = position_bias.data(),
            .norm1 = weights(norm1),
            .qkv = weights(attn.qkv),
            .proj = weights(attn.proj),
            .norm2 = weights(norm2),
            .fc1 = weights(mlp.fc1),
            .fc2 = weights(mlp.fc2),
            .eps1 = T(norm1.eps),
            .eps2 = T(norm2.eps)};
  }
};

}  // namespace crisp::nn
