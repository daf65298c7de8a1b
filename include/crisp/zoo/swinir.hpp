// SwinIR in the zoo: the lightweight network, and the classical one with its variants.
#pragma once
#include "crisp/models/swinir.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct SwinIrEntry : Entry {
  static std::vector<About> about() {
    return {{"swinir-light", "SwinIR lightweight", "Liang et al. 2021", {2, 3, 4, 8}},
            {"swinir",
             "SwinIR classical; `--variant real`, `denoise`, `jpeg`",
             "Liang et al. 2021",
             {1, 2, 3, 4, 8}}};
  }

  template <class T, class D>
  static models::SwinIr<T, D> make(SettingsReader& s) {
    return models::SwinIr<T, D>(options(s));
  }

  static Settings recognise(const Shapes& file) {
    const std::string block = "layers.0.residual_group.blocks.0.";
    // A row for each of (2 M - 1)^2 offsets.
    const std::string table = block + "attn.relative_position_bias_table";
    if (!has(file, block + "attn.qkv.weight")) return {};
    const Index embed = extent(file, "conv_first.weight", 0);
    const Index window = (square_root(extent(file, table, 0)) + 1) / 2;
    const double mlp = double(extent(file, block + "mlp.fc1.weight", 0)) / double(std::max<Index>(1, embed));
    Settings s{{"embed", str(embed)},
               {"heads", str(extent(file, table, 1))},
               {"window", str(window)},
               {"depths", depths(file)},
               {"mlp_ratio", str(mlp)}};
    s.merge(tail(file, window));
    return s;
  }

  static Recipe recipe(const std::string& name, const std::string& variant) {
    Recipe r{.batch = 16,
             .patch = 64,
             .loss = "l1",
             .schedule = "swinir",
             .lr = 2e-4,
             .ema = 0.999,
             .source = "Liang et al. 2021; a batch of 16 instead of 64"};
    if (name != "swinir" || (variant != "denoise" && variant != "jpeg")) return r;
    r.loss = "charbonnier";
    r.degrade = variant == "denoise" ? "noise:25" : "jpeg:10";
    if (variant == "jpeg") r.patch = 63;  // nine windows of 7
    return r;
  }

 private:
  static models::SwinIrOptions options(SettingsReader& s) {
    models::SwinIrOptions o = s.word("model", "") == "swinir-light" ? light(s) : classical(s);
    o.embed = s.number("embed", o.embed);
    o.heads = s.number("heads", o.heads);
    o.window = s.number("window", o.window);
    o.depths = s.numbers("depths", o.depths);
    o.mlp_ratio = s.real("mlp_ratio", o.mlp_ratio);
    o.drop_path = s.real("drop_path", o.drop_path);
    o.checkpointed = s.yes("checkpointed", false);
    return o;
  }

  static models::SwinIrOptions light(SettingsReader& s) {
    return models::SwinIrOptions::light(s.number("scale", 2));
  }

  static models::SwinIrOptions classical(SettingsReader& s) {
    const std::string variant = s.word("variant", "classical", {"classical", "real", "denoise", "jpeg"});
    if (variant == "denoise" || variant == "jpeg") {
      const Index scale = s.number("scale", 1);
      check(scale == 1, "model: swinir ", variant, " does not enlarge; its scale is 1, not ", scale);
      const Index channels = s.number("channels", 1);
      if (variant == "denoise") return models::SwinIrOptions::denoise(channels);
      return models::SwinIrOptions::jpeg(channels);
    }
    models::SwinIrOptions o = models::SwinIrOptions::classical(s.number("scale", variant == "real" ? 4 : 2));
    if (variant == "real") o.tail = models::SwinTail::nearest_conv;
    return o;
  }

  // "6,6,6,6": how many Swin layers each residual block has.
  static std::string depths(const Shapes& file) {
    std::string text;
    for (Index i = 0; i < children(file, "layers."); ++i) {
      const Index depth = children(file, str("layers.", i, ".residual_group.blocks."));
      text += str(i > 0 ? "," : "", depth);
    }
    return text;
  }

  // What the tail tells: the name, the variant, and the scale or the channels.
  static Settings tail(const Shapes& file, Index window) {
    if (has(file, "conv_before_upsample.0.weight") && has(file, "conv_hr.weight"))
      return {{"model", "swinir"}, {"variant", "real"}, {"scale", has(file, "conv_up2.weight") ? "4" : "2"}};
    if (has(file, "conv_before_upsample.0.weight"))
      return {{"model", "swinir"}, {"variant", "classical"}, {"scale", str(upsampler_scale(file))}};
    const Index channels = extent(file, "conv_first.weight", 1);
    if (has(file, "upsample.0.weight")) {
      const Index shuffled = extent(file, "upsample.0.weight", 0);
      const Index scale = square_root(shuffled / std::max<Index>(1, channels));
      return {{"model", "swinir-light"}, {"scale", str(scale)}};
    }
    return {{"model", "swinir"}, {"variant", window == 7 ? "jpeg" : "denoise"}, {"channels", str(channels)}};
  }
};

}  // namespace crisp::zoo
