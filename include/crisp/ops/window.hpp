// Windows: an image cut into squares of M x M pixels, and put together again (Liu et al. 2021, sec. 3.2).
#pragma once
#include "crisp/ops/permute.hpp"
#include "crisp/ops/reshape.hpp"

namespace crisp {

/// x (N, H, W, C) -> (N H/M W/M, M M, C): the windows of each image row by row. Throws Error unless M divides
/// H and W.
template <class T, class D>
Var<T, D> window_partition(const Var<T, D>& x, Index M) {
  check(x.shape().rank() == 4 && M >= 1 && x[1] % M == 0 && x[2] % M == 0,
        "window_partition: the height and the width must divide by the window, ", M,
        operand("input", x.shape(), "(N, H, W, C)"), "\n  hint: pad the image by reflection first");
  const Index N = x[0], H = x[1], W = x[2], C = x[3];
  return reshape(permute(reshape(x, {N, H / M, M, W / M, M, C}), {0, 1, 3, 2, 4, 5}),
                 {N * (H / M) * (W / M), M * M, C});
}

/// windows (N H/M W/M, M M, C) -> (N, H, W, C), the inverse. Throws Error where the numbers do not fit.
template <class T, class D>
Var<T, D> window_reverse(const Var<T, D>& windows, Index M, Index H, Index W) {
  const Index per_image = M >= 1 ? (H / M) * (W / M) : 0;
  check(windows.shape().rank() == 3 && per_image > 0 && windows[1] == M * M && windows[0] % per_image == 0,
        "window_reverse: windows of ", M, " x ", M, " do not fill images of ", H, " x ", W,
        operand("windows", windows.shape(), "(N H/M W/M, M M, C)"));
  const Index N = windows[0] / per_image, C = windows[2];
  return reshape(permute(reshape(windows, {N, H / M, W / M, M, M, C}), {0, 1, 3, 2, 4, 5}), {N, H, W, C});
}

}  // namespace crisp
