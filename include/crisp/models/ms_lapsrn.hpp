// MS-LapSRN: LapSRN whose levels share their weights, so that one network enlarges by 2, 4 and 8 (Lai et al.
// 2018, sec. 3.2). Its features come from a block that runs on its own result, again and again.
#pragma once
#include "crisp/models/lapsrn.hpp"

namespace crisp::models {

struct MsLapSrnOptions {
  Index scale = 4, features = 64;
  Index depth = 5, recursions = 8;  // D, the convolutions of the block, and R, how often it runs in a level
};

/// (N, H, W, 1), luma, 0..1 -> (N, scale H, scale W, 1); scale 2, 4 or 8. The weights are the same for each.
template <class T, class D>
struct MsLapSrn {
  MsLapSrnOptions options;
  nn::Conv2d<T, D> input_conv;
  LapSrnLevel<T, D> level;  // the layers of every level

  /// Throws Error for another scale, and for a block without convolutions or runs.
  explicit MsLapSrn(MsLapSrnOptions o = {})
      : options(o), input_conv(1, o.features, 3), level({.features = o.features, .depth = o.depth}) {
    check(o.scale == 2 || o.scale == 4 || o.scale == 8, "MsLapSrn: it enlarges by 2, 4 or 8, not by ",
          o.scale);
    check(o.depth >= 1 && o.recursions >= 1, "MsLapSrn: a block of ", o.depth, " convolutions that runs ",
          o.recursions, " times makes no features; both must be at least 1");
  }

  /// The recursive block: the level's input (N, H, W, F) -> features (N, H, W, F). Each run adds the input
  /// to its result (local residual learning by a shared source).
  Var<T, D> embedded(const Var<T, D>& source) const {
    Var<T, D> y = source;
    for (Index run = 0; run < options.recursions; ++run) {
      for (std::size_t i = 0; i + 1 < level.conv.size(); ++i) y = level.conv[i](leaky_relu(y, 0.2));
      y = level.conv.back().then_add(leaky_relu(y, 0.2), source);
    }
    return y;
  }

  /// The pictures of all levels, the smallest first: x2, x4, ..
  std::vector<Var<T, D>> pictures(const Var<T, D>& x) const {
    std::vector<Var<T, D>> all;
    Var<T, D> features = input_conv(x), picture = x;
    for (Index enlarged = 1; enlarged < options.scale; enlarged *= 2) {
      features = level.enlarged(leaky_relu(embedded(features), 0.2));
      picture = level.sharpened(picture, features);
      all.push_back(picture);
    }
    return all;
  }

  Var<T, D> operator()(const Var<T, D>& x) const { return pictures(x).back(); }

  InputSpec input_spec() const {  // a pixel of the second level is half of one of the first
    const Index convolutions = options.recursions * options.depth;
    return {.scale = options.scale,
            .channels = 1,
            .reach = 2 * convolutions * (options.scale - 1) / options.scale + 6};
  }
  CRISP_PARAMS(input_conv, level)
};

}  // namespace crisp::models
