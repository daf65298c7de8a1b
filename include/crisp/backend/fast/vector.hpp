// Vectors: as many numbers as a register of the processor holds, in the notation that GCC and Clang share. What is written with them
// needs no intrinsics, and is right on a machine of any width.
#pragma once
#include <cstring>
#include <type_traits>

#include "crisp/fwd.hpp"

namespace crisp::detail {

template <class T>
struct Simd {
#if defined(__AVX512F__)
  static constexpr int bytes = 64;
#elif defined(__AVX__)
  static constexpr int bytes = 32;
#else
  static constexpr int bytes = 16;
#endif
  static constexpr int width = bytes / int(sizeof(T));
  typedef T Vector __attribute__((vector_size(bytes)));
  typedef T Packed __attribute__((vector_size(bytes), aligned(alignof(T)), may_alias));  // a vector in memory of any alignment
};
template <class T> using Vector = typename Simd<T>::Vector;
template <class T> inline constexpr int width = Simd<T>::width;

template <class T>
[[gnu::always_inline]] inline Vector<T> load(const T* p) { return *reinterpret_cast<const typename Simd<T>::Packed*>(p); }

template <class T>
[[gnu::always_inline]] inline void store(T* p, const std::type_identity_t<Vector<T>>& v) { *reinterpret_cast<typename Simd<T>::Packed*>(p) = v; }

// The first n elements, n < width; the others are zero, or stay.
template <class T>
[[gnu::always_inline]] inline Vector<T> load_first(const T* p, Index n) {
  Vector<T> v{};
  std::memcpy(&v, p, std::size_t(n) * sizeof(T));
  return v;
}
template <class T>
[[gnu::always_inline]] inline void store_first(T* p, const std::type_identity_t<Vector<T>>& v, Index n) { std::memcpy(p, &v, std::size_t(n) * sizeof(T)); }

template <class T>
[[gnu::always_inline]] inline Vector<T> broadcast(T x) { return x - Vector<T>{}; }

// The sum of the elements, in halves: the order is that of a tree.
template <class T>
[[gnu::always_inline]] inline T sum_of(const Vector<T>& v) {
  T x[width<T>];
  std::memcpy(x, &v, sizeof x);
#pragma GCC unroll 8
  for (int half = width<T> / 2; half > 0; half /= 2)
#pragma GCC unroll 16
    for (int i = 0; i < half; ++i) x[i] += x[i + half];
  return x[0];
}

}  // namespace crisp::detail
