// Dilation, d pixels from tap to tap of a convolution (Yu and Koltun 2016, eq. 2): patches for the product,
// and a faster way, by which it becomes an ordinary convolution. Every d-th row and column of an image is a
// grid of its own, and on each of the d x d grids the taps are neighbours (Shensa 1992; Chen et al. 2018,
// section 3.1). So the kernels that a device has for ordinary convolutions serve for these.
#pragma once
#include <algorithm>

#include "crisp/core/fused_ops.hpp"
#include "crisp/core/rounding.hpp"
#include "crisp/core/tensor.hpp"

namespace crisp::detail {

// The pixels from the first to the last of `taps`.
inline Index reach_of(Index taps, Index dilation) { return (taps - 1) * dilation + 1; }

// patches (pixels, kH, kW, C) of output pixels from `first` on; row = (pixel, kh, kw), col = c
template <class T>
struct DilatedIm2Col {
  const T* x;
  T* patches;
  ConvSizes s;
  Index first;
  CRISP_HD void operator()(Index row, Index col) const {
    const Index kw = row % s.kW, kh = row / s.kW % s.kH, p = first + row / s.kW / s.kH;
    const Index ow = p % s.OW, oh = p / s.OW % s.OH, n = p / s.OW / s.OH;
    const Index h = oh * s.stride + kh * s.dilation - s.top, w = ow * s.stride + kw * s.dilation - s.left;
    const bool inside = h >= 0 && h < s.H && w >= 0 && w < s.W;
    patches[row * s.C + col] = inside ? x[((n * s.H + h) * s.W + w) * s.C + col] : T(0);
  }
};

// x (N, H, W, C) -> (N, d, d, A, B, C): grid (i, j) has the pixels (a d + i - top, b d + j - left) of x,
// zeros beyond it; row = (n, i, j, a, b)
template <class T>
struct ToGrids {
  const T* x;
  T* grids;
  Index H, W, C, A, B, d, top, left;
  CRISP_HD void operator()(Index row, Index c) const {
    const Index b = row % B, a = row / B % A, grid = row / B / A;
    const Index h = a * d + grid / d % d - top, w = b * d + grid % d - left, n = grid / d / d;
    const bool inside = h >= 0 && h < H && w >= 0 && w < W;
    grids[row * C + c] = inside ? x[((n * H + h) * W + w) * C + c] : T(0);
  }
};
// (N, d, d, A, B, C) -> y (N, H, W, C), and its epilogue; row = (n, h, w)
template <class T>
struct FromGrids {
  const T* grids;
  T* y;
  Index H, W, C, A, B, d;
  ConvEpilogue<T> epilogue;
  CRISP_HD void operator()(Index row, Index c) const {
    const Index w = row % W, h = row / W % H, n = row / W / H;
    const Index pixel = (((n * d + h % d) * d + w % d) * A + h / d) * B + w / d;
    Wide<T> value = grids[pixel * C + c];
    if (epilogue.plus) value += epilogue.plus[row * C + c];
    y[row * C + c] = epilogue.relu && value < 0 ? Wide<T>(0) : value;
  }
};

// Whether the grids are large enough to be worth it.
inline bool suits_grids(const ConvSizes& s) {
  return s.dilation > 1 && s.stride == 1 && 4 * s.dilation <= std::min(s.OH, s.OW);
}

// The ordinary convolution of all grids, which have their zeros around them.
inline ConvSizes sizes_of_grids(const ConvSizes& s) {
  const Index d = s.dilation, OH = ceil_div(s.OH, d), OW = ceil_div(s.OW, d);
  return {s.N * d * d, OH + s.kH - 1, OW + s.kW - 1, s.C, s.O, s.kH, s.kW, 1, 0, 0, OH, OW};
}

template <class T, class D>
Tensor<T, D> input_grids(const Tensor<T, D>& x, const ConvSizes& s) {
  const ConvSizes g = sizes_of_grids(s);
  Tensor<T, D> grids({g.N, g.H, g.W, g.C});
  D::for_each(g.N * g.H * g.W, g.C,
              ToGrids<T>{x.data(), grids.data(), s.H, s.W, s.C, g.H, g.W, s.dilation, s.top, s.left});
  return grids;
}

// Of a gradient of the result.
template <class T, class D>
Tensor<T, D> output_grids(const Tensor<T, D>& dy, const ConvSizes& s) {
  const ConvSizes g = sizes_of_grids(s);
  Tensor<T, D> grids({g.N, g.OH, g.OW, g.O});
  D::for_each(g.pixels(), g.O,
              ToGrids<T>{dy.data(), grids.data(), s.OH, s.OW, s.O, g.OH, g.OW, s.dilation, 0, 0});
  return grids;
}

template <class T, class D>
Tensor<T, D> from_output_grids(const Tensor<T, D>& grids, const ConvSizes& s,
                               const ConvEpilogue<T>& epilogue) {
  Tensor<T, D> y({s.N, s.OH, s.OW, s.O});
  D::for_each(
      s.pixels(), s.O,
      FromGrids<T>{grids.data(), y.data(), s.OH, s.OW, s.O, grids[1], grids[2], s.dilation, epilogue});
  return y;
}

}  // namespace crisp::detail
