// MS-LapSRN in the zoo.
#pragma once
#include "crisp/models/ms_lapsrn.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct MsLapSrnEntry : Entry {
  static constexpr bool one_for_all_scales = true;

  static std::vector<About> about() {
    return {{"ms-lapsrn", "LapSRN whose levels share their weights", "Lai et al. 2018", {2, 4, 8}}};
  }

  template <class T, class D>
  static models::MsLapSrn<T, D> make(SettingsReader& s) {
    return models::MsLapSrn<T, D>({.scale = s.number("scale", 4),
                                   .features = s.number("features", 64),
                                   .depth = s.number("depth", 5),
                                   .recursions = s.number("recursions", 8)});
  }

  /// The weights do not say how often the block runs.
  static Settings recognise(const Shapes& file) {
    if (!has(file, "input_conv.weight") || !has(file, "level.img_up.weight")) return {};
    return {{"model", "ms-lapsrn"},
            {"features", str(extent(file, "input_conv.weight", 0))},
            {"depth", str(children(file, "level.conv."))}};
  }

  static Recipe recipe(const std::string&, const std::string&) {
    return {.batch = 16,
            .patch = 32,
            .loss = "charbonnier",
            .lr = 5e-4,
            .source =
                "Lai et al. 2018; Adam instead of SGD, one scale at a time, and of each level the mean of "
                "its loss"};
  }
};

}  // namespace crisp::zoo
