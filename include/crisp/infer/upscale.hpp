// Whole-image super-resolution: a picture of any size and kind in, a picture `scale` times as large out,
// through a network.
#pragma once
#include "crisp/core/rounding.hpp"
#include "crisp/data/alpha.hpp"
#include "crisp/data/color.hpp"
#include "crisp/data/resize.hpp"
#include "crisp/infer/apply.hpp"
#include "crisp/infer/self_ensemble.hpp"
#include "crisp/infer/tiled.hpp"

namespace crisp::infer {

struct Options {
  Index memory =
      Index(2)
      << 30;       // bytes that the work may take, the images included; the tiles are as large as that allows
  Index tile = 0;  // or the side of a tile, in pixels of the small image
  bool ensemble = false;  // the mean over eight positions: see self_ensemble.hpp
  // Told the part that is done, 0..1, after each tile; what it throws ends the work.
  std::function<void(double done)> progress = {};
};

namespace detail {

inline data::Image bicubic(const data::Image& x, Index scale) {
  return data::enlarge(x, scale, data::Resampling::bicubic_matlab);
}

// Through the network, enlarged first where it wants that.
template <class Net>
data::Image run(const Net& net, const data::Image& x, Index scale) {
  return apply(net, input_spec_of(net).enlarged ? bicubic(x, scale) : x);
}

// A gray or RGB image without alpha.
template <class Net>
data::Image upscale_opaque(const Net& net, const data::Image& x, Index scale) {
  const bool colour = input_spec_of(net).channels == 3;
  if (colour && x.channels == 3) return run(net, x, scale);
  if (colour) return data::channels(run(net, data::gray_to_rgb(x), scale), 1, 1);
  if (x.channels == 1) return run(net, x, scale);
  const data::Image ycbcr = data::to_ycbcr(x);
  return data::from_ycbcr(
      data::join(run(net, data::channels(ycbcr, 0, 1), scale), bicubic(data::channels(ycbcr, 1, 2), scale)));
}

// An image of any kind, at once.
template <class Net>
data::Image upscale_whole(const Net& net, const data::Image& x, Index scale, bool ensemble) {
  const auto opaque = [&](const data::Image& image) { return upscale_opaque(net, image, scale); };
  const Index colours = x.channels - x.has_alpha();
  const data::Image colour = data::channels(x, 0, colours),
                    y = ensemble ? self_ensemble(colour, opaque) : opaque(colour);
  return x.has_alpha() ? data::join(y, bicubic(data::channels(x, colours, 1), scale)) : y;
}

// The bytes that the work on a tile of so many pixels takes: fixed + each * pixels.
struct TileCost {
  double fixed = 0, each = 0;
};

// Measured on two small tiles.
template <class Net>
TileCost tile_cost(const Net& net, const data::Image& image, Index scale) {
  using D = nn::DeviceOf<Net>;
  constexpr Index small = 40, large = 64;
  const auto peak = [&](Index side) {
    const Index before = D::memory_use().now;
    D::reset_peak();
    upscale_whole(net, data::Image(side, side, image.channels, 128), scale, false);
    return double(D::memory_use().peak - before);
  };
  const double a = peak(small), b = peak(large),
               each = std::max(0.0, b - a) / double(large * large - small * small);
  return {std::max(0.0, b - each * double(large * large)),
          each + double(4 * Index(sizeof(float)) * image.channels * scale *
                        scale)};  // and the tile as an image, in a few versions
}

// Tiles as large as the memory allows beside the image and the rows that wait for the sink, but no larger
// than is useful.
template <class Net>
Tiling tiling(const Net& net, const data::Image& image, Index scale, const Options& o) {
  const models::InputSpec spec = input_spec_of(net);
  const Index largest = std::max(image.height, image.width);
  const Index smallest = round_up(std::max<Index>(16, 2 * spec.blend), spec.grid);
  if (spec.reach < 0) return {.tile = round_up(largest, spec.grid), .grid = spec.grid};  // one tile
  const Index reach = spec.enlarged ? ceil_div(spec.reach, scale) : spec.reach;
  constexpr Index bicubic_reach = 3;
  Tiling t{.halo = round_up(reach + bicubic_reach, spec.grid), .blend = spec.blend, .grid = spec.grid};
  t.tile = round_up(std::max(o.tile, smallest), spec.grid);
  if (o.tile > 0) return t;
  constexpr Index useful = 512, little = 150 * 150;  // pixels below which measuring costs more than it brings
  const double held = double(image.samples.size() * sizeof(float));
  // The rest is the program's own, and that of the decoder. What decoding has taken before may be taken
  // again.
  const double budget = std::max(0.9 * double(o.memory), 1.45 * held);
  const Index limit = round_up(std::min(largest, useful), spec.grid);
  if (image.height * image.width <= little) {
    t.tile = std::max(t.tile, round_up(largest, spec.grid));
    return t;
  }
  const TileCost cost = tile_cost(net, image, scale);
  for (Index tile = limit; tile > t.tile; tile -= round_up(8, spec.grid)) {
    const double rows =
        double(image.width * (tile + 4 * t.blend) * scale * scale * image.channels * Index(sizeof(float)));
    const double seen =
        double(std::min(image.height, tile + 2 * t.halo) * std::min(image.width, tile + 2 * t.halo));
    if (cost.fixed + seen * cost.each + rows + 1.3 * held <= budget) return t.tile = tile, t;
  }
  return t;  // the smallest: less is not possible
}

}  // namespace detail

/// The image, `scale` times as high and wide, row by row: (H, W, C), 0..255 -> rows (h, scale W, C), not
/// rounded, to `sink`, from the top. A network on luma (its input: luma / 255, enlarged by MATLAB's bicubic
/// if it takes that) leaves Cb and Cr to bicubic; gray stays gray; alpha is enlarged by bicubic, and colours
/// that it hides are filled first (data/alpha.hpp). Throws Error for an empty image or a scale below 1.
template <class Net>
void upscale(const Net& net, const data::Image& image, Index scale, const Options& o, const RowSink& sink) {
  check(scale >= 1, "upscale: the scale must be a whole number of at least 1, not ", scale);
  check(image.height >= 1 && image.width >= 1, "upscale: the image is empty (", image.height, " x ",
        image.width, " pixels)");
  const data::Image filled = image.has_alpha() ? data::fill_hidden(image) : data::Image();
  for_tiles(
      image.has_alpha() ? filled : image, detail::tiling(net, image, scale, o), scale,
      [&](const data::Image& tile) { return detail::upscale_whole(net, tile, scale, o.ensemble); }, sink,
      o.progress);
}

/// The same as one image, (scale H, scale W, C).
template <class Net>
data::Image upscale(const Net& net, const data::Image& image, Index scale, const Options& o = {}) {
  data::Image result(image.height * scale, image.width * scale, image.channels);
  auto to = result.samples.begin();
  upscale(net, image, scale, o,
          [&](const data::Image& rows) { to = std::copy(rows.samples.begin(), rows.samples.end(), to); });
  return result;
}

}  // namespace crisp::infer
