// PatchDataset: pairs of low- and high-resolution patches, cut from images
// that are reduced and enlarged once.
#pragma once
#include <numeric>

#include "crisp/core/random.hpp"
#include "crisp/core/rounding.hpp"
#include "crisp/data/augment.hpp"
#include "crisp/data/color.hpp"
#include "crisp/data/loader.hpp"
#include "crisp/data/resize.hpp"
#include "crisp/data/samples.hpp"

namespace crisp::data {

/// What a network is given: the enlarged image (ILR, of the size of HR, as
/// SRCNN wants it), or the small one (LR).
enum class Input { ilr, lr };

/// Where patches are cut: anywhere, or on a grid with a stride, each once an epoch, in random order.
enum class Sampling { random, grid };

struct PatchOptions {
  Index scale = 3;
  Index patch = 33;  // side of the input patch: that of HR is the same for ilr, scale times it for lr
  bool luma = true;  // on Y of BT.601, else on RGB (gray images are taken thrice)
  Input input = Input::ilr;
  Sampling sampling = Sampling::random;
  Index stride = 14;    // of the grid, in input pixels
  bool augment = true;  // one of the 8 flips and turns for each patch
  double noise = 0;     // deviation of Gaussian noise, of 0..255, new for each patch of the input
  /// How LR is made; empty: MATLAB's bicubic. See data/degrade.hpp.
  std::function<Image(const Image& hr, Index scale)> reduce = {};
};

class PatchDataset {
 public:
  /// Without images; add() them, one by one, and each may be forgotten
  /// then. Throws Error for options below 1.
  explicit PatchDataset(PatchOptions o) : options_(std::move(o)) {
    const Index scale = options_.scale, patch = options_.patch;
    const Index stride = options_.stride;
    check(scale >= 1 && patch >= 1 && stride >= 1, "PatchDataset: scale ", scale, ", patch ", patch,
          " and stride ", stride, " must be at least 1");
  }

  /// Throws Error for no images, or one that is smaller than a patch.
  explicit PatchDataset(const std::vector<Image>& images, PatchOptions o = {}) : PatchDataset(std::move(o)) {
    check(!images.empty(), "PatchDataset: there are no images");
    for (std::size_t i = 0; i < images.size(); ++i)
      check_size(images[i], str("image ", i + 1, " of ", images.size()));
    for (const Image& image : images) add(image);
  }

  /// LR is made in floating point from HR, cropped to a multiple of the scale; alpha is dropped. Throws
  /// Error, with the name, for an image smaller than a patch.
  void add(const Image& image, const std::string& name = "the image") {
    check_size(image, name);
    const Image hr = prepared(crop_to_multiple(image, options_.scale));
    push(options_.reduce ? options_.reduce(hr, options_.scale) : reduce(hr, options_.scale), hr);
    count_in({checksum(kept_samples(image))});
  }

  /// A pair that was made elsewhere. Throws Error, with the name, unless HR is `scale` times as
  /// large as LR, or smaller than a patch.
  void add_pair(const Image& lr, const Image& hr, const std::string& name = "the pair") {
    const Index scale = options_.scale;
    check(hr.height == lr.height * scale && hr.width == lr.width * scale, "PatchDataset: ", name, " has ",
          describe(lr), " pixels as LR and ", describe(hr), " as HR; at x", scale, " HR must be ",
          lr.height * scale, " x ", lr.width * scale);
    check_size(hr, name);
    push(prepared(lr), prepared(hr));
    count_in({checksum(kept_samples(hr)), checksum(kept_samples(lr))});
  }

  const PatchOptions& options() const { return options_; }
  Index images() const { return Index(pairs_.size()); }

  /// How many patches one epoch has: those of the grid, or for random patches as many as would cover the
  /// images.
  Index count() const {
    if (pairs_.empty()) return 0;
    const Index random = area_.back() / (options_.patch * options_.patch);
    return std::max<Index>(1, options_.sampling == Sampling::grid ? grid_begin_.back() : random);
  }
  Index epoch_steps(Index batch) const { return ceil_div(count(), batch); }

  /// A checksum of the pictures: of their sizes and samples, in their order. It is the same in every process
  /// and run, whatever the files are called. It is known once they are added. Options are not part of it.
  std::uint64_t fingerprint() const { return fingerprint_; }

  /// Batches of pairs (batch, patch, patch, C), in 0..1:
  ///
  ///   for (auto& [ilr, hr] : patches.batches<Cpu>({.batch = 16}))
  ///
  /// Batch i depends on the seed and i alone: not on the number of threads, nor on where the loop began, nor
  /// on how it is split.
  template <class D, class T = float>
  Batches<T, D> batches(LoaderOptions o = {}) const {
    check(!pairs_.empty(), "PatchDataset: there are no images");
    const Index N = o.batch / std::max<Index>(1, o.parts), C = pairs_[0].input.channels;
    const Index in = options_.patch, out = in * hr_factor();
    return Batches<T, D>(o, {N, in, in, C}, {N, out, out, C},
                         [this, o](Index step, T* input, T* target) { fill(o, step, input, target); });
  }

 private:
  struct Pair {
    Image input, target;
  };
  struct Place {
    Index image;
    Index top, left;  // in input pixels
  };
  struct Patch {
    Place place;
    int way;                    // of the 8 flips and turns
    std::vector<double> noise;  // added to the input, in 0..1; may be empty
  };

  // Draws the patches of one batch, one after the other.
  class Drawing {
   public:
    Drawing(const PatchDataset& from, const LoaderOptions& o, Index step)
        : from_(from), seed_(o.seed), rng_(Rng(o.seed).split(std::uint64_t(step))), next_(step * o.batch) {}

