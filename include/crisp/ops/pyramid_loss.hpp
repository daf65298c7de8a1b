// pyramid_loss: the loss of a network that gives a picture at each of several sizes, and learns from all of
// them (Lai et al. 2017, eq. 2).
#pragma once
#include <vector>

#include "crisp/ops/arithmetic.hpp"
#include "crisp/ops/downsample.hpp"

namespace crisp {

/// The sum over the pictures (N, h, w, C) of loss(picture, target at its size) -> (). The target (N, H, W, C)
/// is brought to each size by downsample. Throws Error for no pictures, and unless the target is a whole
/// number of times as high and wide as each.
template <class T, class D, class Loss>
Var<Wide<T>, D> pyramid_loss(const std::vector<Var<T, D>>& pictures, const Operand<Wide<T>, D>& target,
                             const Loss& loss) {
  check(!pictures.empty(), "pyramid_loss: there are no pictures to compare with the target");
  Var<Wide<T>, D> sum;
  for (const Var<T, D>& picture : pictures) {
    const bool images = picture.shape().rank() == 4 && target.shape().rank() == 4 && picture.numel() > 0;
    const Index scale = images ? target[1] / picture[1] : 0;
    check(scale >= 1 && target[1] == scale * picture[1] && target[2] == scale * picture[2],
          "pyramid_loss: the target must be a whole number of times as high and wide as each picture",
          operand("picture", picture.shape(), "(N, h, w, C)"),
          operand("target", target.shape(), "(N, H, W, C)"));
    const Var<Wide<T>, D> one = loss(picture, scale == 1 ? target : downsample(target, scale));
    sum = sum.defined() ? sum + one : one;
  }
  return sum;
}

}  // namespace crisp
