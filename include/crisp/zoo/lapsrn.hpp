// LapSRN in the zoo.
#pragma once
#include "crisp/models/lapsrn.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct LapSrnEntry : Entry {
  static std::vector<About> about() {
    return {{"lapsrn", "LapSRN, a picture at each level", "Lai et al. 2017", {2, 4, 8}}};
  }

  template <class T, class D>
  static models::LapSrn<T, D> make(SettingsReader& s) {
    return models::LapSrn<T, D>({.scale = s.number("scale", 4),
                                 .features = s.number("features", 64),
                                 .depth = s.number("depth", 10)});
  }

  static Settings recognise(const Shapes& file) {
    const Index levels = children(file, "level.");
    if (!has(file, "input_conv.weight") || !has(file, "level.0.img_up.weight") || levels > 3) return {};
    return {{"model", "lapsrn"},
            {"scale", str(Index(1) << levels)},
            {"features", str(extent(file, "input_conv.weight", 0))},
            {"depth", str(children(file, "level.0.conv."))}};
  }

  /// The authors count the levels down: level2 runs before level1.
  static Renaming renaming(const Shapes& file) {
    if (!has(file, "level1.img_up.weight")) return {};
    const Index levels = has(file, "level3.img_up.weight") ? 3 : 1 + Index(has(file, "level2.img_up.weight"));
    return [levels](const std::vector<std::string>& parts) -> std::optional<std::string> {
      if (parts.size() != 3 || !parts[0].starts_with("level") || !is_number(parts[0].substr(5))) return {};
      const std::string level = str("level.", levels - std::stol(parts[0].substr(5)), ".");
      const std::string& layer = parts[1];
      const bool numbered = layer.starts_with("conv") && is_number(layer.substr(4));
      return level + (numbered ? str("conv.", std::stol(layer.substr(4)) - 1) : layer) + "." + parts[2];
    };
  }

  static Recipe recipe(const std::string&, const std::string&) {
    return {.batch = 16,
            .patch = 32,
            .loss = "charbonnier",
            .lr = 1e-3,
            .source = "Lai et al. 2017; Adam instead of SGD, and of each level the mean of its loss"};
  }
};

}  // namespace crisp::zoo
