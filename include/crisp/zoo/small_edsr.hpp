// SmallEdsr in the zoo.
#pragma once
#include "crisp/models/small_edsr.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct SmallEdsrEntry : Entry {
  static std::vector<About> about() {
    return {{"edsr-small",
             "EDSR's blocks, 5 of 32 features, around bicubic",
             "after Lim et al. 2017",
             {1, 2, 3, 4}}};
  }

  template <class T, class D>
  static models::SmallEdsr<T, D> make(SettingsReader& s) {
    return models::SmallEdsr<T, D>({.scale = s.number("scale", 2),
                                    .features = s.number("features", 32),
                                    .blocks = s.number("blocks", 5),
                                    .channels = s.number("channels", 1)});
  }

  // EDSR has an upsampler as well.
  static Settings recognise(const Shapes& file) {
    const bool fits = has(file, "conv_first.weight") && has(file, "conv_after_body.weight") &&
                      has(file, "body.0.conv1.weight") && has(file, "conv_last.weight") &&
                      !has(file, "upsample.0.weight");
    if (!fits) return {};
    const Index channels = std::max<Index>(1, extent(file, "conv_first.weight", 1));
    return {{"model", "edsr-small"},
            {"scale", str(square_root(extent(file, "conv_last.weight", 0) / channels))},
            {"features", str(extent(file, "conv_first.weight", 0))},
            {"blocks", str(children(file, "body."))},
            {"channels", str(channels)}};
  }

  static Recipe recipe(const std::string&, const std::string&) {
    return {
        .batch = 16, .patch = 32, .loss = "l1", .lr = 1e-3, .ema = 0.999, .source = "for short trainings"};
  }
};

}  // namespace crisp::zoo
