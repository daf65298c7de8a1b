// Mirrored positions: which pixel of an axis of n pixels stands at a position outside of it.
#pragma once
#include "crisp/fwd.hpp"

namespace crisp::detail {

/// Mirrored about the pixels at the ends, c b | a b c | b a: -1 is 1, n is n - 2. For i from -(n - 1) to 2
/// (n - 1).
inline Index mirrored_about_pixel(Index i, Index n) {
  if (i < 0) return -i;
  return i < n ? i : 2 * (n - 1) - i;
}

/// Mirrored about the edges, c b a | a b c | c b a: -1 is 0, n is n - 1. For any i, as the mirror images
/// repeat.
inline Index mirrored_about_edge(Index i, Index n) {
  const Index period = 2 * n, place = (i % period + period) % period;
  return place < n ? place : period - 1 - place;
}

}  // namespace crisp::detail
