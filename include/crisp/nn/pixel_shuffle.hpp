// PixelShuffle and PixelUnshuffle as layers, for Sequential; in a struct of your own, call the ops.
#pragma once
#include "crisp/ops/pixel_shuffle.hpp"

namespace crisp::nn {

/// (N, H, W, r r C) -> (N, r H, r W, C).
struct PixelShuffle {
  Index r = 2;
  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    return pixel_shuffle(x, r);
  }
};
/// (N, r H, r W, C) -> (N, H, W, r r C).
struct PixelUnshuffle {
  Index r = 2;
  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    return pixel_unshuffle(x, r);
  }
};

}  // namespace crisp::nn
