// The practical: SRCNN x4, trained on patches of 32 x 32 pixels (Dong et al. 2016).
#pragma once
#include <algorithm>
#include <crisp/backend/cpu.hpp>
#include <crisp/data/color.hpp>
#include <crisp/data/resize.hpp>
#include <crisp/infer/upscale.hpp>
#include <crisp/metrics/psnr.hpp>
#include <crisp/nn/conv2d.hpp>
#include <crisp/ops/loss.hpp>
#include <crisp/ops/relu.hpp>
#include <crisp/optim/adam.hpp>
#include <random>

namespace mine {
using namespace crisp;
using data::Image;

// The original and the small picture enlarged again, as samples of luma in 0..1.
struct Patch {
  std::vector<float> ilr, hr;
};

// Task 5a: SRCNN 9-1-5. Three convolutions with 64 and 32 channels in between, relu after the first two. The
// input and the output have one channel, and the same size.
template <class T, class D>
struct Srcnn {
  nn::Conv2d<T, D> conv1{1, 64, 9}, conv2{64, 32, 1}, conv3{32, 1, 5};
  Var<T, D> operator()(const Var<T, D>& x) const { return conv3(relu(conv2(relu(conv1(x))))); }
  CRISP_PARAMS(conv1, conv2, conv3)
};

// Task 5b: the patches of one picture on a grid, side by side, those that lie within it. The order: luma,
// crop to a multiple of the scale, reduce, enlarge; then cut. Samples are divided by 255.
inline std::vector<Patch> cut_patches(const Image& picture, Index scale, Index size) {
  const Image hr = data::crop_to_multiple(data::luma(picture), scale);
  const Image ilr = data::enlarge(data::reduce(hr, scale), scale);
  std::vector<Patch> patches;
  for (Index top = 0; top + size <= hr.height; top += size)
    for (Index left = 0; left + size <= hr.width; left += size) {
      Patch patch{data::crop(ilr, top, left, size, size).samples,
                  data::crop(hr, top, left, size, size).samples};
      for (float& v : patch.ilr) v /= 255;
      for (float& v : patch.hr) v /= 255;
      patches.push_back(patch);
    }
  return patches;
}

// The patches from `begin` to `end` of the order, as two tensors (N, size, size, 1).
struct Batch {
  Tensor<float, Cpu> ilr, hr;
};
inline Batch make_batch(const std::vector<Patch>& patches, const std::vector<std::size_t>& order,
                        std::size_t begin, std::size_t end) {
  std::vector<float> ilr, hr;
  for (std::size_t i = begin; i < end; ++i) {
    const Patch& patch = patches[order[i]];
    ilr.insert(ilr.end(), patch.ilr.begin(), patch.ilr.end());
    hr.insert(hr.end(), patch.hr.begin(), patch.hr.end());
  }
  const Index side = Index(std::sqrt(double(patches[0].hr.size())) + 0.5), N = Index(end - begin);
  return {Tensor<float, Cpu>({N, side, side, 1}, ilr), Tensor<float, Cpu>({N, side, side, 1}, hr)};
}

// Task 5c: one epoch. Each patch is used once, in the given order, `size` of them in a batch; the last batch
// may be smaller. For each batch: the mean squared error, its gradient, a step of Adam. Returns the mean of
// the loss over the patches.
inline double train_epoch(const Srcnn<float, Cpu>& net, optim::Adam<float, Cpu>& adam,
                          const std::vector<Patch>& patches, const std::vector<std::size_t>& order,
                          std::size_t size) {
  double total = 0;
  for (std::size_t begin = 0; begin < order.size(); begin += size) {
    const std::size_t end = std::min(begin + size, order.size());
    const Batch batch = make_batch(patches, order, begin, end);
    const auto loss = mse_loss(net(Var<float, Cpu>(batch.ilr)), batch.hr);
    loss.backward();
    adam.step();
    total += loss.item() * double(end - begin);
  }
  return total / double(order.size());
}

// Task 5d: "Epoch: 1 Loss = 0.054062", with six digits.
inline std::string log_line(int epoch, double loss) {
  char text[80];
  std::snprintf(text, sizeof text, "Epoch: %d Loss = %.6f", epoch, loss);
  return text;
}

// Task 5e: the PSNR in dB as published: on luma, rounded to 8 bits, without `scale` pixels at each side.
inline double score(const Image& hr, const Image& picture, Index scale) {
  return metrics::psnr(hr, picture, {.shave = scale}).value;
}

// What a picture becomes, and how good it is.
struct Comparison {
  Image hr, bicubic, sr;
  double bicubic_db, sr_db;
};

// Task 5f: HR is the picture, cropped to a multiple of the scale. LR is HR reduced, and rounded to 8 bits. It
// is enlarged by bicubic, and by infer::upscale(net, lr, scale); both are rounded to 8 bits, and scored.
inline Comparison compare(const Srcnn<float, Cpu>& net, const Image& picture, Index scale) {
  const Image hr = data::crop_to_multiple(picture, scale);
  const Image lr = data::round_to_8bit(data::reduce(hr, scale));
  const Image bicubic = data::round_to_8bit(data::enlarge(lr, scale));
  const Image sr = data::round_to_8bit(infer::upscale(net, lr, scale));
  return {hr, bicubic, sr, score(hr, bicubic, scale), score(hr, sr, scale)};
}

}  // namespace mine
