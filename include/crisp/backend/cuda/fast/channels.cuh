// Sums over the rows of a matrix (rows, C), one for each channel: every number is read once, in neighbouring
// threads neighbouring channels. The sum of the rows is one: the gradient of a bias.
#pragma once
#include <algorithm>

#include "crisp/backend/cuda/fast/neighbours.cuh"
#include "crisp/backend/cuda/fast/scratch.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

// parts (chunks, S, C), for the chunk and the channels of a block, = the sums over the rows of the chunk of
// what f(row, c, sum) adds to sum[0 .. S), each of n channels from c on. Threads x go along the channels, y
// along the rows; those of the same channels add theirs up in pairs, in a fixed order.
template <int S, int n, class T, class F>
__global__ void __launch_bounds__(block_threads)
    sum_channels_of_chunks(Index rows, Index C, Index chunk, F f, T* parts) {
  CRISP_SHARED(Wide<T>[S][n][block_threads], shared);
  const Index c = (Index(blockIdx.x) * blockDim.x + threadIdx.x) * n, first = Index(blockIdx.y) * chunk;
  const int me = int(threadIdx.y * blockDim.x + threadIdx.x),
            count = int(min(rows - first, chunk));  // rows in 32 bits: registers for all the threads that fit
  Wide<T> sum[S][n] = {};
  if (c < C) CRISP_UNROLL_FEW
  for (int row = int(threadIdx.y); row < count; row += int(blockDim.y)) f(first + row, c, sum);
  CRISP_UNROLL
  for (int s = 0; s < S; ++s) CRISP_UNROLL
  for (int k = 0; k < n; ++k) shared[s][k][me] = sum[s][k];
  for (int half = block_threads / 2; half >= int(blockDim.x); half /= 2) {
    __syncthreads();
    if (me < half) {
      CRISP_UNROLL
      for (int s = 0; s < S; ++s) CRISP_UNROLL
      for (int k = 0; k < n; ++k) shared[s][k][me] += shared[s][k][me + half];
    }
  }
  if (threadIdx.y == 0 && c < C) {
    CRISP_UNROLL
    for (int s = 0; s < S; ++s) CRISP_UNROLL
    for (int k = 0; k < n; ++k) parts[(Index(blockIdx.y) * S + s) * C + c + k] = shared[s][k][me];
  }
}

template <class T, int n>
struct AddElement {  // the rows themselves
  const T* x;
  Index C;
  __device__ void operator()(Index row, Index c, Wide<T> (&sum)[1][n]) const {
    Wide<T> v[n];
    load(x + row * C + c, v);
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) sum[0][k] += v[k];
  }
};

// sums (S, C), by chunks whose number depends on the sizes alone, and then once more over the chunks. What f
// reads is its own affair: all sums are Wide<T>, and are rounded to T at the end.
template <int S, int n, class T, class F>
void sum_channels(Index rows, Index C, T* sums, const F& f) {
  if (C <= 0) return;
  const unsigned width = std::min(32u, block_width(C / n));
  const dim3 block(width, block_threads / width);
  const Index across = ceil_div(C / n, block.x), wanted = std::clamp<Index>(rows / (8 * block.y), 1, 256),
              chunk = ceil_div(std::max<Index>(rows, 1), wanted);
  const dim3 grid(unsigned(across), unsigned(std::max<Index>(ceil_div(rows, chunk), 1)));
  if (grid.y == 1)
    return launch("sum_channels", sum_channels_of_chunks<S, n, T, F>, grid, block, 0, rows, C, chunk, f,
                  sums);
  const Scratch<Wide<T>> parts(grid.y * S * C);
  launch("sum_channels", sum_channels_of_chunks<S, n, Wide<T>, F>, grid, block, 0, rows, C, chunk, f,
         parts.data());
  using Add = AddElement<Wide<T>, 1>;
  const dim3 last(unsigned(ceil_div(S * C, block.x)));
  launch("sum_channels", sum_channels_of_chunks<1, 1, T, Add>, last, block, 0, grid.y, S * C, grid.y,
         Add{parts.data(), S * C}, sums);
}

struct FastSumRows {
  /// sums (C) = the sum over the rows of x (rows, C). To: what a sum is rounded to at the end.
  template <class T, class To>
  static bool sum_rows(const T* x, Index rows, Index C, To* sums) {
    with_neighbours<8>(
        C,
        [&](auto n) {
          sum_channels<1, n>(rows, C, sums, AddElement<T, n>{x, C});
        },
        x);
    return true;
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
