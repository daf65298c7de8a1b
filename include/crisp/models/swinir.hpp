// SwinIR: image restoration with Swin transformers (Liang et al. 2021, fig. 2): a convolution, residual Swin
// transformer blocks, and one of four tails. The lightweight network has 60 channels and 4 blocks, the
// classical one 180 and 6.
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/activation.hpp"
#include "crisp/nn/rstb.hpp"
#include "crisp/nn/sequential.hpp"
#include "crisp/nn/upsampler.hpp"
#include "crisp/ops/upsample.hpp"

namespace crisp::models {

/// The tail: shuffles (classical), one shuffle straight to the image (lightweight), nearest neighbours and
/// convolutions (real photographs), or none: the image itself is restored (denoising, JPEG artifacts).
enum class SwinTail { pixelshuffle, pixelshuffledirect, nearest_conv, none };

struct SwinIrOptions {
  Index scale = 2, channels = 3, embed = 60, heads = 6, window = 8;
  std::vector<Index> depths = {6, 6, 6, 6};  // Swin layers of each block
  Index out = 0;                             // channels of the result, 0: those of the input
  double mlp_ratio = 2, drop_path = 0.1;     // drop_path: of the last layer; it rises from 0
  double range = 1;                          // inside, values go from 0 to this; 255 for JPEG artifacts
  SwinTail tail = SwinTail::pixelshuffledirect;
  bool checkpointed = false;  // less memory in training, for one more forward pass
  static SwinIrOptions light(Index scale) { return {.scale = scale}; }
  static SwinIrOptions classical(Index scale) {
    return {.scale = scale, .embed = 180, .depths = std::vector<Index>(6, 6), .tail = SwinTail::pixelshuffle};
  }
  static SwinIrOptions denoise(Index channels) {
    return {.scale = 1,
            .channels = channels,
            .embed = 180,
            .depths = std::vector<Index>(6, 6),
            .tail = SwinTail::none};
  }
  static SwinIrOptions jpeg(Index channels) {
    return {.scale = 1,
            .channels = channels,
            .embed = 180,
            .window = 7,
            .depths = std::vector<Index>(6, 6),
            .range = 255,
            .tail = SwinTail::none};
  }
};

template <class T, class D>
struct SwinIr {
  using Conv = nn::Conv2d<T, D>;
  struct PatchEmbed {
    nn::LayerNorm<T, D> norm;
    CRISP_PARAMS(norm)
  };
  SwinIrOptions options;
  Conv conv_first, conv_after_body;
  PatchEmbed patch_embed;
  std::vector<nn::Rstb<T, D>> layers;
  nn::LayerNorm<T, D> norm;
  std::optional<nn::Sequential<Conv, nn::LeakyReLU>> conv_before_upsample;
  std::optional<nn::Upsampler<T, D>> upsample;
  std::optional<Conv> conv_up1, conv_up2, conv_hr, conv_last;
  Var<T, D> mean, out_mean;

  explicit SwinIr(SwinIrOptions o = {})
      : options(with_out(o)),
        conv_first(o.channels, o.embed, 3),
        conv_after_body(o.embed, o.embed, 3),
        patch_embed{nn::LayerNorm<T, D>(o.embed)},
        norm(o.embed),
        mean(div2k_mean<T, D>(o.channels)),
        out_mean(div2k_mean<T, D>(options.out)) {
    Index total = 0, i = 0;
    for (const Index depth : o.depths) total += depth;
    for (const Index depth : o.depths) {
      std::vector<double> drops;
      for (Index k = 0; k < depth; ++k, ++i)
        drops.push_back(total > 1 ? o.drop_path * double(i) / double(total - 1) : 0);
      layers.emplace_back(
          nn::SwinBlockOptions{
              .channels = o.embed, .heads = o.heads, .window = o.window, .mlp_ratio = o.mlp_ratio},
          depth, drops, o.checkpointed);
    }
    make_tail();
  }

  /// (N, H, W, C), 0..1 -> (N, scale H, scale W, C), for any H and W: the image is reflected up to a multiple
  /// of the window.
  Var<T, D> operator()(const Var<T, D>& image) const {
    const Var<T, D> x = (pad_to_multiple(image, options.window) - mean) * options.range;
    const Var<T, D> shallow = conv_first(x);  // (N, H, W, E)
    const Var<T, D> deep = conv_after_body.then_add(features(shallow), shallow);
    const Var<T, D> y =
        (options.tail == SwinTail::none ? x + (*conv_last)(deep) : enlarge(deep)) / options.range + out_mean;
    const Index H = options.scale * image[1], W = options.scale * image[2];
    return pad(y, {.bottom = H - y[1], .right = W - y[2]});  // takes off what the reflection became
  }

  // Through shifted windows it sees far, but little of what is more than some windows away.
  InputSpec input_spec() const {
    return {.scale = options.scale,
            .channels = options.channels,
            .reach = 4 * options.window,
            .grid = options.window,
            .blend = 2 * options.window};
  }
  CRISP_PARAMS(conv_first, patch_embed, layers, norm, conv_after_body, conv_before_upsample, upsample,
               conv_up1, conv_up2, conv_hr, conv_last)

 private:
  static SwinIrOptions with_out(SwinIrOptions o) {
    if (o.out == 0) o.out = o.channels;
    return o;
  }

  void make_tail() {
    const SwinIrOptions& o = options;
    constexpr Index wide = 64;
    if (o.tail == SwinTail::pixelshuffledirect)
      upsample.emplace(nn::Upsampler<T, D>::direct(o.scale, o.embed, o.out));
    if (o.tail == SwinTail::pixelshuffle || o.tail == SwinTail::nearest_conv)
      conv_before_upsample.emplace(Conv(o.embed, wide, 3), nn::LeakyReLU{});
    if (o.tail == SwinTail::pixelshuffle) upsample.emplace(o.scale, wide);
    if (o.tail == SwinTail::nearest_conv) {
      check(o.scale == 2 || o.scale == 4, "SwinIr: the tail nearest+conv enlarges by 2 or 4, not by ",
            o.scale);
      conv_up1.emplace(wide, wide, 3);
      if (o.scale == 4) conv_up2.emplace(wide, wide, 3);
      conv_hr.emplace(wide, wide, 3);
    }
    if (o.tail == SwinTail::none) conv_last.emplace(o.embed, o.out, 3);
    else if (o.tail != SwinTail::pixelshuffledirect) conv_last.emplace(wide, o.out, 3);
  }

  Var<T, D> features(const Var<T, D>& x) const {
    Var<T, D> y = patch_embed.norm(x);
    for (const auto& layer : layers) y = layer(y);
    return norm(y);
  }

  Var<T, D> enlarge(const Var<T, D>& x) const {
    if (options.tail == SwinTail::pixelshuffledirect) return (*upsample)(x);
    Var<T, D> y = (*conv_before_upsample)(x);
    if (options.tail == SwinTail::pixelshuffle) return (*conv_last)((*upsample)(y));
    const auto up = [](const Var<T, D>& v, const Conv& conv) {
      return leaky_relu(conv(crisp::upsample(v, 2, Resampling::nearest)), 0.2);
    };
    y = up(y, *conv_up1);
    if (conv_up2) y = up(y, *conv_up2);
    return (*conv_last)(leaky_relu((*conv_hr)(y), 0.2));
  }
};

}  // namespace crisp::models
