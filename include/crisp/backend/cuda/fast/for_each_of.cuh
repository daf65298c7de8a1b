// One launch for many small pieces of work, such as a step of an optimizer for each of a hundred weights: the
// kernels of all of them travel as its argument, and each block looks up whose elements it has.
#pragma once
#include <tuple>
#include <utility>
#include <vector>

#include "crisp/backend/cuda/plain.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <class F>
struct ManyKernels {
  // An argument may have 4 KB.
  static constexpr int limit = int(4000 / (sizeof(F) + sizeof(Index) + sizeof(unsigned)));
  static constexpr int elements = 4 * block_threads;  // of a block
  F f[limit];
  Index n[limit];
  unsigned end[limit];  // the first block after those of this kernel
};

template <class F>
__global__ void __launch_bounds__(block_threads) for_each_of_many(ManyKernels<F> many) {
  int k = 0;
  while (blockIdx.x >= many.end[k]) ++k;
  const F f = many.f[k];
  const unsigned block = blockIdx.x - (k ? many.end[k - 1] : 0);
  const Index first = Index(block) * ManyKernels<F>::elements + threadIdx.x,
              end = min(many.n[k], Index(block + 1) * ManyKernels<F>::elements);
  for (Index i = first; i < end; i += block_threads) f(i);
}

struct FastForEachOf {
  /// f(i) for i in [0, n), for each (n, f); no f may read what another writes.
  template <class F>
  static void for_each_of(const std::vector<std::pair<Index, F>>& work) {
    using Many = ManyKernels<F>;
    for (std::size_t first = 0; first < work.size(); first += Many::limit) {
      Many many{};
      Index blocks = 0;
      for (std::size_t k = 0; k < Many::limit; ++k) {
        if (first + k < work.size()) {
          std::tie(many.n[k], many.f[k]) = work[first + k];
          blocks += ceil_div(many.n[k], Many::elements);
        }
        many.end[k] = unsigned(blocks);
      }
      if (blocks > 0)
        launch("for_each_of", for_each_of_many<F>, dim3(unsigned(blocks)), dim3(block_threads), 0, many);
    }
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
