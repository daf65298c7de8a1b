// Augmentation: the eight ways to lay a square on itself, by flips and quarter turns.
#pragma once
#include "crisp/data/image.hpp"

namespace crisp::data {

/// Copies a square patch, (size, size, C), from the image at (top, left) to `to`, turned in way 0
/// to 7: bit 0 flips up and down, bit 1 left and right, bit 2 exchanges rows and columns
/// afterwards. Values are divided by 255.
template <class T>
void copy_patch(const Image& image, Index top, Index left, Index size, int way, T* to) {
  for (Index i = 0; i < size; ++i)
    for (Index j = 0; j < size; ++j) {
      const Index a = way & 4 ? j : i, b = way & 4 ? i : j;
      const Index y = top + (way & 1 ? size - 1 - a : a);
      const Index x = left + (way & 2 ? size - 1 - b : b);
      for (Index c = 0; c < image.channels; ++c) *to++ = T(image.at(y, x, c)) / T(255);
    }
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
