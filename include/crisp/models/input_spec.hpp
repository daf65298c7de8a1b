// InputSpec: how a network wants its image, for everything that feeds networks without knowing which.
#pragma once
#include "crisp/ops/arithmetic.hpp"

namespace crisp::models {

/// For a network (N, H, W, channels) -> (N, factor H, factor W, channels) on values 0..1.
/// It says so by a member `InputSpec input_spec() const`.
struct InputSpec {
  Index scale = 1;        // the enlargement it is made for; 1: it restores an image of the same size
  Index channels = 3;     // 1 is luma, 3 is RGB
  bool enlarged = false;  // it takes the image already enlarged by bicubic (ILR), and only sharpens it
  Index margin = 0;       // pixels that its forward pass in training, `valid`, takes off each side
  Index reach = -1;       // how far, in input pixels, an output pixel sees; -1: the whole image, or unknown
  Index grid = 1;         // tiles begin at multiples of this: of the window, or the poolings
  Index blend = 0;        // pixels over which tiles are mixed, if a network sees a little beyond `reach`
};

/// The mean colour of DIV2K, which EDSR and SwinIR take off; networks on luma take nothing off.
template <class T, class D>
Var<T, D> div2k_mean(Index channels) {
  if (channels != 3) return Tensor<T, D>({channels}, T(0));
  return Tensor<T, D>({3}, std::vector<T>{T(0.4488), T(0.4371), T(0.4040)});
}

}  // namespace crisp::models
