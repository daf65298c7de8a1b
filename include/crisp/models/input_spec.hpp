// InputSpec: how a network wants its image, for everything that feeds networks without knowing which. And
// HasPictures: whether it gives one picture or several.
#pragma once
#include <concepts>
#include <vector>

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

/// A network with several outputs: pictures(x) gives all, the smallest first, and the last is its result. It
/// learns from all of them, by pyramid_loss.
template <class Net, class T, class D>
concept HasPictures = requires(const Net& net, const Var<T, D>& x) {
  { net.pictures(x) } -> std::same_as<std::vector<Var<T, D>>>;
};

/// The mean colour of DIV2K, which EDSR and SwinIR take off; networks on luma take nothing off.
template <class T, class D>
Var<T, D> div2k_mean(Index channels) {
  if (channels != 3) return Tensor<T, D>({channels}, T(0));
  return Tensor<T, D>({3}, std::vector<T>{T(0.4488), T(0.4371), T(0.4040)});
}

}  // namespace crisp::models
