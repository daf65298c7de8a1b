// Whole images in tiles, so that memory stays bounded: each tile sees as many pixels beyond its edge as an
// output pixel depends on, so that no seam shows; tiles of networks that see farther (attention) are mixed
// where they meet.
#pragma once
#include <algorithm>
#include <functional>

#include "crisp/core/rounding.hpp"
#include "crisp/data/image.hpp"

namespace crisp::infer {

/// How an image is divided, in pixels of the small image. Multiples of `grid` all of them, but where the
/// image ends.
struct Tiling {
  Index tile = 0;   // side of the part of a tile that is kept
  Index halo = 0;   // what a tile sees beyond it on each side
  Index blend = 0;  // how far on each side of an edge two tiles are mixed, at most half of the halo
  Index grid = 1;
};

/// Receives the finished rows of an image from the top to the bottom: (rows, W, C), 0..255, not rounded.
using RowSink = std::function<void(const data::Image& rows)>;

namespace detail {

// Along one axis: a tile that reads [begin, end) and gives [from, to), of which the ends are mixed with the
// neighbours'.
struct Stretch {
  Index begin, end, from, to;
};

// All of them read the same length, so that buffers of one size serve them all. A rest that is too short to
// be mixed on both sides goes with the last tile.
inline std::vector<Stretch> stretches(Index size, const Tiling& t) {
  const Index length = std::min(size, t.tile + 2 * t.halo), last = round_up(size - length, t.grid);
  std::vector<Stretch> all;
  for (Index core = 0, after = 0; after < size; core = after) {
    after = size - core < t.tile + 2 * t.blend ? size : std::min(size, core + t.tile);
    const Index begin = std::clamp<Index>(core - t.halo, 0, last);
    all.push_back({begin, std::min(size, begin + length), std::max<Index>(0, core - t.blend),
                   std::min(size, after + t.blend)});
  }
  return all;
}

// The weight of output pixel i of n, of a tile that is mixed over the first and the last `ramp` pixels where
// it has neighbours there.
inline float blend_weight(Index i, Index n, Index ramp, bool first, bool last) {
  float weight = 1;
  if (!first && i < ramp) weight *= (float(i) + 0.5f) / float(ramp);
  if (!last && n - 1 - i < ramp) weight *= (float(n - 1 - i) + 0.5f) / float(ramp);
  return weight;
}

}  // namespace detail

/// Enlarges an image tile by tile: enlarge(tile) gives (scale h, scale w, C) for (h, w, C). Finished rows go
/// to `sink` at once, so that a result larger than the memory can be written as it is made. `done` is told
/// the part that is done, 0..1, after each tile.
template <class Enlarge>
void for_tiles(const data::Image& image, const Tiling& t, Index scale, const Enlarge& enlarge,
               const RowSink& sink, const std::function<void(double)>& done = {}) {
  check(t.tile >= 1 && t.tile >= 2 * t.blend && 2 * t.blend <= t.halo && t.tile % t.grid == 0 &&
            t.halo % t.grid == 0,
        "for_tiles: tiles of ", t.tile, " pixels with ", t.halo, " around them cannot be mixed over ",
        t.blend, ", on a grid of ", t.grid);
  const std::vector<detail::Stretch> rows = detail::stretches(image.height, t),
                                     cols = detail::stretches(image.width, t);
  const Index ramp = 2 * t.blend * scale, width = image.width * scale;
  data::Image open;  // the last `ramp` rows, still to be mixed with the tiles below
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const detail::Stretch& v = rows[i];
    const bool top = i == 0, bottom = i + 1 == rows.size();
    const Index height = (v.to - v.from) * scale;
    data::Image band(height, width, image.channels);
    if (!top) std::copy(open.samples.begin(), open.samples.end(), band.samples.begin());
    for (std::size_t j = 0; j < cols.size(); ++j) {
      const detail::Stretch& h = cols[j];
      const data::Image y = enlarge(data::crop(image, v.begin, h.begin, v.end - v.begin, h.end - h.begin));
      const Index left = h.from * scale, wide = (h.to - h.from) * scale, dy = (v.from - v.begin) * scale,
                  dx = (h.from - h.begin) * scale;
      for (Index r = 0; r < height; ++r) {
        const float down = detail::blend_weight(r, height, ramp, top, bottom);
        for (Index c = 0; c < wide; ++c) {
          const float weight = down * detail::blend_weight(c, wide, ramp, j == 0, j + 1 == cols.size());
          for (Index k = 0; k < image.channels; ++k)
            band.at(r, left + c, k) += weight * y.at(dy + r, dx + c, k);
        }
      }
      if (done) done(double(i * cols.size() + j + 1) / double(rows.size() * cols.size()));
    }
    const Index finished = bottom ? height : height - ramp;
    open = data::crop(band, finished, 0, height - finished, width);
    band.height = finished;
    band.samples.resize(std::size_t(finished * width * image.channels));
    sink(band);
  }
}

}  // namespace crisp::infer
