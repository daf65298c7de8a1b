// Form: how a network wants its image, for everything that feeds networks without knowing which.
#pragma once
#include "crisp/ops/arithmetic.hpp"

namespace crisp::models {

/// A network (N, H, W, channels) -> (N, factor H, factor W, channels), values 0..1, says so by a member `Form form() const`.
struct Form {
  Index scale = 1;        // the enlargement it is made for; 1: it restores an image of the same size
  Index channels = 3;     // 1 is luma, 3 is RGB
  bool enlarged = false;  // it takes the image already enlarged by bicubic (ILR), and only sharpens it
  Index margin = 0;       // pixels that its training form, `valid`, takes off each side
  Index reach = -1;       // how far, in input pixels, an output pixel sees; -1: the whole image, or unknown
  Index grid = 1;         // where a part of an image has to begin, to be treated as within the whole: the window, or the poolings
  Index blend = 0;        // for networks that see a little beyond `reach`: pixels over which two parts are mixed where they meet
};

/// The mean colour of DIV2K, which EDSR and SwinIR take off; networks on luma take nothing off.
template <class T, class D>
Var<T, D> div2k_mean(Index channels) {
  if (channels != 3) return Tensor<T, D>({channels}, T(0));
  return Tensor<T, D>({3}, std::vector<T>{T(0.4488), T(0.4371), T(0.4040)});
}

}  // namespace crisp::models
