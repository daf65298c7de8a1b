// From a number at run time to a constant at compile time, of which a kernel is made.
#pragma once
#include <type_traits>

#include "crisp/backend/cuda/runtime.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

/// Calls f with the first of the constants for which fits(constant), or else with the last.
template <int first, int... rest, class Fits, class F>
void with_constant(const Fits& fits, const F& f) {
  if constexpr (sizeof...(rest) == 0) f(std::integral_constant<int, first>());
  else if (fits(first)) f(std::integral_constant<int, first>());
  else with_constant<rest...>(fits, f);
}

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
