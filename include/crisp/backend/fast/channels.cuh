// Sums over the rows of a matrix (rows, C), one for each channel: every number is read once, in neighbouring threads neighbouring channels.
// The sum of the rows is one: the gradient of a bias.
#pragma once
#include <algorithm>

#include "crisp/backend/fast/scratch.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

// parts (pieces, S, C), for the piece and the channels of a block, = the sums over the rows of the piece of what f(row, c, sum) adds to
// sum[0 .. S). Threads x go along the channels, y along the rows; those of a channel add theirs up in pairs, in a fixed order.
template <int S, class T, class F>
__global__ void __launch_bounds__(block_threads) sum_channels_of_pieces(Index rows, Index C, Index piece, F f, T* parts) {
  CRISP_SHARED(T[S][block_threads], shared);
  const Index c = Index(blockIdx.x) * blockDim.x + threadIdx.x, end = min(rows, (Index(blockIdx.y) + 1) * piece);
  const int me = int(threadIdx.y * blockDim.x + threadIdx.x);
  T sum[S] = {};
  if (c < C)
    for (Index row = Index(blockIdx.y) * piece + threadIdx.y; row < end; row += blockDim.y) f(row, c, sum);
  CRISP_UNROLL
  for (int s = 0; s < S; ++s) shared[s][me] = sum[s];
  for (int half = block_threads / 2; half >= int(blockDim.x); half /= 2) {
    __syncthreads();
    if (me < half) {
      CRISP_UNROLL
      for (int s = 0; s < S; ++s) shared[s][me] += shared[s][me + half];
    }
  }
  if (threadIdx.y == 0 && c < C) {
    CRISP_UNROLL
    for (int s = 0; s < S; ++s) parts[(Index(blockIdx.y) * S + s) * C + c] = shared[s][me];
  }
}

template <class T> struct AddElement {  // the rows themselves
  const T* x; Index C;
  CRISP_HD void operator()(Index row, Index c, T (&sum)[1]) const { sum[0] += x[row * C + c]; }
};

// sums (S, C), by pieces whose number depends on the sizes alone, and then once more over the pieces.
template <int S, class T, class F>
void sum_channels(Index rows, Index C, T* sums, const F& f) {
  if (C <= 0) return;
  const dim3 block(std::min(32u, block_width(C)), block_threads / std::min(32u, block_width(C)));
  const Index across = pieces(C, block.x), wanted = std::clamp<Index>(rows / (8 * block.y), 1, 256), piece = pieces(std::max<Index>(rows, 1), wanted);
  const Index count = std::max<Index>(pieces(rows, piece), 1);
  const Scratch<T> parts(count == 1 ? 0 : count * S * C);
  launch("sum_channels", sum_channels_of_pieces<S, T, F>, dim3(unsigned(across), unsigned(count)), block, 0, rows, C, piece, f, count == 1 ? sums : parts.data());
  if (count == 1) return;
  const dim3 last(unsigned(pieces(S * C, block.x)));
  launch("sum_channels", sum_channels_of_pieces<1, T, AddElement<T>>, last, block, 0, count, S * C, count, AddElement<T>{parts.data(), S * C}, sums);
}

struct FastSumRows {
  /// sums (C) = the sum over the rows of x (rows, C).
  template <class T>
  static void sum_rows(const T* x, Index rows, Index C, T* sums) { sum_channels<1>(rows, C, sums, AddElement<T>{x, C}); }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
