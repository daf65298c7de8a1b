// PatchDataset: pairs of low- and high-resolution patches, cut from pictures when they are drawn. So the
// pictures may lie anywhere, and memory holds no more of them than their samples.
#pragma once
#include <array>

#include "crisp/data/augment.hpp"
#include "crisp/data/loader.hpp"
#include "crisp/data/patch_cutter.hpp"
#include "crisp/data/patch_orders.hpp"

namespace crisp::data {

/// One patch as pictures, samples in 0..255. ilr and hr are of one size; lr holds all pixels of LR that lie
/// under them, of which the outermost reach over where the patch does not begin or end at a multiple of the
/// scale.
struct PatchImages {
  Image lr, ilr, hr;
};

class PatchDataset {
 public:
  /// Without images; add() them, one by one, and each may be forgotten
  /// then. Throws Error for options below 1.
  explicit PatchDataset(PatchOptions o) : cutter_(std::move(o)) {}

  /// Throws Error for no images, or one that is smaller than a patch.
  explicit PatchDataset(const std::vector<Image>& images, PatchOptions o = {}) : PatchDataset(std::move(o)) {
    check(!images.empty(), "PatchDataset: there are no images");
    for (std::size_t i = 0; i < images.size(); ++i)
      cutter_.check_size(images[i].height, images[i].width, str("image ", i + 1, " of ", images.size()));
    for (const Image& image : images) add(image);
  }

  /// Of a set that may be larger than memory, such as data::folder("DIV2K"): see add(pictures).
  explicit PatchDataset(const std::shared_ptr<const Pictures>& pictures, PatchOptions o = {})
      : PatchDataset(std::move(o)) {
    add(pictures);
  }

  /// LR is made in floating point from HR, cropped to a multiple of the scale; alpha is dropped. Throws
  /// Error, with the name, for an image smaller than a patch.
  void add(const Image& image, const std::string& name = "the image") {
    cutter_.check_size(image.height, image.width, name);
    push(one_picture(image, name), 0, nullptr, 0);
  }

  /// A pair that was made elsewhere. Throws Error, with the name, unless HR is `scale` times as
  /// large as LR, or smaller than a patch.
  void add_pair(const Image& lr, const Image& hr, const std::string& name = "the pair") {
    const auto small = one_picture(lr, name), large = one_picture(hr, name);
    cutter_.check_pair(small->info(0), large->info(0), name);
    cutter_.check_size(hr.height, hr.width, name);
    push(large, 0, small, 0);
  }

  /// Whether a picture is large enough for a patch.
  bool holds_patch(const PictureInfo& x) const { return cutter_.holds_patch(x.height, x.width); }

  /// The pictures of a set, or those of the given numbers. Those smaller than a patch are left out, which the
  /// set tells; throws Error where there are no others.
  void add(const std::shared_ptr<const Pictures>& pictures, const std::vector<Index>& numbers = {}) {
    add_all(nullptr, pictures, numbers);
  }

  /// Pairs: picture i of `lr` and picture i of `hr`. Throws Error as add and add_pair do, and where the sets
  /// differ in number.
  void add_pairs(const std::shared_ptr<const Pictures>& lr, const std::shared_ptr<const Pictures>& hr,
                 const std::vector<Index>& numbers = {}) {
    check(lr->count() == hr->count(), "PatchDataset: ", lr->count(), " pictures as LR and ", hr->count(),
          " as HR are no pairs");
    add_all(lr, hr, numbers);
  }

  const PatchOptions& options() const { return cutter_.options(); }
  Index images() const { return Index(sources_.size()); }

