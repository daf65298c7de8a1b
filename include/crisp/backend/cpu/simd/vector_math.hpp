// Functions of float vectors without branches: exp, and the normal distribution, which is what gelu needs of
// erf; and what brings lanes of different vectors together. The coefficients are our own, fitted by least
// squares whose weights were changed until the largest error was smallest.
#pragma once
#include "crisp/backend/cpu/simd/vector.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

using Floats = Vector<float>;
typedef unsigned Bits __attribute__((vector_size(Simd<float>::bytes)));

// c[0] + c[1] x + c[2] x^2 + ...
template <int N>
[[gnu::always_inline]] inline Floats polynomial(const float (&c)[N], const Floats& x) {
  Floats y = broadcast(c[N - 1]);
#pragma GCC unroll 16
  for (int i = N - 2; i >= 0; --i) y = y * x + c[i];
  return y;
}

// e^x as y 2^n, n the nearest integer to x / log 2: y = e^r with |r| <= log(2) / 2. The last bits of
// `shifted` are those of n.
struct Power {
  Floats y, shifted;
};
inline constexpr float to_last_bits = 12582912;  // 1.5 2^23: what is added to it is rounded to an integer
[[gnu::always_inline]] inline Power power(const Floats& x) {
  constexpr float c[] = {0.49999993448591257f, 0.16666520644262084f, 0.04166838790981832f,
                         0.008368715319736627f, 0.0013814600820071486f};
  const Floats shifted = x * 1.44269504088896341f + to_last_bits, n = shifted - to_last_bits;
  // Log 2 in two parts: n times the first is exact.
  const Floats r = x - n * 0.693359375f + n * 2.12194440054690583e-4f;
  return {r * r * polynomial(c, r) + r + 1.f, shifted};
}

// e^x to 2 units in the last place; 0 and infinity where it leaves the range, NaN stays.
[[gnu::always_inline]] inline Floats exp(Floats x) {
  x = x < -104.f ? broadcast(-104.f) : x;
  x = x > 89.f ? broadcast(89.f) : x;
  const Power p = power(x);
  // 2^n leaves the range of floats for some n whose result does not: so it is multiplied in two halves.
  const Bits exponent = (Bits)p.shifted - (Bits)broadcast(to_last_bits) + 256u, half = exponent >> 1;
  return p.y * (Floats)((half - 1u) << 23) * (Floats)((exponent - half - 1u) << 23);
}

// The same for x <= 0, faster, but never less than e^-87, 2e-38: for softmax.
[[gnu::always_inline]] inline Floats exp_of_negative(const Floats& x) {
  const Power p = power(x < -87.f ? broadcast(-87.f) : x);
  return p.y * (Floats)(((Bits)p.shifted << 23) + (Bits)broadcast(1.f));
}

// Phi(x) = (1 + erf(x / sqrt 2)) / 2, to 1e-7, and for x < 0 to 1e-5 of itself where it is tiny; and exp(-x^2
// / 2). For |x| <= 13: beyond, Phi is less than 1e-38 from 0 or 1.
struct Normal {
  Floats below, bell;
};
[[gnu::always_inline]] inline Normal normal(const Floats& x) {
  // Phi(-a) exp(a^2 / 2) is 1/2 at a = 0 and nearly a polynomial in u = p a / (1 + p a) (after Abramowitz and
  // Stegun, 7.1.26).
  constexpr float c[] = {0.5f,
                         -1.4247933699598176f,
                         1.7639638030081528f,
                         -1.104844094484144f,
                         0.13572646263282606f,
                         0.20210583063982374f,
                         -0.013492549883413418f,
                         -0.09728798059449822f,
                         0.03867917458222972f};
  const Floats a = 0.28f * (x < 0.f ? -x : x), bell = exp_of_negative(-0.5f * x * x),
               tail = bell * polynomial(c, a / (1.f + a));
  return {x < 0.f ? tail : 1.f - tail, bell};
}

// The lanes of a and b in turn, from their lower halves or from their upper ones.
template <bool upper, class V>
[[gnu::always_inline]] inline V zip(const V& a, const V& b) {
  constexpr int lanes = sizeof(V) / sizeof(a[0]), u = upper ? lanes / 2 : 0;
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 12  // which has no __builtin_shufflevector
  V y;
  for (int i = 0; i < lanes; ++i) y[i] = (i % 2 ? b : a)[u + i / 2];
  return y;
#else
  if constexpr (lanes == 16)
    return __builtin_shufflevector(a, b, u, u + 16, u + 1, u + 17, u + 2, u + 18, u + 3, u + 19, u + 4,
                                   u + 20, u + 5, u + 21, u + 6, u + 22, u + 7, u + 23);
  else if constexpr (lanes == 8)
    return __builtin_shufflevector(a, b, u, u + 8, u + 1, u + 9, u + 2, u + 10, u + 3, u + 11);
  else if constexpr (lanes == 4) return __builtin_shufflevector(a, b, u, u + 4, u + 1, u + 5);
  else return __builtin_shufflevector(a, b, u, u + 2);
#endif
}

// Lane i of the result is the sum over the lanes of x[i]. Overwrites x.
template <class T>
[[gnu::always_inline]] inline Vector<T> sums_of(Vector<T> (&x)[width<T>]) {
#pragma GCC unroll 4
  for (int half = width<T> / 2; half > 0; half /= 2)  // of as many vectors, each lane adds up two
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i) x[i] = zip<false>(x[i], x[i + half]) + zip<true>(x[i], x[i + half]);
  return x[0];
}

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
