// softmax on the GPU: a warp has a row, a lane every 32nd of its elements, so that neighbouring threads read
// neighbouring numbers.
#pragma once
#include <concepts>

#include "crisp/backend/cuda/plain.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

constexpr int softmax_warps = block_threads / 32;

template <class T, class W = Wide<T>>
__global__ void __launch_bounds__(block_threads) softmax_of_rows(const T* x, T* y, Index rows, Index n) {
  const Index row = Index(blockIdx.x) * softmax_warps + threadIdx.x / 32;
  if (row >= rows) return;  // all of the warp
  const int lane = int(threadIdx.x) % 32;
  const T* from = x + row * n;
  T* to = y + row * n;
  // y holds the powers in between; rounded there, they would be rounded twice.
  constexpr bool kept = std::same_as<T, W>;
  W largest = Max::first<W>(), sum = 0;
  for (Index k = lane; k < n; k += 32) largest = Max::join(largest, W(from[k]));
  largest = join_lanes<Max>(largest, 32);
  for (Index k = lane; k < n; k += 32) {
    const W power = exp(from[k] - largest);  // at most 1: nothing overflows
    sum += power;
    if constexpr (kept) to[k] = power;
  }
  const W scale = W(1) / join_lanes<Sum>(sum, 32);
  for (Index k = lane; k < n; k += 32) to[k] = (kept ? W(to[k]) : exp(from[k] - largest)) * scale;
}

template <class T, class W = Wide<T>>
__global__ void __launch_bounds__(block_threads)
    softmax_back(const T* y, const T* dy, T* dx, Index rows, Index n) {
  const Index row = Index(blockIdx.x) * softmax_warps + threadIdx.x / 32;
  if (row >= rows) return;
  const Index first = row * n + int(threadIdx.x) % 32, end = (row + 1) * n;
  W sum = 0;
  for (Index k = first; k < end; k += 32) sum += W(y[k]) * W(dy[k]);
  sum = join_lanes<Sum>(sum, 32);
  for (Index k = first; k < end; k += 32) dx[k] = W(y[k]) * (W(dy[k]) - sum);
}

struct FastSoftmax {
  /// y = softmax of each of `rows` rows of n elements.
  template <class T>
  static bool softmax(const T* x, T* y, Index rows, Index n) {
    if (rows > 0)
      launch("softmax", softmax_of_rows<T>, dim3(unsigned(ceil_div(rows, softmax_warps))),
             dim3(block_threads), 0, x, y, rows, n);
    return true;
  }

  /// dx = y (dy - the sum over the row of y dy).
  template <class T>
  static bool softmax_gradient(const T* y, const T* dy, T* dx, Index rows, Index n) {
    if (rows > 0)
      launch("softmax_gradient", softmax_back<T>, dim3(unsigned(ceil_div(rows, softmax_warps))),
             dim3(block_threads), 0, y, dy, dx, rows, n);
    return true;
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
