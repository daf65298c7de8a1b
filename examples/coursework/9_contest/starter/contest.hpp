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

// TASK 9a: the network, luma (N, H, W, 1) in 0..1 -> (N, 4 H, 4 W, 1), with at most 60,000 parameters.
template <class T, class D>
struct Contest {
  nn::Conv2d<T, D> first{1, 1, 3};  // and your own layers
  Var<T, D> operator()(const Var<T, D>& x) const {
    throw crisp::Error("task 9a: Contest is not written yet");
  }
  CRISP_PARAMS(first)
};

// TASK 9b: how many pixels of the small picture beyond its own place a pixel of the result depends on, at
// each side. A kernel of K x K sees (K - 1) / 2 further than what it is given; bicubic sees 2.
inline Index reach() { throw crisp::Error("task 9b: reach is not written yet"); }

// A tile: what is read of the small picture, and the part of it that is kept.
struct Tile {
  Index top, left, height, width;                      // what is read
  Index kept_top, kept_left, kept_height, kept_width;  // what is kept, in the same coordinates
};

// TASK 9c: the tiles of a picture of H x W pixels, row by row. The kept parts are squares of `side` (the last
// ones may be smaller), and cover each pixel once. Read are `halo` pixels more at each side, where the
// picture has them.
inline std::vector<Tile> tiles_of(Index H, Index W, Index side, Index halo) {
  throw crisp::Error("task 9c: tiles_of is not written yet");
}

// TASK 9d: a picture enlarged tile by tile. enlarge(part) gives a part, four times as high and wide.
template <class Enlarge>
Image in_tiles(const Image& x, Index side, Index halo, const Enlarge& enlarge) {
  throw crisp::Error("task 9d: in_tiles is not written yet");
}

// Luma by the network, as it is needed for task 9d.
inline Image enlarged(const Contest<float, Cpu>& net, const Image& luma) {
  const NoGrad guard;
  return infer::to_image(net(Var<float, Cpu>(infer::to_tensor<float, Cpu>(luma))).value());
}

// TASK 9e: the training, on batches of patches, until so many seconds of processor time are over.
inline void train(Contest<float, Cpu>& net, const data::PatchDataset& patches, double seconds) {
  throw crisp::Error("task 9e: train is not written yet");
}

}  // namespace mine
