// The kernels behind Cuda::for_each and Cuda::row_reduce, and the shapes of their launches.
#pragma once
#include <algorithm>
#include <bit>

#include "crisp/backend/cuda/runtime.cuh"
#include "crisp/core/bfloat16.hpp"
#include "crisp/core/rounding.hpp"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

constexpr int block_threads = 256;
constexpr Index max_blocks = 65535;         // along the y and z of a grid
constexpr Index max_blocks_x = 2147483647;  // along its x

// The threads of a block where n are needed in all: whole warps, and no more than are needed.
inline Index block_size(Index n) { return std::min<Index>(ceil_div(n, 32) * 32, block_threads); }

template <class T>
struct Zeros {  // of matrices that lie `stride` elements apart
  T* c;
  Index stride;
  CRISP_HD void operator()(Index i, Index at) const { c[i * stride + at] = T(0); }
};

// One thread an element; where the grid ends before the elements do, a thread takes several. That is rare, so
// the loop is not written out.
template <class F>
__global__ void __launch_bounds__(block_threads) for_each_element(Index n, F f) {
  const Index step = Index(gridDim.x) * blockDim.x;
  CRISP_ROLLED
  for (Index i = Index(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step) f(i);
}

// Threads x along the columns, y along the rows: nothing is divided to find the two, and neighbours touch
// neighbouring elements.
template <class F>
__global__ void __launch_bounds__(block_threads) for_each_row_and_column(Index rows, Index cols, F f) {
  const Index row_step = Index(gridDim.x) * blockDim.y, col_step = Index(gridDim.y) * blockDim.x;
  CRISP_ROLLED
  for (Index row = Index(blockIdx.x) * blockDim.y + threadIdx.y; row < rows; row += row_step) CRISP_ROLLED
  for (Index col = Index(blockIdx.y) * blockDim.x + threadIdx.x; col < cols; col += col_step) f(row, col);
}

// The width of a block for rows of so many columns, a power of two: the one that leaves the fewest threads
// without work.
inline unsigned block_width(Index cols) {
  Index best = std::min<Index>(Index(std::bit_ceil(std::uint64_t(std::max<Index>(cols, 1)))), 32);
  for (Index width = 64; width <= block_threads && best >= 32; width *= 2)
    if (ceil_div(cols, width) * width <= ceil_div(cols, best) * best) best = width;
  return unsigned(best);
}

// The join over `lanes` neighbouring threads of a warp, a power of two, in each of them. All threads of the
// warp must come here.
template <class Join, class T>
__device__ T join_lanes(T value, int lanes) {
  for (int distance = lanes / 2; distance > 0; distance /= 2)
    value = Join::join(value, __shfl_xor_sync(~0u, value, distance));
  return value;
}

// `lanes` neighbouring threads a row: rows that lie one after the other are read without gaps, however short
// they are.
template <class Join, class F, class T>
__global__ void __launch_bounds__(block_threads)
    reduce_rows_by_lanes(Index rows, Index cols, F f, T* y, int lanes) {
  const Index per_block = int(blockDim.x) / lanes, lane = int(threadIdx.x) % lanes,
              mine = int(threadIdx.x) / lanes;
  for (Index first = blockIdx.x * per_block; first < rows;
       first += gridDim.x * per_block) {  // the same for all threads of the block
    const Index row = first + mine;
    Wide<T> result = Join::template first<Wide<T>>();
    if (row < rows)
      for (Index col = lane; col < cols; col += lanes) result = Join::join(result, Wide<T>(f(row, col)));
    result = join_lanes<Join>(result, lanes);
    if (lane == 0 && row < rows) y[row] = result;
  }
}

// A block a row, for long ones.
template <class Join, class F, class T>
__global__ void __launch_bounds__(1024) reduce_rows_by_blocks(Index rows, Index cols, F f, T* y) {
  CRISP_SHARED(Wide<T>[32], of_warp);
  const int lane = int(threadIdx.x) % 32, warp = int(threadIdx.x) / 32, warps = int(blockDim.x) / 32;
  for (Index row = blockIdx.x; row < rows; row += gridDim.x) {
    Wide<T> result = Join::template first<Wide<T>>();
    for (Index col = threadIdx.x; col < cols; col += blockDim.x)
      result = Join::join(result, Wide<T>(f(row, col)));
    result = join_lanes<Join>(result, 32);
    if (lane == 0) of_warp[warp] = result;
    __syncthreads();
    if (warp == 0) {
      result = join_lanes<Join>(lane < warps ? of_warp[lane] : Join::template first<Wide<T>>(), 32);
      if (lane == 0) y[row] = result;
    }
    __syncthreads();  // of_warp is free for the next row
  }
}

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
