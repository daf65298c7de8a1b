// bfloat16: the upper half of a float, which halves the memory that values take: 8 bits of precision, and the
// range of float. It is for storage: every operation reads it as float, and the result is rounded where it is
// stored.
#pragma once
#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "crisp/fwd.hpp"

namespace crisp {

struct bfloat16 {
  std::uint16_t bits;

  bfloat16() = default;
  template <class U>
  requires std::is_arithmetic_v<U> CRISP_HD constexpr bfloat16(U value) : bits(rounded(float(value))) {}

  CRISP_HD constexpr operator float() const { return __builtin_bit_cast(float, std::uint32_t(bits) << 16); }
  CRISP_HD constexpr bfloat16& operator+=(float x) { return *this = float(*this) + x; }
  CRISP_HD constexpr bfloat16& operator-=(float x) { return *this = float(*this) - x; }
  CRISP_HD constexpr bfloat16& operator*=(float x) { return *this = float(*this) * x; }
  CRISP_HD constexpr bfloat16& operator/=(float x) { return *this = float(*this) / x; }

 private:
  CRISP_HD static constexpr std::uint16_t rounded(float x) {
    const std::uint32_t b = __builtin_bit_cast(std::uint32_t, x);
    if (x != x) return 0x7fff;                                 // NaN
    return std::uint16_t((b + 0x7fff + (b >> 16 & 1)) >> 16);  // to nearest, ties to even
  }
};
static_assert(sizeof(bfloat16) == 2 && std::is_trivially_copyable_v<bfloat16>);

namespace detail {
template <class T>
struct WideOf {
  using type = T;
};
template <>
struct WideOf<bfloat16> {
  using type = float;
};
}  // namespace detail

/// What values of type T are summed in, and what the weights of a layer on such values are kept in: float for
/// bfloat16, else T itself.
template <class T>
using Wide = typename detail::WideOf<T>::type;

}  // namespace crisp
