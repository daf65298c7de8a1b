// Neighbouring numbers that a thread reads or writes in one access, of up to 16 bytes. A kernel that moves
// one bfloat16 a thread needs as many threads, addresses and accesses as for float, and takes about as long,
// for half of the bytes.
#pragma once
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "crisp/backend/cuda/intrinsics.cuh"
#include "crisp/core/bfloat16.hpp"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <int n>
struct [[gnu::may_alias]] alignas(4 * n) Words {
  unsigned at[n];
};

/// to = the n numbers from `from` on: a bfloat16 with neighbours lies on a multiple of n numbers.
template <class T, int n>
__device__ __forceinline__ void load(const T* from, Wide<T> (&to)[n]) {
  if constexpr (std::same_as<T, bfloat16> && n > 1) {
    const Words<n / 2> pairs = *reinterpret_cast<const Words<n / 2>*>(from);
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) to[k] = k % 2 ? high_bf16(pairs.at[k / 2]) : low_bf16(pairs.at[k / 2]);
  } else {
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) to[k] = from[k];
  }
}

/// The n numbers from `to` on = from, rounded to T.
template <class T, int n>
__device__ __forceinline__ void store(T* to, const Wide<T> (&from)[n]) {
  if constexpr (std::same_as<T, bfloat16> && n > 1) {
    Words<n / 2> pairs;
    CRISP_UNROLL
    for (int k = 0; k < n; k += 2) pairs.at[k / 2] = to_bf16_pair(from[k], from[k + 1]);
    *reinterpret_cast<Words<n / 2>*>(to) = pairs;
  } else {
    CRISP_UNROLL
    for (int k = 0; k < n; ++k) to[k] = from[k];
  }
}

/// Calls f(n) with the number of neighbours that a thread moves at once, a constant: of bfloat16 in rows of C
/// that begin at `rows` the largest of most, most / 2, .. 1 of which C and the addresses are multiples; of
/// other types 1.
template <int limit, class T, class F, class... P>
void with_neighbours(Index C, const F& f, const T* first, const P*... rows) {
  constexpr int n = std::same_as<T, bfloat16> ? limit : 1;
  const auto whole = [](const void* p) { return reinterpret_cast<std::uintptr_t>(p) % (n * sizeof(T)) == 0; };
  if constexpr (n > 1)
    if (C % n != 0 || !whole(first) || !(whole(rows) && ...))
      return with_neighbours<n / 2>(C, f, first, rows...);
  f(std::integral_constant<int, n>());
}

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
