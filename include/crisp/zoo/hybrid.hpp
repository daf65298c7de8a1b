// The hybrid of EDSR and SwinIR in the zoo.
#pragma once
#include "crisp/models/hybrid.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct HybridEntry : Entry {
  static std::vector<About> about() {
    return {{"hybrid", "EDSR's blocks, then SwinIR's", "a student project", {2, 3, 4, 8}}};
  }

  template <class T, class D>
  static models::Hybrid<T, D> make(SettingsReader& s) {
    return models::Hybrid<T, D>({.scale = s.number("scale", 4),
                                 .features = s.number("features", 256),
                                 .blocks = s.number("blocks", 64),
                                 .embed = s.number("embed", 180),
                                 .heads = s.number("heads", 6),
                                 .window = s.number("window", 8),
                                 .depths = s.numbers("depths", {6, 6, 6, 6})});
  }

  static Recipe recipe(const std::string&, const std::string&) {
    return {.batch = 16, .patch = 64, .loss = "l1", .lr = 1e-4, .source = "the student project: cosine"};
  }
};

}  // namespace crisp::zoo
