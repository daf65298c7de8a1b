// PatchCutter: makes patches from pictures. What a patch needs of a picture is read, reduced and enlarged
// when it is cut, and is to the bit what reducing and enlarging the whole picture would have given.
#pragma once
#include "crisp/core/rounding.hpp"
#include "crisp/data/color.hpp"
#include "crisp/data/pictures.hpp"

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
  /// A change of your own, made to each patch before it is turned: input and hr have samples of 0..255 and
  /// keep their sizes. Draw from rng alone, and a batch depends on the seed and its number alone. Threads
  /// call it at once.
  std::function<void(Image& input, Image& hr, Rng& rng)> transform = {};
  /// How LR is made, region by region, see degrade_region in data/degrade.hpp; empty: MATLAB's bicubic.
  std::function<Image(const RegionReader& hr, Index scale, const Region& lr)> reduce_region = {};
  /// Or as a function of whole pictures: then each is reduced once, and its LR stays in memory.
  std::function<Image(const Image& hr, Index scale)> reduce = {};
};

namespace detail {

// Where the patches of one picture come from. Neither picture has alpha.
struct PatchSource {
  std::shared_ptr<const Pictures> hr, lr;  // lr: none where it is made from hr
  Index hr_number = 0, lr_number = 0;
  Index height = 0, width = 0;  // of LR
};

class PatchCutter {
 public:
  explicit PatchCutter(PatchOptions o) : options_(std::move(o)) {
    const Index scale = options_.scale, patch = options_.patch;
    const Index stride = options_.stride;
    check(scale >= 1 && patch >= 1 && stride >= 1, "PatchDataset: scale ", scale, ", patch ", patch,
          " and stride ", stride, " must be at least 1");
  }

  const PatchOptions& options() const { return options_; }
  Index channels() const { return options_.luma ? 1 : 3; }
  Index hr_factor() const { return options_.input == Input::lr ? options_.scale : 1; }     // over the input
  Index input_factor() const { return options_.input == Input::lr ? 1 : options_.scale; }  // over LR

  /// The least height and width of HR.
  Index least_side() const { return round_up(options_.patch * hr_factor(), options_.scale); }
  bool holds_patch(Index height, Index width) const { return std::min(height, width) >= least_side(); }

  void check_size(Index height, Index width, const std::string& name) const {
    check(holds_patch(height, width), "PatchDataset: ", name, " has ", height, " x ", width,
          " pixels, but a patch needs ", least_side(), " x ", least_side(),
          "\n  hint: use a smaller patch, or leave out the small images");
  }

  void check_pair(const PictureInfo& lr, const PictureInfo& hr, const std::string& name) const {
    const Index scale = options_.scale;
    check(hr.height == lr.height * scale && hr.width == lr.width * scale, "PatchDataset: ", name, " has ",
          describe(lr), " pixels as LR and ", describe(hr), " as HR; at x", scale, " HR must be ",
          lr.height * scale, " x ", lr.width * scale);
  }

  /// A picture, and the LR that belongs to it (none: it is made). Colours under alpha are filled here, once.
  PatchSource source(std::shared_ptr<const Pictures> hr, Index hr_number, std::shared_ptr<const Pictures> lr,
                     Index lr_number) const {
    const Index scale = options_.scale;
    PatchSource s{std::move(hr), std::move(lr), hr_number, lr_number};
    const PictureInfo& info = s.hr->info(hr_number);
    s.height = info.height / scale;
    s.width = info.width / scale;
    if (has_alpha(info)) {
      s.hr = one_picture(without_alpha(crop_to_multiple(s.hr->read(hr_number), scale)), info.name);
      s.hr_number = 0;
    }
    if (s.lr && has_alpha(s.lr->info(lr_number))) {
      s.lr = one_picture(without_alpha(s.lr->read(lr_number)), info.name);
      s.lr_number = 0;
    }
    if (!s.lr && options_.reduce) {
      const Image made = options_.reduce(hr_region(s, {0, 0, s.height * scale, s.width * scale}), scale);
      check(made.height == s.height && made.width == s.width && made.channels == channels(),
            "PatchDataset: the reduction made ", describe(made), " of ", info.name, "; at x", scale,
            " it must be ", s.height, " x ", s.width, " of ", channels(), " channels");
      s.lr = one_picture(made, info.name);
    }
    return s;
  }

  /// A region of what the network is given, (r.height, r.width, C).
  Image input_region(const PatchSource& from, const Region& r) const {
    return options_.input == Input::lr ? lr_region(from, r) : ilr_region(from, r);
  }

  /// A region of LR, which is made from HR unless it was given.
  Image lr_region(const PatchSource& from, const Region& r) const {
    if (from.lr) return prepared(from.lr->read(from.lr_number, r));
    const Index scale = options_.scale;
    const RegionReader hr{from.height * scale, from.width * scale,
                          [&](const Region& part) { return hr_region(from, part); }};
    return options_.reduce_region ? options_.reduce_region(hr, scale, r) : reduce_region(hr, scale, r);
  }

  /// A region of LR enlarged to the size of HR.
  Image ilr_region(const PatchSource& from, const Region& r) const {
    const RegionReader lr{from.height, from.width, [&](const Region& part) { return lr_region(from, part); }};
    return enlarge_region(lr, options_.scale, r);
  }

  /// A region of what the network should find.
  Image hr_region(const PatchSource& from, const Region& r) const {
    return prepared(from.hr->read(from.hr_number, r));
  }

 private:
  static bool has_alpha(const PictureInfo& info) { return info.channels == 2 || info.channels == 4; }

  Image prepared(Image opaque) const {
    if (options_.luma == opaque.has_colour()) return options_.luma ? luma(opaque) : gray_to_rgb(opaque);
    return opaque;
  }

  PatchOptions options_;
};

}  // namespace detail
}  // namespace crisp::data
