// Dead leaves: pictures of occluding shapes whose sizes follow a power law, as in
// photographs (Lee, Mumford and Huang 2001).
#pragma once
#include <array>
#include <numbers>

#include "crisp/core/parallel.hpp"
#include "crisp/core/random.hpp"
#include "crisp/data/image.hpp"

namespace crisp::data {

struct DeadLeavesOptions {
  Index count = 64;
  Index height = 192, width = 192;
  bool colour = false;  // RGB, else gray
  std::uint64_t seed = 0;
};

namespace detail {

enum class LeafKind { disc, box, ellipse };

// One shape, in pixels of the canvas.
struct Leaf {
  LeafKind kind;
  double y, x;                          // centre
  double ry, rx;                        // half axes
  double cos, sin;                      // of the turn
  std::array<double, 3> colour, other;  // 0..255; `other` is that of the stripes
  double shade_y, shade_x;              // how the brightness changes from the centre, per pixel
  double stripe;                        // period of the stripes in pixels; 0: none

  bool covers(double v, double u) const {  // in the turned frame of the shape
    if (kind == LeafKind::box) return std::abs(v) <= ry && std::abs(u) <= rx;
    return v * v / (ry * ry) + u * u / (rx * rx) <= 1;
  }
};

inline Leaf random_leaf(Rng& rng, double height, double width, double smallest, double largest) {
  Leaf leaf{};
  // Density r^-3 between the two radii, by inversion of its distribution function.
  const double a = 1 / (smallest * smallest), b = 1 / (largest * largest);
  const double r = 1 / std::sqrt(a - rng.uniform() * (a - b));
  const double aspect = rng.uniform(0.3, 1), angle = rng.uniform(0, 2 * std::numbers::pi);
  leaf.kind = LeafKind(rng.below(3));
  leaf.y = rng.uniform(-0.1, 1.1) * height;
  leaf.x = rng.uniform(-0.1, 1.1) * width;
  leaf.rx = r;
  leaf.ry = leaf.kind == LeafKind::disc ? r : r * aspect;
  leaf.cos = std::cos(angle);
  leaf.sin = std::sin(angle);
  for (double& c : leaf.colour) c = rng.uniform(0, 255);
  for (double& c : leaf.other) c = rng.uniform(0, 255);
  const double change = rng.uniform(-60, 60) / r, direction = rng.uniform(0, 2 * std::numbers::pi);
  leaf.shade_y = change * std::sin(direction);
  leaf.shade_x = change * std::cos(direction);
  const bool striped = rng.uniform() < 1.0 / 3;
  const double period = rng.uniform(5, 24);
  leaf.stripe = striped ? period : 0;
  return leaf;
}

// Lays shapes from the front to the back until nothing of the canvas is left open.
inline Image draw_leaves(Rng rng, Index height, Index width, Index channels) {
  Image canvas(height, width, channels);
  std::vector<bool> done(static_cast<std::size_t>(height * width));
  Index open = height * width;
  const double smallest = 6, largest = std::max(12.0, double(std::min(height, width)) / 2);
  while (open > 0) {
    Leaf leaf = random_leaf(rng, double(height), double(width), smallest, largest);
    const bool ground = open < height * width / 500;  // then one box covers all the rest
    if (ground) leaf = Leaf{LeafKind::box, 0, 0, 1e9, 1e9, 1, 0, leaf.colour, leaf.other, 0, 0, 0};
    const double reach = std::hypot(leaf.rx, leaf.ry);
    const Index y0 = Index(std::max(0.0, leaf.y - reach)),
                y1 = Index(std::min(double(height), leaf.y + reach + 1));
    const Index x0 = Index(std::max(0.0, leaf.x - reach)),
                x1 = Index(std::min(double(width), leaf.x + reach + 1));
    for (Index y = y0; y < y1; ++y)
      for (Index x = x0; x < x1; ++x) {
        const std::size_t i = static_cast<std::size_t>(y * width + x);
        if (done[i]) continue;
        const double dy = double(y) - leaf.y, dx = double(x) - leaf.x;
        const double v = leaf.cos * dy - leaf.sin * dx, u = leaf.sin * dy + leaf.cos * dx;
        if (!leaf.covers(v, u)) continue;
        done[i] = true;
        --open;
        const bool other = leaf.stripe > 0 && std::fmod(std::abs(u), leaf.stripe) < leaf.stripe / 2;
        const double shade = leaf.shade_y * dy + leaf.shade_x * dx;
        for (Index c = 0; c < channels; ++c) {
          const double value = other ? leaf.other[std::size_t(c)] : leaf.colour[std::size_t(c)];
          canvas.at(y, x, c) = float(std::clamp(value + shade, 0.0, 255.0));
        }
      }
  }
  return canvas;
}

inline Image box_filter_by_two(const Image& x) {
  Image y(x.height / 2, x.width / 2, x.channels);
  for (Index i = 0; i < y.height; ++i)
    for (Index j = 0; j < y.width; ++j)
      for (Index c = 0; c < y.channels; ++c)
        y.at(i, j, c) = (x.at(2 * i, 2 * j, c) + x.at(2 * i, 2 * j + 1, c) + x.at(2 * i + 1, 2 * j, c) +
                         x.at(2 * i + 1, 2 * j + 1, c)) /
                        4;
  return y;
}

}  // namespace detail

/// `count` pictures of discs, boxes and ellipses, drawn at twice the size and averaged down, so that their
/// edges are as soft as those of a camera. Picture i depends on the seed and i alone. Samples are 8-bit
/// numbers, as of a file. Throws Error unless there is at least one picture, of 8 x 8 pixels or more.
template <class = void>  // for compiled.hpp
std::vector<Image> dead_leaves(DeadLeavesOptions o = {}) {
  check(o.count >= 1 && o.height >= 8 && o.width >= 8, "dead_leaves: ", o.count, " pictures of ", o.height,
        " x ", o.width, " pixels were asked for; it takes at least 1, of 8 x 8 or more");
  std::vector<Image> images(static_cast<std::size_t>(o.count));
  const Rng rng(o.seed);
  parallel_for(o.count, true, [&](Index i) {
    const Rng own = rng.split(std::uint64_t(i));
    const Image large = detail::draw_leaves(own, 2 * o.height, 2 * o.width, o.colour ? 3 : 1);
    images[std::size_t(i)] = round_to_8bit(detail::box_filter_by_two(large));
  });
  return images;
}

}  // namespace crisp::data
