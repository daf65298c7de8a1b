// MSRResNet in the zoo.
#pragma once
#include "crisp/models/msrresnet.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct MsrResNetEntry : Entry {
  static std::vector<About> about() {
    return {{"msrresnet", "SRResNet without batch normalisation", "Wang et al. 2018 (BasicSR)", {2, 3, 4}}};
  }

  template <class T, class D>
  static models::MsrResNet<T, D> make(SettingsReader& s) {
    return models::MsrResNet<T, D>({.scale = s.number("scale", 4),
                                    .features = s.number("features", 64),
                                    .blocks = s.number("blocks", 16)});
  }

  static Settings recognise(const Shapes& file) {
    const bool fits =
        has(file, "conv_first.weight") && has(file, "upconv1.weight") && has(file, "body.0.conv1.weight");
    if (!fits) return {};
    const Index features = std::max<Index>(1, extent(file, "upconv1.weight", 1));
    const Index shuffle = square_root(extent(file, "upconv1.weight", 0) / features);
    return {{"model", "msrresnet"},
            {"features", str(extent(file, "conv_first.weight", 0))},
            {"blocks", str(children(file, "body."))},
            {"scale", str(has(file, "upconv2.weight") ? 4 : shuffle)}};
  }

  // Older files have recon_trunk and HRconv.
  static Renaming renaming(const Shapes&) {
    return [](const std::vector<std::string>& parts) -> std::optional<std::string> {
      if (parts[0] == "recon_trunk") return "body." + join_name(parts, 1);
      if (parts[0] == "HRconv") return "conv_hr." + join_name(parts, 1);
      return {};
    };
  }

  static Recipe recipe(const std::string&, const std::string&) {
    return {.batch = 16, .patch = 32, .loss = "l1", .lr = 2e-4, .source = "BasicSR: cosine"};
  }
};

}  // namespace crisp::zoo
