// FSRCNN in the zoo.
#pragma once
#include "crisp/models/fsrcnn.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct FsrcnnEntry : Entry {
  static std::vector<About> about() {
    return {{"fsrcnn", "FSRCNN(56, 12, 4)", "Dong et al. 2016", {2, 3, 4}}};
  }

  template <class T, class D>
  static models::Fsrcnn<T, D> make(SettingsReader& s) {
    return models::Fsrcnn<T, D>({.scale = s.number("scale", 3),
                                 .d = s.number("d", 56),
                                 .s = s.number("s", 12),
                                 .m = s.number("m", 4),
                                 .published = s.yes("published", false)});
  }

  static Settings recognise(const Shapes& file) {
    if (!has(file, "extract.weight") || !has(file, "deconv.weight")) return {};
    return {{"model", "fsrcnn"},
            {"d", str(extent(file, "extract.weight", 0))},
            {"s", str(extent(file, "shrink.weight", 0))},
            {"m", str(children(file, "map."))},
            {"published", extent(file, "prelu_extract.weight", 0) == 1 ? "yes" : "no"}};
  }

  /// The authors count their layers: conv1 extracts, conv2 shrinks, the last but one maps, the last expands.
  static Renaming renaming(const Shapes& file) {
    if (!has(file, "deconv.weight") || !has(file, "prelu1.weight")) return {};
    Index layers = 0;
    while (has(file, str("conv", layers + 1, ".weight"))) ++layers;
    return [layers](const std::vector<std::string>& parts) -> std::optional<std::string> {
      const bool slope = parts[0].starts_with("prelu");
      if (parts.size() != 2 || !(slope || parts[0].starts_with("conv"))) return {};
      const std::string number = parts[0].substr(slope ? 5 : 4);
      if (!is_number(number)) return {};
      const Index n = std::stol(number);
      std::string layer = str(slope ? "prelu_map." : "map.", n - 3);
      if (n == 1) layer = slope ? "prelu_extract" : "extract";
      if (n == 2) layer = slope ? "prelu_shrink" : "shrink";
      if (n == layers) layer = slope ? "prelu_expand" : "expand";
      return layer + "." + parts[1];
    };
  }

  static Recipe recipe(const std::string&, const std::string&) {
    return {.batch = 16, .patch = 16, .lr = 1e-3, .source = "Dong et al. 2016; Adam instead of SGD"};
  }
};

}  // namespace crisp::zoo
