// The contest: a network of one's own that enlarges luma by 4, within a budget, and a picture in tiles.
#pragma once
#include <crisp/backend/cpu.hpp>
#include <crisp/data/dataset.hpp>
#include <crisp/infer/apply.hpp>
#include <crisp/nn/conv2d.hpp>
#include <crisp/ops/arithmetic.hpp>
#include <crisp/ops/loss.hpp>
#include <crisp/ops/pixel_shuffle.hpp>
#include <crisp/ops/relu.hpp>
#include <crisp/ops/upsample.hpp>
#include <crisp/optim/adam.hpp>
#include <ctime>

namespace mine {
using namespace crisp;
using data::Image;

inline constexpr Index scale = 4;
inline constexpr Index max_parameters = 60000;

// Task 9a: the network, luma (N, H, W, 1) in 0..1 -> (N, 4 H, 4 W, 1), with at most 60,000 parameters.
template <class T, class D>
struct Contest {
  nn::Conv2d<T, D> first{1, 32, 5}, second{32, 32, 3}, third{32, 32, 3};
  nn::Conv2d<T, D> last{32, scale* scale, 3, {.init = nn::Init::he(0.1)}};
  // What it learns is the difference to bicubic.
  Var<T, D> operator()(const Var<T, D>& x) const {
    const Var<T, D> y = relu(third(relu(second(relu(first(x))))));
    return upsample(x, scale, Resampling::bicubic_matlab) + pixel_shuffle(last(y), scale);
  }
  CRISP_PARAMS(first, second, third, last)
};

// Task 9b: how many pixels of the small picture beyond its own place a pixel of the result depends on, at
// each side. A kernel of K x K sees (K - 1) / 2 further than what it is given; bicubic sees 2.
inline Index reach() { return 2 + 1 + 1 + 1; }

// A tile: what is read of the small picture, and the part of it that is kept.
struct Tile {
  Index top, left, height, width;                      // what is read
  Index kept_top, kept_left, kept_height, kept_width;  // what is kept, in the same coordinates
};

// Task 9c: the tiles of a picture of H x W pixels, row by row. The kept parts are squares of `side` (the last
// ones may be smaller), and cover each pixel once. Read are `halo` pixels more at each side, where the
// picture has them.
inline std::vector<Tile> tiles_of(Index H, Index W, Index side, Index halo) {
  std::vector<Tile> tiles;
  for (Index top = 0; top < H; top += side)
    for (Index left = 0; left < W; left += side) {
      const Index bottom = std::min(H, top + side), right = std::min(W, left + side);
      const Index from = std::max<Index>(0, top - halo), to = std::min(H, bottom + halo);
      const Index begin = std::max<Index>(0, left - halo), end = std::min(W, right + halo);
      tiles.push_back({from, begin, to - from, end - begin, top, left, bottom - top, right - left});
    }
  return tiles;
}

// Task 9d: a picture enlarged tile by tile. enlarge(part) gives a part, four times as high and wide.
template <class Enlarge>
Image in_tiles(const Image& x, Index side, Index halo, const Enlarge& enlarge) {
  Image y(x.height * scale, x.width * scale, x.channels);
  for (const Tile& t : tiles_of(x.height, x.width, side, halo)) {
    const Image part = enlarge(data::crop(x, t.top, t.left, t.height, t.width));
    const Index down = (t.kept_top - t.top) * scale, right = (t.kept_left - t.left) * scale;
    for (Index i = 0; i < t.kept_height * scale; ++i)
      for (Index j = 0; j < t.kept_width * scale; ++j)
        for (Index c = 0; c < x.channels; ++c)
          y.at(t.kept_top * scale + i, t.kept_left * scale + j, c) = part.at(down + i, right + j, c);
  }
  return y;
}

// Luma by the network, as it is needed for task 9d.
inline Image enlarged(const Contest<float, Cpu>& net, const Image& luma) {
  const NoGrad guard;
  return infer::to_image(net(Var<float, Cpu>(infer::to_tensor<float, Cpu>(luma))).value());
}

// Task 9e: the training, on batches of patches, until so many seconds of processor time are over.
inline void train(Contest<float, Cpu>& net, const data::PatchDataset& patches, double seconds) {
  const std::clock_t begin = std::clock();
  const auto done = [&] { return double(std::clock() - begin) / CLOCKS_PER_SEC / seconds; };
  optim::Adam adam(net, {.lr = 2e-3});
  for (auto& [lr, hr] : patches.batches<Cpu>({.batch = 16, .steps = 1000000})) {
    mse_loss(net(Var<float, Cpu>(lr)), hr).backward();
    adam.set_lr(2e-3 * std::max(0.02, 1 - done()));
    adam.step();
    if (done() >= 1) return;
  }
}

}  // namespace mine