  /// How many patches one epoch has: those of the grid, or for random patches as many as would cover the
  /// images.
  Index count() const {
    if (sources_.empty()) return 0;
    const Index random = area_.back() / (options().patch * options().patch);
    return std::max<Index>(1, options().sampling == Sampling::grid ? grid_begin_.back() : random);
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
  Batches<T, D> batches(LoaderOptions o = {}) const& {
    check(!sources_.empty(), "PatchDataset: there are no images");
    const Index N = o.batch / std::max<Index>(1, o.parts), C = cutter_.channels();
    const Index in = options().patch, out = in * cutter_.hr_factor();
    return Batches<T, D>(o, {N, in, in, C}, {N, out, out, C},
                         [this, o](Index step, T* input, T* target) { fill(o, step, input, target); });
  }
  template <class D, class T = float>
  Batches<T, D> batches(LoaderOptions = {}) const&& {
    static_assert(crisp::detail::never<D>, "crisp: the data set would end before the loop; give it a name");
  }

  /// The batches of one epoch, from 0: epoch_steps(o.batch) of them, others in each epoch.
  template <class D, class T = float>
  Batches<T, D> epoch(Index number, LoaderOptions o = {}) const& {
    check(number >= 0 && o.batch >= 1, "PatchDataset: epoch ", number, " in batches of ", o.batch,
          " was asked for; epochs are counted from 0, and a batch has at least 1 patch");
    const Index steps = epoch_steps(o.batch);
    o.first_step = number * steps;
    o.steps = o.first_step + steps;
    return batches<D, T>(o);
  }

  /// count(), for patches[i].
  Index size() const { return count(); }

  /// Patch i of size() as pictures, neither turned nor with noise: `const auto [lr, ilr, hr] = patches[3];`.
  /// LR and ILR are made when they are asked for. On a grid i counts the images' patches row by row; a random
  /// patch is that of batch i of batches({.batch = 1}). Throws Error for an i that there is not.
  PatchImages operator[](Index i) const {
    check(i >= 0 && i < size(), "PatchDataset: patch ", i, " was asked for; there are ", size(),
          ", counted from 0");
    Rng rng = Rng(LoaderOptions().seed).split(std::uint64_t(i));
    const Place place = options().sampling == Sampling::grid ? grid_place(i) : random_place(rng);
    const detail::PatchSource& from = sources_[std::size_t(place.image)];
    const Index scale = options().scale;
    const Region hr = hr_place(place);
    const Index top = hr.top / scale, left = hr.left / scale;
    const Region lr{top, left, ceil_div(hr.top + hr.height, scale) - top,
                    ceil_div(hr.left + hr.width, scale) - left};
    return {cutter_.lr_region(from, lr), cutter_.ilr_region(from, hr), cutter_.hr_region(from, hr)};
  }

 private:
  struct Place {
    Index image;
    Index top, left;  // in input pixels
  };
  struct Patch {
    Place place;
    int way;                    // of the 8 flips and turns
    std::vector<double> noise;  // added to the input, in 0..1; may be empty
    std::uint64_t seed;         // of the transform
  };
  // Draws the patches of one batch, one after the other.
  class Drawing {
   public:
    Drawing(const PatchDataset& from, const LoaderOptions& o, Index step)
        : from_(from), seed_(o.seed), rng_(Rng(o.seed).split(std::uint64_t(step))), next_(step * o.batch) {}

    Patch next() {
      const PatchOptions& o = from_.options();
      const Place place = o.sampling == Sampling::random ? from_.random_place(rng_) : next_on_grid();
      const int way = o.augment ? int(rng_.below(8)) : 0;
      const Index C = from_.cutter_.channels();
      std::vector<double> noise(o.noise > 0 ? std::size_t(o.patch * o.patch * C) : 0);
      for (double& value : noise) value = rng_.normal(0, o.noise / 255);
      return {place, way, std::move(noise), o.transform ? rng_.bits() : 0};
    }

   private:
    Place next_on_grid() {
      const Index number = next_++, count = from_.count(), epoch = number / count;
      if (epoch != epoch_) order_ = from_.orders_->of(seed_, epoch, count);
      epoch_ = epoch;
      return from_.grid_place((*order_)[std::size_t(number % count)]);
    }

    const PatchDataset& from_;
    std::uint64_t seed_;
    Rng rng_;
    Index next_;        // on the grid: the number of the next patch, over all epochs
    Index epoch_ = -1;  // that of order_
    std::shared_ptr<const std::vector<Index>> order_;
  };

  // Batch number `step`, of which this process has one part.
  template <class T>
  void fill(const LoaderOptions& o, Index step, T* input, T* target) const {
    const Index share = o.batch / o.parts;
    Drawing drawing(*this, o, step);
    for (Index i = 0; i < o.part * share; ++i) drawing.next();  // those of the processes before
    for (Index i = 0; i < share; ++i) cut(drawing.next(), i, input, target);
  }

  // Makes a patch at place number i of a batch.
  template <class T>
  void cut(const Patch& patch, Index i, T* input, T* target) const {
    const Place& place = patch.place;
    const detail::PatchSource& from = sources_[std::size_t(place.image)];
    const Region region = hr_place(place);
    const Index C = cutter_.channels(), in = options().patch, out = region.height;
    T* const x = input + i * in * in * C;
    T* const y = target + i * out * out * C;
    Image small = cutter_.input_region(from, {place.top, place.left, in, in});
    Image large = cutter_.hr_region(from, region);
    if (options().transform) transform(small, large, patch.seed);
    copy_patch(small, 0, 0, in, patch.way, x);
    for (std::size_t k = 0; k < patch.noise.size(); ++k) x[k] += T(patch.noise[k]);
    copy_patch(large, 0, 0, out, patch.way, y);
  }

  void transform(Image& input, Image& hr, std::uint64_t seed) const {
    const auto sizes = [&] {
      return std::array{input.height, input.width, input.channels, hr.height, hr.width, hr.channels};
    };
    const auto before = sizes();
    Rng rng(seed);
    options().transform(input, hr, rng);
    const auto now = sizes();
    check(now == before, "PatchDataset: the transform made an input of ", now[0], " x ", now[1], " x ",
          now[2], " and an HR of ", now[3], " x ", now[4], " x ", now[5], "; they have to stay ", before[0],
          " x ", before[1], " x ", before[2], " and ", before[3], " x ", before[4], " x ", before[5]);
  }

  void add_all(const std::shared_ptr<const Pictures>& lr, const std::shared_ptr<const Pictures>& hr,
               std::vector<Index> numbers) {
    if (numbers.empty()) {
      numbers.resize(std::size_t(hr->count()));
      std::iota(numbers.begin(), numbers.end(), Index(0));
    }
    check(!numbers.empty(), "PatchDataset: there are no images");
    std::vector<Index> small;
    for (const Index i : numbers) {
      const PictureInfo& info = hr->info(i);
      if (lr) cutter_.check_pair(lr->info(i), info, info.name);
      if (holds_patch(info)) push(hr, i, lr, i);
      else small.push_back(i);
    }
    if (small.empty()) return;
    const PictureInfo& first = hr->info(small[0]);
    if (small.size() == numbers.size()) cutter_.check_size(first.height, first.width, first.name);
    hr->tell(str(small.size(), " of ", numbers.size(), " pictures are left out, as a patch needs ",
                 cutter_.least_side(), " x ", cutter_.least_side(), " pixels: ", first.name, " has ",
                 first.height, " x ", first.width));
  }

  void push(const std::shared_ptr<const Pictures>& hr, Index hr_number,
            const std::shared_ptr<const Pictures>& lr, Index lr_number) {
    sources_.push_back(cutter_.source(hr, hr_number, lr, lr_number));
    const Index height = sources_.back().height * cutter_.input_factor();
    const Index width = sources_.back().width * cutter_.input_factor();
    const Index rows = (height - options().patch) / options().stride + 1;
    const Index cols = (width - options().patch) / options().stride + 1;
    grid_begin_.push_back((grid_begin_.empty() ? 0 : grid_begin_.back()) + rows * cols);
    area_.push_back((area_.empty() ? 0 : area_.back()) + height * width);
    count_in(hr->info(hr_number).checksum);
    if (lr) count_in(~lr->info(lr_number).checksum);  // a pair is not two pictures
  }

  void count_in(std::uint64_t checksum) {
    using Mix = crisp::detail::SplitMix64;
    fingerprint_ = Mix::hash((fingerprint_ + Mix::golden) ^ checksum);
  }

  // Every pixel is as likely, so large images give more patches.
  Place random_place(Rng& rng) const {
    const Index image = holding(area_, rng.below(area_.back()));
    const detail::PatchSource& source = sources_[std::size_t(image)];
    const Index top = rng.below(source.height * cutter_.input_factor() - options().patch + 1);
    const Index left = rng.below(source.width * cutter_.input_factor() - options().patch + 1);
    return {image, top, left};
  }

  Place grid_place(Index i) const {
    const Index image = holding(grid_begin_, i);
    const Index k = image ? i - grid_begin_[std::size_t(image - 1)] : i;
    const Index width = sources_[std::size_t(image)].width * cutter_.input_factor();
    const Index cols = (width - options().patch) / options().stride + 1;
    return {image, k / cols * options().stride, k % cols * options().stride};
  }

  // The region of HR at a place.
  Region hr_place(const Place& place) const {
    const Index factor = cutter_.hr_factor(), side = options().patch * factor;
    return {place.top * factor, place.left * factor, side, side};
  }

  // Which image the i-th of all patches or pixels lies in, by running totals.
  static Index holding(const std::vector<Index>& totals, Index i) {
    return Index(std::upper_bound(totals.begin(), totals.end(), i) - totals.begin());
  }

  detail::PatchCutter cutter_;
  std::vector<detail::PatchSource> sources_;
  // Running totals, up to and with image i: patches of the grid, and pixels.
  std::vector<Index> grid_begin_, area_;
  std::uint64_t fingerprint_ = 0;
  std::shared_ptr<detail::PatchOrders> orders_ = std::make_shared<detail::PatchOrders>();
};

}  // namespace crisp::data
