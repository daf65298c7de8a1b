// Functions of float vectors without branches: exp, and the normal distribution, which is what gelu needs of erf. The coefficients are
// our own, fitted by least squares whose weights were changed until the largest error was smallest.
#pragma once
#include "crisp/backend/fast/vector.hpp"

namespace crisp::detail {

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

// e^x = 2^n e^r with n = x / log 2, rounded: then |r| <= log(2) / 2. To 1 unit in the last place (2 where the result is subnormal);
// 0 and infinity where it leaves the range, NaN stays.
[[gnu::always_inline]] inline Floats exp(Floats x) {
  constexpr float c[] = {0.49999993448591257f, 0.16666520644262084f, 0.04166838790981832f, 0.008368715319736627f, 0.0013814600820071486f};
  constexpr float nearest = 12582912;  // 1.5 2^23: what is added to it is rounded to an integer, which its last bits hold
  x = x < -104.f ? broadcast(-104.f) : x;
  x = x > 89.f ? broadcast(89.f) : x;
  const Floats shifted = x * 1.44269504088896341f + nearest, n = shifted - nearest;
  const Floats r = x - n * 0.693359375f + n * 2.12194440054690583e-4f;  // log 2 in two parts: n times the first is exact
  const Floats y = r * r * polynomial(c, r) + r + 1.f;
  // 2^n is beyond the range of floats for some n whose result is not: so it is multiplied in two halves.
  const Bits exponent = (Bits)shifted - (Bits)broadcast(nearest) + 256u, half = exponent >> 1;
  return y * (Floats)((half - 1u) << 23) * (Floats)((exponent - half - 1u) << 23);
}

// Phi(x) = (1 + erf(x / sqrt 2)) / 2, to 1e-7, and for x < 0 to a few units in the last place also where it is tiny; and exp(-x^2 / 2).
struct Normal {
  Floats below, bell;
};
[[gnu::always_inline]] inline Normal normal(const Floats& x) {
  // Phi(-a) exp(a^2 / 2) is smooth, and in t = 1 / (1 + 0.3 a) nearly a polynomial (the form of Abramowitz and Stegun, 7.1.26).
  constexpr float c[] = {0.11962869862882745f, 0.12077149630928458f, 0.09974655468333035f, 0.12931462773559854f,
                         -0.05550049280498594f, 0.20875497395609127f, -0.1588390640241065f, 0.03612320994597966f};
  const Floats a = x < 0.f ? -x : x, bell = exp(-0.5f * x * x), t = 1.f / (1.f + 0.3f * a);
  const Floats tail = bell * (t * polynomial(c, t));
  return {x < 0.f ? tail : 1.f - tail, bell};
}

}  // namespace crisp::detail
