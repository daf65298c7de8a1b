// is_finite, is_nan: by the bits of a number, so that they hold where the compiler was told that no number is
// infinite or NaN (-ffast-math, -Ofast, -ffinite-math-only) and makes std::isfinite a constant.
#pragma once
#include <bit>
#include <concepts>

#include "crisp/core/bfloat16.hpp"

namespace crisp {
namespace detail {

// Without the sign, -1 for what is less than infinity, 0 for infinity, 1 for NaN.
template <class T>
int against_infinity(T value) {
  if constexpr (std::same_as<T, double>) {
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(value) & 0x7fffffffffffffff;
    const std::uint64_t infinity = 0x7ff0000000000000;
    return (bits > infinity) - (bits < infinity);
  } else {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(float(value)) & 0x7fffffff, infinity = 0x7f800000;
    return (bits > infinity) - (bits < infinity);
  }
}

}  // namespace detail

/// Whether a float, double or bfloat16 is neither infinite nor NaN.
template <class T>
bool is_finite(T value) {
  return detail::against_infinity(value) < 0;
}
template <class T>
bool is_nan(T value) {
  return detail::against_infinity(value) > 0;
}

}  // namespace crisp
