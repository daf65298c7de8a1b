// Upsampler: convolutions and pixel shuffles that enlarge by 2, 3, 4 or 8 (Shi et al. 2016; the tail of EDSR
// and SwinIR).
#pragma once
#include "crisp/nn/conv2d.hpp"
#include "crisp/ops/pixel_shuffle.hpp"

namespace crisp::nn {

/// (N, H, W, C) -> (N, scale H, scale W, C): for 2, 4 and 8 in steps of 2, else in one. Its convolutions are
/// named 0, 2, 4, as PyTorch's Sequential counts them with the shuffles.
template <class T, class D>
struct Upsampler {
  std::vector<Conv2d<T, D>> convs;
  Index step;

  /// Throws Error for another scale than 1, 2, 3, 4 or 8.
  Upsampler(Index scale, Index channels) : step(scale == 3 ? 3 : 2) {
    check(scale == 1 || scale == 2 || scale == 3 || scale == 4 || scale == 8,
          "Upsampler: the scale must be 1, 2, 3, 4 or 8, not ", scale);
    for (Index reached = 1; reached < scale; reached *= step)
      convs.emplace_back(channels, channels * step * step, 3);
  }

  /// In one step, straight to the image: (N, H, W, channels) -> (N, scale H, scale W, out), as light networks
  /// do.
  static Upsampler direct(Index scale, Index channels, Index out) {
    Upsampler u(1, channels);
    u.step = scale;
    u.convs.emplace_back(channels, out * scale * scale, 3);
    return u;
  }

  Var<T, D> operator()(Var<T, D> x) const {
    for (const Conv2d<T, D>& conv : convs) x = pixel_shuffle(conv(x), step);
    return x;
  }

  CRISP_PARAMS_BY(name)

 private:
  template <class Self, class F>
  static void name(Self& self, F& f, const std::string& prefix) {
    for (std::size_t i = 0; i < self.convs.size(); ++i)
      self.convs[i].each_param(f, prefix + std::to_string(2 * i) + ".");
  }
};

}  // namespace crisp::nn
