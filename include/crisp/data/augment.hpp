// Augmentation: the eight ways to lay a square on itself, by flips and quarter turns.
#pragma once
#include <type_traits>

#include "crisp/data/image.hpp"

namespace crisp::data {

/// Copies a square patch, (size, size, C), from the image at (top, left) to `to`, turned in way 0
/// to 7: bit 0 flips up and down, bit 1 left and right, bit 2 exchanges rows and columns
/// afterwards. Values are divided by 255.
template <class T>
void copy_patch(const Image& image, Index top, Index left, Index size, int way, T* to) {
  const Index C = image.channels, row = image.width * C;
  const Index down = way & 1 ? -row : row, right = way & 2 ? -C : C;
  const float* const corner =
      image.samples.data() + (top + (way & 1 ? size - 1 : 0)) * row + (left + (way & 2 ? size - 1 : 0)) * C;
  const Index along_i = way & 4 ? right : down, along_j = way & 4 ? down : right;
  const auto copy = [&](auto channels) {  // known when it is compiled, so that the loop over them goes away
    for (Index i = 0; i < size; ++i) {
      const float* from = corner + i * along_i;
      for (Index j = 0; j < size; ++j, from += along_j)
        for (Index c = 0; c < channels; ++c) *to++ = T(from[c]) / T(255);
    }
  };
  if (C == 1) copy(std::integral_constant<Index, 1>());
  else if (C == 3) copy(std::integral_constant<Index, 3>());
  else copy(C);
}

/// The whole image, turned in way 0 to 7: (H, W, C) -> (H, W, C), or (W, H, C) for the ways from 4 on.
inline Image turned(const Image& x, int way) {
  Image y(way & 4 ? x.width : x.height, way & 4 ? x.height : x.width, x.channels);
  for (Index i = 0; i < y.height; ++i)
    for (Index j = 0; j < y.width; ++j) {
      const Index a = way & 4 ? j : i, b = way & 4 ? i : j;
      const Index from_y = way & 1 ? x.height - 1 - a : a;
      const Index from_x = way & 2 ? x.width - 1 - b : b;
      for (Index c = 0; c < x.channels; ++c) y.at(i, j, c) = x.at(from_y, from_x, c);
    }
  return y;
}

/// What turned(x, way) makes of x, turned back.
inline Image turned_back(const Image& y, int way) {
  const bool exchanged = (way & 4) != 0;  // then the flips come in the other order
  return turned(y, exchanged ? 4 | (way & 1) << 1 | (way & 2) >> 1 : way);
}

}  // namespace crisp::data
