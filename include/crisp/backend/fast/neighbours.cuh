// Neighbouring numbers that a thread reads or writes in one access. Memory moves up to 16 bytes a thread and access; with one bfloat16 a
// thread, 2 bytes, an access costs as much and there are as many of them as for float, and half of the time that bfloat16 could save is lost.
#pragma once
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "crisp/backend/cuda/intrinsics.cuh"
#include "crisp/core/bfloat16.hpp"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <int n> struct [[gnu::may_alias]] alignas(4 * n) Words {
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

/// Calls f(n) with the number of neighbours that a thread moves at once, a constant: `most` for values of bfloat16 in rows of C that begin at
/// `rows`, where C and the addresses are multiples of it; else 1.
template <int most, class T, class F, class... P>
void with_neighbours(Index C, const F& f, const T* first, const P*... rows) {
  if constexpr (std::same_as<T, bfloat16>) {
    const auto whole = [](const void* p) { return reinterpret_cast<std::uintptr_t>(p) % (most * sizeof(T)) == 0; };
    if (C % most == 0 && whole(first) && (whole(rows) && ...)) return f(std::integral_constant<int, most>());
  }
  f(std::integral_constant<int, 1>());
}

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
