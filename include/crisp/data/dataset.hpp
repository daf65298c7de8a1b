// PatchDataset: pairs of low- and high-resolution patches, cut from images that are reduced and enlarged once.
#pragma once
#include <numeric>

#include "crisp/core/random.hpp"
#include "crisp/data/augment.hpp"
#include "crisp/data/color.hpp"
#include "crisp/data/loader.hpp"
#include "crisp/data/resize.hpp"

namespace crisp::data {

/// What a network is given: the enlarged image (ILR, of the size of HR, as SRCNN wants it), or the small one (LR).
enum class Input { ilr, lr };

/// Where patches are cut: anywhere, or on a grid with a stride, each once an epoch, in random order.
enum class Sampling { random, grid };

struct PatchOptions {
  Index scale = 3;
  Index patch = 33;                      // side of the input patch: that of HR is the same for ilr, scale times it for lr
  bool luma = true;                      // on Y of BT.601, else on RGB (gray images are taken thrice)
  Input input = Input::ilr;
  Sampling sampling = Sampling::random;
  Index stride = 14;                     // of the grid, in input pixels
  bool augment = true;                   // one of the 8 flips and turns for each patch
  double noise = 0;                      // deviation of Gaussian noise, of 0..255, new for each patch of the input
  std::function<Image(const Image& hr, Index scale)> reduce = {};  // how LR is made; empty: MATLAB's bicubic. See data/degrade.hpp
};

class PatchDataset {
 public:
  /// Without images; add() them, one by one, and each may be forgotten then. Throws Error for options below 1.
  explicit PatchDataset(PatchOptions o) : options_(std::move(o)) {
    check(options_.scale >= 1 && options_.patch >= 1 && options_.stride >= 1, "PatchDataset: scale ", options_.scale, ", patch ", options_.patch, " and stride ",
          options_.stride, " must be at least 1");
  }

  /// Throws Error for no images, or one that is smaller than a patch.
  explicit PatchDataset(const std::vector<Image>& images, PatchOptions o = {}) : PatchDataset(std::move(o)) {
    check(!images.empty(), "PatchDataset: there are no images");
    for (std::size_t i = 0; i < images.size(); ++i) check_size(images[i], str("image ", i + 1, " of ", images.size()));
    for (const Image& image : images) add(image);
  }

  /// LR is made in floating point from HR, cropped to a multiple of the scale; alpha is dropped. Throws Error, with the name, for
  /// an image smaller than a patch.
  void add(const Image& image, const std::string& name = "the image") {
    check_size(image, name);
    const Image hr = prepared(crop_to_multiple(image, options_.scale));
    push(options_.reduce ? options_.reduce(hr, options_.scale) : reduce(hr, options_.scale), hr);
  }

  /// A pair that was made elsewhere. Throws Error, with the name, unless HR is `scale` times as large as LR, or smaller than a patch.
  void add_pair(const Image& lr, const Image& hr, const std::string& name = "the pair") {
    check(hr.height == lr.height * options_.scale && hr.width == lr.width * options_.scale, "PatchDataset: ", name, " has ", describe(lr), " pixels as LR and ", describe(hr),
          " as HR; at x", options_.scale, " HR must be ", lr.height * options_.scale, " x ", lr.width * options_.scale);
    check_size(hr, name);
    push(prepared(lr), prepared(hr));
  }

  const PatchOptions& options() const { return options_; }
  Index images() const { return Index(pairs_.size()); }

  /// How many patches one epoch has: those of the grid, or for random patches as many as would cover the images.
  Index count() const { return pairs_.empty() ? 0 : std::max<Index>(1, options_.sampling == Sampling::grid ? grid_begin_.back() : area_.back() / (options_.patch * options_.patch)); }
  Index epoch_steps(Index batch) const { return ceil_div(count(), batch); }

  /// Batches of pairs (batch, patch, patch, C), in 0..1: for (auto& [ilr, hr] : patches.batches<Cpu>({.batch = 16})).
  /// Batch i depends on the seed and i alone: not on the number of threads, nor on where the loop began, nor on how it is split.
  template <class D, class T = float>
  Batches<T, D> batches(LoaderOptions o = {}) const {
    check(!pairs_.empty(), "PatchDataset: there are no images");
    const Index C = pairs_[0].input.channels, in = options_.patch, out = in * hr_factor(), share = o.batch / std::max<Index>(1, o.parts);
    return Batches<T, D>(o, {share, in, in, C}, {share, out, out, C}, [this, o](Index step, T* input, T* target) { fill(o, step, input, target); });
  }

