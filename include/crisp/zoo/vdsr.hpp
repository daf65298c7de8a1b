// VDSR in the zoo.
#pragma once
#include "crisp/models/vdsr.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct VdsrEntry : Entry {
  static std::vector<About> about() {
    return {{"vdsr", "twenty layers, one network for all scales", "Kim et al. 2016"}};
  }

  template <class T, class D>
  static models::Vdsr<T, D> make(SettingsReader& s) {
    return models::Vdsr<T, D>({.depth = s.number("depth", 20),
                               .features = s.number("features", 64),
                               .channels = s.number("channels", 1)});
  }

  static Settings recognise(const Shapes& file) {
    const bool fits = has(file, "conv20.weight") && extent(file, "conv1.weight", 3) == 3;
    if (!fits) return {};
    return {{"model", "vdsr"},
            {"features", str(extent(file, "conv1.weight", 0))},
            {"channels", str(extent(file, "conv1.weight", 1))}};
  }

  static Recipe recipe(const std::string&, const std::string&) {
    return {.batch = 64,
            .patch = 41,
            .lr = 5e-4,
            .clip = 1,
            .source = "patches of Kim et al. 2016; Adam instead of SGD with clipped gradients"};
  }
};

}  // namespace crisp::zoo
