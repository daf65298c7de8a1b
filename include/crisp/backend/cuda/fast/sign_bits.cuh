// Which numbers are positive, as bits: 32 to a word, which the 32 threads of a warp find together.
#pragma once
#include "crisp/backend/cuda/plain.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <class T>
__global__ void __launch_bounds__(block_threads) positive_bits_of(const T* y, Index n, std::uint32_t* bits) {
  const Index step = Index(gridDim.x) * block_threads, first = Index(blockIdx.x) * block_threads;
  for (Index block = first; block < n; block += step) {  // the same for all threads of a warp
    const Index i = block + threadIdx.x;
    const unsigned all = __ballot_sync(~0u, i < n && y[i] > Wide<T>(0));
    if (threadIdx.x % 32 == 0 && i < n) bits[i / 32] = all;
  }
}

struct FastSignBits {
  /// Bit i % 32 of bits[i / 32] is whether y[i] > 0, for i < n; the bits beyond n are 0.
  template <class T>
  static bool positive_bits(const T* y, Index n, std::uint32_t* bits) {
    if (n <= 0) return true;
    const Index blocks = std::min(ceil_div(n, block_threads), max_blocks_x);
    launch("positive_bits", positive_bits_of<T>, dim3(unsigned(blocks)), dim3(block_threads), 0, y, n, bits);
    return true;
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
