// Whole numbers rounded up: for cutting n elements into chunks.
#pragma once
#include <concepts>
#include <type_traits>

#include "crisp/fwd.hpp"

namespace crisp {

/// n / size, rounded up: how many chunks of `size` hold n elements.
template <std::integral N, std::integral Size>
CRISP_HD constexpr std::common_type_t<N, Size> ceil_div(N n, Size size) {
  return (n + size - 1) / size;
}

/// The smallest multiple of `multiple` that is not below n.
template <std::integral N, std::integral Multiple>
CRISP_HD constexpr std::common_type_t<N, Multiple> round_up(N n, Multiple multiple) {
  return ceil_div(n, multiple) * multiple;
}

}  // namespace crisp
