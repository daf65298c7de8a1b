// DnCNN in the zoo.
#pragma once
#include "crisp/models/dncnn.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct DncnnEntry : Entry {
  static std::vector<About> about() {
    return {{"dncnn", "17 layers against noise", "Zhang et al. 2017", {1}}};
  }

  template <class T, class D>
  static models::Dncnn<T, D> make(SettingsReader& s) {
    return models::Dncnn<T, D>({.depth = s.number("depth", 17),
                                .features = s.number("features", 64),
                                .channels = s.number("channels", 1),
                                .batch_norm = s.yes("batch_norm", true)});
  }

  static Settings recognise(const Shapes& file) {
    const Index channels = extent(file, "model.0.weight", 1);
    const bool fits = has(file, "model.2.weight") && extent(file, "model.0.weight", 2) == 3 &&
                      last_channels(file) == channels;  // a discriminator ends with other ones
    if (!fits) return {};
    Index depth = 0;
    for (const auto& [name, shape] : file) depth += shape.rank() == 4;
    return {{"model", "dncnn"},
            {"depth", str(depth)},
            {"features", str(extent(file, "model.0.weight", 0))},
            {"channels", str(channels)},
            {"batch_norm", has(file, "model.3.running_mean") ? "yes" : "no"}};
  }

  static Recipe recipe(const std::string&, const std::string&) {
    return {.batch = 16,
            .patch = 40,
            .degrade = "noise:25",
            .lr = 1e-3,
            .source = "Zhang et al. 2017; a batch of 16 instead of 128"};
  }

 private:
  // What the last convolution makes.
  static Index last_channels(const Shapes& file) {
    Index last = -1, channels = 0;
    for (const auto& [name, shape] : file) {
      const std::vector<std::string> parts = split_name(name);
      const bool convolution = parts.size() == 3 && is_number(parts[1]) && shape.rank() == 4;
      if (!convolution || std::stol(parts[1]) < last) continue;
      last = std::stol(parts[1]);
      channels = shape[0];
    }
    return channels;
  }
};

}  // namespace crisp::zoo