 private:
  struct Pair {
    Image input, target;
  };
  struct Place {
    Index image, top, left;  // in input pixels
  };

  Index hr_factor() const { return options_.input == Input::ilr ? 1 : options_.scale; }

  void check_size(const Image& image, const std::string& name) const {
    const Index s = options_.scale, side = round_up(options_.patch * hr_factor(), s);
    check(image.height / s * s >= side && image.width / s * s >= side, "PatchDataset: ", name, " has ", image.height, " x ", image.width, " pixels, but a patch needs ",
          side, " x ", side, "\n  hint: use a smaller patch, or leave out the small images");
  }

  Image prepared(const Image& image) const {
    const Image opaque = without_alpha(image);
    return options_.luma ? luma(opaque) : opaque.has_colour() ? opaque : gray_to_rgb(opaque);
  }

  void push(const Image& lr, const Image& hr) {
    pairs_.push_back({options_.input == Input::lr ? lr : enlarge(lr, options_.scale), hr});
    const Image& input = pairs_.back().input;
    const Index rows = (input.height - options_.patch) / options_.stride + 1, cols = (input.width - options_.patch) / options_.stride + 1;
    grid_begin_.push_back((grid_begin_.empty() ? 0 : grid_begin_.back()) + rows * cols);
    area_.push_back((area_.empty() ? 0 : area_.back()) + input.height * input.width);
  }

  template <class T>
  void fill(const LoaderOptions& o, Index step, T* input, T* target) const {
    Rng rng = Rng(o.seed).split(std::uint64_t(step));
    std::vector<Index> order;
    Index epoch = -1;
    const Index share = o.batch / o.parts;
    for (Index b = 0; b < (o.part + 1) * share; ++b) {  // the patches of earlier parts are drawn, and left out
      Place place{};
      if (options_.sampling == Sampling::random) place = random_place(rng);
      else {
        const Index i = step * o.batch + b;
        if (i / count() != epoch) order = shuffled(o.seed, epoch = i / count());
        place = grid_place(order[std::size_t(i % count())]);
      }
      const Pair& pair = pairs_[std::size_t(place.image)];
      const int way = options_.augment ? int(rng.below(8)) : 0;
      const Index in = options_.patch, f = hr_factor(), C = pair.input.channels, to = b - o.part * share;
      if (to >= 0) copy_patch(pair.input, place.top, place.left, in, way, input + to * in * in * C);
      if (options_.noise > 0)
        for (Index i = 0; i < in * in * C; ++i) {
          const double noise = rng.normal(0, options_.noise / 255);
          if (to >= 0) input[to * in * in * C + i] += T(noise);
        }
      if (to >= 0) copy_patch(pair.target, place.top * f, place.left * f, in * f, way, target + to * in * f * in * f * C);
    }
  }

  Place random_place(Rng& rng) const {  // every pixel is as likely, so large images give more patches
    const Index image = Index(std::upper_bound(area_.begin(), area_.end(), rng.below(area_.back())) - area_.begin());
    const Image& x = pairs_[std::size_t(image)].input;
    const Index top = rng.below(x.height - options_.patch + 1), left = rng.below(x.width - options_.patch + 1);
    return {image, top, left};
  }

  Place grid_place(Index i) const {
    const Index image = Index(std::upper_bound(grid_begin_.begin(), grid_begin_.end(), i) - grid_begin_.begin());
    const Index k = image ? i - grid_begin_[std::size_t(image - 1)] : i;
    const Index cols = (pairs_[std::size_t(image)].input.width - options_.patch) / options_.stride + 1;
    return {image, k / cols * options_.stride, k % cols * options_.stride};
  }

  std::vector<Index> shuffled(std::uint64_t seed, Index epoch) const {  // Fisher and Yates
    std::vector<Index> order(static_cast<std::size_t>(count()));
    std::iota(order.begin(), order.end(), Index(0));
    Rng rng = Rng(seed).split(~std::uint64_t(epoch));
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[std::size_t(rng.below(Index(i)))]);
    return order;
  }

  PatchOptions options_;
  std::vector<Pair> pairs_;
  std::vector<Index> grid_begin_, area_;  // running totals: patches of the grid, and pixels, up to and with image i
};

}  // namespace crisp::data
