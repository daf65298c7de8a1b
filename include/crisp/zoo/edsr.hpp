// EDSR in the zoo: its baseline, and the full network.
#pragma once
#include "crisp/models/edsr.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct EdsrEntry : Entry {
  static std::vector<About> about() {
    return {{"edsr-baseline", "EDSR, 16 blocks of 64 features", "Lim et al. 2017", {2, 3, 4, 8}},
            {"edsr", "EDSR, 32 blocks of 256 features", "Lim et al. 2017", {2, 3, 4, 8}}};
  }

  template <class T, class D>
  static models::Edsr<T, D> make(SettingsReader& s) {
    const bool full = s.word("model", "") == "edsr";
    const models::EdsrOptions base = full ? models::EdsrOptions::full(2) : models::EdsrOptions{};
    return models::Edsr<T, D>({.scale = s.number("scale", 2),
                               .features = s.number("features", base.features),
                               .blocks = s.number("blocks", base.blocks),
                               .residual_scale = s.real("residual_scale", base.residual_scale),
                               .direct = s.yes("direct", false),
                               .mean_shift = s.yes("mean_shift", true)});
  }

  static Settings recognise(const Shapes& file) {
    const bool has_body = has(file, "conv_after_body.weight") && has(file, "body.0.conv1.weight");
    const bool has_ends = has(file, "conv_first.weight") && has(file, "upsample.0.weight");
    const bool fits = has_ends && has_body && !has(file, "prelu_first.weight");
    if (!fits) return {};
    const Index features = extent(file, "conv_first.weight", 0);
    Settings s{{"model", features >= 256 ? "edsr" : "edsr-baseline"},
               {"features", str(features)},
               {"blocks", str(children(file, "body."))},
               {"scale", str(upsampler_scale(file))}};
    if (!has(file, "conv_last.weight")) {
      s["direct"] = "yes";
      s["scale"] = str(square_root(extent(file, "upsample.0.weight", 0) / 3));
    }
    return s;
  }

  // The official program has head.0, body.0.body.0, body.16, tail.0.0 and tail.1.
  static Renaming renaming(const Shapes& file) {
    if (!has(file, "head.0.weight")) return {};
    const bool direct = has(file, "tail.0.weight");
    return [direct](const std::vector<std::string>& parts) { return official_name(parts, direct); };
  }

  static Recipe recipe(const std::string&, const std::string&) {
    return {.batch = 16,
            .patch = 48,
            .loss = "l1",
            .schedule = "edsr",
            .lr = 1e-4,
            .source = "Lim et al. 2017, sec. 4.2"};
  }

 private:
  static std::string official_name(const std::vector<std::string>& parts, bool direct) {
    if (parts.size() < 3) return join_name(parts);
    if (parts[0] == "head") return "conv_first." + join_name(parts, 2);
    if (parts[0] == "tail" && direct) return "upsample.0." + join_name(parts, 2);
    if (parts[0] == "tail") return (parts[1] == "0" ? "upsample." : "conv_last.") + join_name(parts, 2);
    if (parts[0] == "body" && parts.size() == 3) return "conv_after_body." + parts[2];
    if (parts[0] == "body" && parts.size() == 5 && parts[2] == "body")
      return "body." + parts[1] + (parts[3] == "0" ? ".conv1." : ".conv2.") + parts[4];
    return join_name(parts);
  }
};

}  // namespace crisp::zoo
