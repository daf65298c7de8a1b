// A mosaic of small pictures: the filters of a layer, the atoms of a dictionary, the feature maps of a
// picture.
#pragma once
#include <algorithm>
#include <numeric>

#include "crisp/core/rounding.hpp"
#include "crisp/data/resize.hpp"

namespace crisp::report {

struct MosaicOptions {
  Index columns = 0;    // tiles side by side; 0: about as many as there are rows
  Index enlarge = 4;    // how many pixels a value becomes, on each side
  bool sorted = false;  // by the sum of their squares, the largest first
  // Each tile around a middle gray, which is 0; else from its least value to its largest.
  bool symmetric = true;
};

namespace detail {

// A tile's values in 0..255.
inline data::Image visible(data::Image tile, bool symmetric) {
  const auto [low, high] = std::minmax_element(tile.samples.begin(), tile.samples.end());
  float zero = *low, range = *high - *low;
  if (symmetric) {
    range = 2 * std::max(std::abs(*low), std::abs(*high));
    zero = -range / 2;
  }
  for (float& v : tile.samples) v = range > 0 ? 255 * (v - zero) / range : 127.5f;
  return tile;
}

inline double energy(const data::Image& tile) {
  return std::inner_product(tile.samples.begin(), tile.samples.end(), tile.samples.begin(), 0.0);
}

}  // namespace detail

/// Tiles (h, w, C) of any values and of one size -> one picture, 0..255, with a white line between them.
/// Throws Error where there are none, or they differ in size.
inline data::Image mosaic(std::vector<data::Image> tiles, MosaicOptions o = {}) {
  check(!tiles.empty() && !tiles[0].empty(), "mosaic: there are no tiles, or they are empty");
  for (const data::Image& tile : tiles)
    check(tile.same_size(tiles[0]), "mosaic: the tiles differ in size: ", data::describe(tiles[0]), " and ",
          data::describe(tile));
  check(o.enlarge >= 1 && o.columns >= 0, "mosaic: ", o.columns, " columns of pixels enlarged by ", o.enlarge,
        "; the first must be at least 0, the second 1");
  if (o.sorted)
    std::stable_sort(tiles.begin(), tiles.end(), [](const data::Image& a, const data::Image& b) {
      return detail::energy(a) > detail::energy(b);
    });
  const Index count = Index(tiles.size());
  const Index columns = o.columns > 0 ? o.columns : Index(std::ceil(std::sqrt(double(count))));
  const Index rows = ceil_div(count, columns), h = tiles[0].height * o.enlarge,
              w = tiles[0].width * o.enlarge;
  data::Image all(rows * (h + 1) + 1, columns * (w + 1) + 1, tiles[0].channels, 255);
  for (Index n = 0; n < count; ++n) {
    const data::Image tile = data::enlarge(detail::visible(std::move(tiles[std::size_t(n)]), o.symmetric),
                                           o.enlarge, Resampling::nearest);
    const Index top = 1 + n / columns * (h + 1), left = 1 + n % columns * (w + 1);
    for (Index i = 0; i < h; ++i)
      std::copy_n(tile.samples.begin() + i * w * tile.channels, w * tile.channels,
                  all.samples.begin() + ((top + i) * all.width + left) * all.channels);
  }
  return all;
}

}  // namespace crisp::report
