// LapSRN: enlarges by 2 at each level of a Laplacian pyramid, and gives a picture at each (Lai et al. 2017,
// fig. 1). So it is a network with several outputs: x8 gives x2, x4 and x8, and learns from all three.
#pragma once
#include "crisp/models/input_spec.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/nn/conv_transpose2d.hpp"
#include "crisp/ops/leaky_relu.hpp"

namespace crisp::models {

struct LapSrnOptions {
  Index scale = 4, features = 64, depth = 10;  // depth: convolutions of a level
};

/// A level: what the features say is missing, added to the picture that is enlarged beside them. It may go
/// in two steps: see MsLapSrn.
template <class T, class D>
struct LapSrnLevel {
  std::vector<nn::Conv2d<T, D>> conv;
  nn::ConvTranspose2d<T, D> upconv, img_up;
  nn::Conv2d<T, D> residual_conv;

  explicit LapSrnLevel(const LapSrnOptions& o)
      : conv(nn::repeat<nn::Conv2d<T, D>>(o.depth, o.features, o.features, Index(3))),
        upconv(o.features, o.features, 3, {.stride = 2}),
        img_up(1, 1, 4, {.stride = 2, .padding = 1}),
        residual_conv(o.features, 1, 3, {.init = nn::Init::he(0.1)}) {
    const double tent[] = {0.25, 0.75, 0.75, 0.25};  // it begins as bilinear interpolation
    std::vector<Wide<T>> weight;
    for (const double row : tent)
      for (const double col : tent) weight.push_back(Wide<T>(row * col));
    img_up.weight = Tensor<Wide<T>, D>({1, 4, 4, 1}, weight);
    img_up.bias = {};
  }

  /// features (N, H, W, F), picture (N, H, W, 1) -> both, twice as high and wide.
  std::pair<Var<T, D>, Var<T, D>> operator()(Var<T, D> features, const Var<T, D>& picture) const {
    for (const nn::Conv2d<T, D>& layer : conv) features = leaky_relu(layer(features), 0.2);
    features = leaky_relu(enlarged(features), 0.2);
    return {features, sharpened(picture, features)};
  }

  /// features (N, H, W, F) -> (N, 2 H, 2 W, F).
  Var<T, D> enlarged(const Var<T, D>& features) const {
    return pad(upconv(features), {0, -1, 0, -1});  // of 2 H + 1 rows the first 2 H
  }

  /// picture (N, H, W, 1), enlarged features (N, 2 H, 2 W, F) -> picture (N, 2 H, 2 W, 1).
  Var<T, D> sharpened(const Var<T, D>& picture, const Var<T, D>& features) const {
    return img_up(picture) + residual_conv(features);
  }
  CRISP_PARAMS(conv, upconv, residual_conv, img_up)
};

/// (N, H, W, 1), luma, 0..1 -> (N, scale H, scale W, 1); scale 2, 4 or 8.
template <class T, class D>
struct LapSrn {
  LapSrnOptions options;
  nn::Conv2d<T, D> input_conv;
  std::vector<LapSrnLevel<T, D>> level;

  explicit LapSrn(LapSrnOptions o = {}) : options(o), input_conv(1, o.features, 3) {
    check(o.scale == 2 || o.scale == 4 || o.scale == 8, "LapSrn: it enlarges by 2, 4 or 8, not by ", o.scale);
    for (Index x = 1; x < o.scale; x *= 2) level.emplace_back(o);
  }

  /// The pictures of all levels, the smallest first: x2, x4, ..
  std::vector<Var<T, D>> pictures(const Var<T, D>& x) const {
    std::vector<Var<T, D>> all;
    Var<T, D> features = leaky_relu(input_conv(x), 0.2), picture = x;
    for (const LapSrnLevel<T, D>& one : level) {
      std::tie(features, picture) = one(features, picture);
      all.push_back(picture);
    }
    return all;
  }

  Var<T, D> operator()(const Var<T, D>& x) const { return pictures(x).back(); }

  InputSpec input_spec() const {
    return {.scale = options.scale, .channels = 1, .reach = 2 * options.depth + 6};
  }
  CRISP_PARAMS(input_conv, level)
};

}  // namespace crisp::models