    Patch next() {
      const PatchOptions& o = from_.options_;
      const Place place = o.sampling == Sampling::random ? from_.random_place(rng_) : next_on_grid();
      const int way = o.augment ? int(rng_.below(8)) : 0;
      const Index C = from_.pairs_[0].input.channels;
      std::vector<double> noise(o.noise > 0 ? std::size_t(o.patch * o.patch * C) : 0);
      for (double& value : noise) value = rng_.normal(0, o.noise / 255);
      return {place, way, std::move(noise)};
    }

   private:
    Place next_on_grid() {
      const Index number = next_++, epoch = number / from_.count();
      if (epoch != epoch_) order_ = from_.shuffled(seed_, epoch);
      epoch_ = epoch;
      return from_.grid_place(order_[std::size_t(number % from_.count())]);
    }

    const PatchDataset& from_;
    std::uint64_t seed_;
    Rng rng_;
    Index next_;        // on the grid: the number of the next patch, over all epochs
    Index epoch_ = -1;  // that of order_
    std::vector<Index> order_;
  };

  // Batch number `step`, of which this process has one part.
  template <class T>
  void fill(const LoaderOptions& o, Index step, T* input, T* target) const {
    const Index share = o.batch / o.parts;
    Drawing drawing(*this, o, step);
    for (Index i = 0; i < o.part * share; ++i) drawing.next();  // those of the processes before
    for (Index i = 0; i < share; ++i) copy(drawing.next(), i, input, target);
  }

  // Copies a patch to place number i of a batch.
  template <class T>
  void copy(const Patch& patch, Index i, T* input, T* target) const {
    const auto& [image, top, left] = patch.place;
    const Pair& pair = pairs_[std::size_t(image)];
    const Index in = options_.patch, out = in * hr_factor();
    const Index C = pair.input.channels;
    T* const x = input + i * in * in * C;
    T* const y = target + i * out * out * C;
    copy_patch(pair.input, top, left, in, patch.way, x);
    for (std::size_t k = 0; k < patch.noise.size(); ++k) x[k] += T(patch.noise[k]);
    copy_patch(pair.target, top * hr_factor(), left * hr_factor(), out, patch.way, y);
  }

  Index hr_factor() const { return options_.input == Input::ilr ? 1 : options_.scale; }

  void check_size(const Image& image, const std::string& name) const {
    const Index scale = options_.scale, side = round_up(options_.patch * hr_factor(), scale);
    check(image.height / scale * scale >= side && image.width / scale * scale >= side, "PatchDataset: ", name,
          " has ", image.height, " x ", image.width, " pixels, but a patch needs ", side, " x ", side,
          "\n  hint: use a smaller patch, or leave out the small images");
  }

  Image prepared(const Image& image) const {
    const Image opaque = without_alpha(image);
    if (options_.luma) return luma(opaque);
    return opaque.has_colour() ? opaque : gray_to_rgb(opaque);
  }

  // A picture, or the two of a pair, by their checksums.
  void count_in(std::initializer_list<std::uint64_t> checksums) {
    fingerprint_ ^= checksums.size();
    for (const std::uint64_t one : checksums)
      fingerprint_ =
          crisp::detail::SplitMix64::hash((fingerprint_ + crisp::detail::SplitMix64::golden) ^ one);
  }

  void push(const Image& lr, const Image& hr) {
    pairs_.push_back({options_.input == Input::lr ? lr : enlarge(lr, options_.scale), hr});
    const Image& input = pairs_.back().input;
    const Index rows = (input.height - options_.patch) / options_.stride + 1;
    const Index cols = (input.width - options_.patch) / options_.stride + 1;
    grid_begin_.push_back((grid_begin_.empty() ? 0 : grid_begin_.back()) + rows * cols);
    area_.push_back((area_.empty() ? 0 : area_.back()) + input.height * input.width);
  }

  // Every pixel is as likely, so large images give more patches.
  Place random_place(Rng& rng) const {
    const Index image = holding(area_, rng.below(area_.back()));
    const Image& input = pairs_[std::size_t(image)].input;
    const Index top = rng.below(input.height - options_.patch + 1);
    const Index left = rng.below(input.width - options_.patch + 1);
    return {image, top, left};
  }

  Place grid_place(Index i) const {
    const Index image = holding(grid_begin_, i);
    const Index k = image ? i - grid_begin_[std::size_t(image - 1)] : i;
    const Index cols = (pairs_[std::size_t(image)].input.width - options_.patch) / options_.stride + 1;
    return {image, k / cols * options_.stride, k % cols * options_.stride};
  }

  // Which image the i-th of all patches or pixels lies in, by running totals.
  static Index holding(const std::vector<Index>& totals, Index i) {
    return Index(std::upper_bound(totals.begin(), totals.end(), i) - totals.begin());
  }

  std::vector<Index> shuffled(std::uint64_t seed, Index epoch) const {  // Fisher and Yates
    std::vector<Index> order(static_cast<std::size_t>(count()));
    std::iota(order.begin(), order.end(), Index(0));
    Rng rng = Rng(seed).split(~std::uint64_t(epoch));
    for (std::size_t i = order.size(); i > 1; --i) {
      const std::size_t other = std::size_t(rng.below(Index(i)));
      std::swap(order[i - 1], order[other]);
    }
    return order;
  }

  PatchOptions options_;
  std::vector<Pair> pairs_;
  // Running totals, up to and with image i: patches of the grid, and pixels.
  std::vector<Index> grid_begin_, area_;
  std::uint64_t fingerprint_ = 0;
};

}  // namespace crisp::data
