// Vectors: as many numbers as a register of the processor holds, in the notation that GCC and Clang share.
// What is written with them needs no intrinsics, and is right on a machine of any width.
#pragma once
#include <cstring>
#include <type_traits>

#include "crisp/backend/cpu/simd/instruction_set.hpp"
#include "crisp/core/shape.hpp"
#if defined(__CUDACC__)
#pragma nv_diag_suppress 1675  // nvcc passes "GCC unroll" on to g++, and warns
#endif

namespace crisp::cpu::inline CRISP_CPU_KIND {

template <class T>
struct Simd {
  static constexpr int bytes = CRISP_VECTOR_BYTES;
  static constexpr int width = bytes / int(sizeof(T));
  typedef T Vector __attribute__((vector_size(bytes)));
  typedef T Packed __attribute__((vector_size(bytes), aligned(alignof(T)),
                                  may_alias));  // a vector in memory of any alignment
};
template <class T>
using Vector = typename Simd<T>::Vector;
template <class T>
inline constexpr int width = Simd<T>::width;

template <class T>
[[gnu::always_inline]] inline Vector<T> load(const T* p) {
  return *reinterpret_cast<const typename Simd<T>::Packed*>(p);
}

template <class T>
[[gnu::always_inline]] inline void store(T* p, const std::type_identity_t<Vector<T>>& v) {
  *reinterpret_cast<typename Simd<T>::Packed*>(p) = v;
}

// The first n elements, n <= width; the others are zero, or stay. In chunks of fixed size: no call of memcpy.
template <class T>
[[gnu::always_inline]] inline void copy_first(T* to, const T* from, Index n) {
  if (n >= width<T>) return store(to, load(from));
#pragma GCC unroll 4
  for (Index chunk = width<T> / 2; chunk > 0; chunk /= 2)
    if (n & chunk) {
      std::memcpy(to, from, std::size_t(chunk) * sizeof(T));
      to += chunk;
      from += chunk;
    }
}
template <class T>
[[gnu::always_inline]] inline Vector<T> load_first(const T* p, Index n) {
  Vector<T> v{};
  copy_first(reinterpret_cast<T*>(&v), p, n);
  return v;
}
template <class T>
[[gnu::always_inline]] inline void store_first(T* p, const std::type_identity_t<Vector<T>>& v, Index n) {
  copy_first(p, reinterpret_cast<const T*>(&v), n);
}

template <class T>
[[gnu::always_inline]] inline Vector<T> broadcast(T x) {
  return x - Vector<T>{};
}

// The sum of N elements in memory, which it overwrites: halves upon halves, always in the same order.
template <class T, int N>
[[gnu::always_inline]] inline T sum_halves(T* x) {
  if constexpr (N == 1) return x[0];
  else {
    typedef T Half __attribute__((vector_size(N / 2 * sizeof(T))));
    Half low, high;
    std::memcpy(&low, x, sizeof low);
    std::memcpy(&high, x + N / 2, sizeof high);
    low += high;
    std::memcpy(x, &low, sizeof low);
    return sum_halves<T, N / 2>(x);
  }
}
template <class T>
[[gnu::always_inline]] inline T sum_of(const Vector<T>& v) {
  T x[width<T>];
  std::memcpy(x, &v, sizeof x);
  return sum_halves<T, width<T>>(x);
}

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
