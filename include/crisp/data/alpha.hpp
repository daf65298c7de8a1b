// Transparency: colours that nobody sees must not enter a result. Where alpha is 0 a file's colours are
// arbitrary, mostly black; an interpolation or a network would mix them into the edge of what is seen.
#pragma once
#include "crisp/data/image.hpp"

namespace crisp::data {

namespace detail {

// The pixels (as numbers, row by row) that lie next to pixel i, diagonally too.
template <class Visit>
void for_neighbours(const Image& x, Index i, const Visit& visit) {
  const Index row = i / x.width, column = i % x.width;
  for (Index r = std::max<Index>(row - 1, 0); r <= std::min(row + 1, x.height - 1); ++r)
    for (Index c = std::max<Index>(column - 1, 0); c <= std::min(column + 1, x.width - 1); ++c)
      if (r != row || c != column) visit(r * x.width + c);
}

// The mean colour of those neighbours of pixel i that are nearer to what is seen.
inline void fill_pixel(Image& x, Index i, const std::vector<Index>& distance) {
  const Index colours = x.channels - 1;
  float sum[3] = {}, count = 0;
  for_neighbours(x, i, [&](Index k) {
    if (distance[std::size_t(k)] < 0 || distance[std::size_t(k)] >= distance[std::size_t(i)]) return;
    for (Index c = 0; c < colours; ++c) sum[c] += x.samples[std::size_t(k * x.channels + c)];
    ++count;
  });
  for (Index c = 0; c < colours; ++c) x.samples[std::size_t(i * x.channels + c)] = sum[c] / count;
}

}  // namespace detail

/// The image with the colours under an alpha of 0 filled from their neighbours, from the visible edge
/// outwards. Where nothing is visible, and without alpha, nothing changes.
inline Image fill_hidden(Image x) {
  if (!x.has_alpha()) return x;
  const Index pixels = x.height * x.width;
  std::vector<Index> distance(std::size_t(pixels), -1), front;  // in steps from what is seen; -1: not reached
  for (Index i = 0; i < pixels; ++i)
    if (x.samples[std::size_t((i + 1) * x.channels - 1)] > 0) {
      distance[std::size_t(i)] = 0;
      front.push_back(i);
    }
  for (Index steps = 1; !front.empty(); ++steps) {
    std::vector<Index> next;
    for (const Index i : front)
      detail::for_neighbours(x, i, [&](Index k) {
        if (distance[std::size_t(k)] >= 0) return;
        distance[std::size_t(k)] = steps;
        next.push_back(k);
      });
    for (const Index i : next) detail::fill_pixel(x, i, distance);
    front = std::move(next);
  }
  return x;
}

/// The colours alone; those that alpha hides are filled first.
inline Image without_alpha(const Image& x) {
  return x.has_alpha() ? channels(fill_hidden(x), 0, x.channels - 1) : x;
}

/// The image without its alpha where that is 255 everywhere, else as it is.
inline Image without_opaque_alpha(Image x) {
  if (!x.has_alpha()) return x;
  for (Index i = 0; i < x.height * x.width; ++i)
    if (x.samples[std::size_t((i + 1) * x.channels - 1)] < 255) return x;
  return channels(x, 0, x.channels - 1);
}

/// The colours over a white ground, as a page shows them.
inline Image over_white(const Image& x) {
  if (!x.has_alpha()) return x;
  Image y = channels(x, 0, x.channels - 1);
  for (Index i = 0; i < x.height * x.width; ++i) {
    const float alpha = x.samples[std::size_t((i + 1) * x.channels - 1)] / 255;
    for (Index c = 0; c < y.channels; ++c) {
      float& v = y.samples[std::size_t(i * y.channels + c)];
      v = v * alpha + 255 * (1 - alpha);
    }
  }
  return y;
}

}  // namespace crisp::data
