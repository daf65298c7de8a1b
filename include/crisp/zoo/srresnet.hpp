// SRResNet in the zoo, and SRGAN, whose generator it is.
#pragma once
#include "crisp/models/srresnet.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct SrResNetEntry : Entry {
  static std::vector<About> about() {
    return {{"srresnet", "SRResNet", "Ledig et al. 2017", {2, 3, 4, 8}},
            {"srgan",
             "the same, trained against a discriminator of 23,565,505 parameters",
             "Ledig et al. 2017",
             {2, 3, 4, 8}}};
  }

  template <class T, class D>
  static models::SrResNet<T, D> make(SettingsReader& s) {
    return models::SrResNet<T, D>({.scale = s.number("scale", 4),
                                   .features = s.number("features", 64),
                                   .blocks = s.number("blocks", 16),
                                   .norm_after_body = s.yes("norm_after_body", true),
                                   .tanh = s.yes("tanh", false)});
  }

  static Settings recognise(const Shapes& file) {
    const bool fits =
        has(file, "conv_first.weight") && has(file, "prelu_first.weight") && has(file, "body.0.conv1.weight");
    if (!fits) return {};
    const bool norm = has(file, "bn_after_body.weight");
    return {{"model", "srresnet"},
            {"features", str(extent(file, "conv_first.weight", 0))},
            {"blocks", str(children(file, "body."))},
            {"scale", str(upsampler_scale(file))},
            {"norm_after_body", norm ? "yes" : "no"},
            {"tanh", norm ? "no" : "yes"}};
  }

  // A popular SRGAN counts its stages: block1 is the first convolution, block2 to block6 are the body, block7
  // ends it, and block8 enlarges.
  static Renaming renaming(const Shapes& file) {
    Index last = 0;
    for (const auto& [name, shape] : file) last = std::max(last, stage(split_name(name)[0]));
    if (last <= 3) return {};
    const Index shuffles = children(file, "block" + std::to_string(last) + ".") - 1;
    return [last, shuffles](const std::vector<std::string>& parts) -> std::optional<std::string> {
      if (stage(parts[0]) == 0 || parts.size() < 3) return {};
      return generator_name(parts, last, shuffles);
    };
  }

  static Recipe recipe(const std::string& name, const std::string&) {
    if (name == "srgan")
      return {.batch = 16,
              .patch = 24,
              .schedule = "srgan",
              .lr = 1e-4,
              .source = "Ledig et al. 2017, sec. 3.2: the rate falls to a tenth half-way"};
    return {.batch = 16,
            .patch = 24,
            .schedule = "constant",
            .lr = 1e-4,
            .source = "Ledig et al. 2017, sec. 3.2: HR patches of 96 at x4"};
  }

 private:
  // 2 for "block2", 0 for what is no stage.
  static Index stage(const std::string& part) {
    return part.starts_with("block") && is_number(part.substr(5)) ? std::stol(part.substr(5)) : 0;
  }

  static std::string generator_name(const std::vector<std::string>& parts, Index last, Index shuffles) {
    const Index at = stage(parts[0]);
    const bool convolution = parts[1] == "0";
    if (at == 1) return (convolution ? "conv_first." : "prelu_first.") + join_name(parts, 2);
    if (at < last - 1) return "body." + std::to_string(at - 2) + "." + join_name(parts, 1);
    if (at == last - 1) return (convolution ? "conv_after_body." : "prelu_after_body.") + join_name(parts, 2);
    const Index place = is_number(parts[1]) ? std::stol(parts[1]) : 0;
    if (is_number(parts[1]) && place == shuffles) return "conv_last." + join_name(parts, 2);
    if (parts[2] == "conv") return "upsample." + std::to_string(2 * place) + "." + join_name(parts, 3);
    return "prelu_up." + parts[1] + "." + join_name(parts, 3);
  }
};

}  // namespace crisp::zoo
