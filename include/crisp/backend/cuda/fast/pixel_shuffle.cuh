// Pixel shuffle on the GPU: neighbouring threads write neighbouring numbers, and what they read in between
// lies in a few cache lines.
#pragma once
#include "crisp/backend/cuda/fast/scratch.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <class T>
struct ShuffledPixels {  // y (N r H, W r C); row = (n, h, i), col = (w, j, c)
  const T* x;
  T* y;
  int W, C, r;
  CRISP_HD void operator()(Index row, Index col) const {
    const int pixel = int(col) / C, c = int(col) % C, w = pixel / r, j = pixel % r, i = int(row % r);
    y[row * W * r * C + col] = x[((row / r * W + w) * C + c) * r * r + i * r + j];
  }
};
template <class T>
struct UnshuffledPixels {  // x (N H, W C r r); row = (n, h), col = (w, c, i, j)
  const T* y;
  T* x;
  int W, C, r;
  CRISP_HD void operator()(Index row, Index col) const {
    const int channel = int(col) / (r * r), j = int(col) % r, i = int(col) / r % r, w = channel / C,
              c = channel % C;
    x[row * W * C * r * r + col] = y[((row * r + i) * W + w) * r * C + j * C + c];
  }
};

struct FastPixelShuffle {
  /// x (N, H, W, r r C) -> y (N, r H, r W, C), see ops/pixel_shuffle.hpp; `back`: from y to x. Both may be
  /// the same memory: then the source is copied first, as blocks are in no order.
  template <class T>
  static bool pixel_shuffle(const T* source, T* to, Index N, Index H, Index W, Index C, Index r, bool back) {
    const Index all = N * H * W * C * r * r;
    const Scratch<T> copy(source == to ? all : 0);
    if (source == to && all > 0) {
      cuda_check(cudaMemcpyAsync(copy.data(), source, std::size_t(all) * sizeof(T), cudaMemcpyDeviceToDevice,
                                 Turn().stream),
                 "copying on the GPU");
      source = copy.data();
    }
    if (back)
      PlainCuda::for_each(N * H, W * C * r * r, UnshuffledPixels<T>{source, to, int(W), int(C), int(r)});
    else PlainCuda::for_each(N * H * r, W * r * C, ShuffledPixels<T>{source, to, int(W), int(C), int(r)});
    return true;
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
