// ARCNN in the zoo.
#pragma once
#include "crisp/models/arcnn.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct ArcnnEntry : Entry {
  static std::vector<About> about() {
    return {{"arcnn", "four layers against JPEG artifacts", "Dong et al. 2015", {1}}};
  }

  template <class T, class D>
  static models::Arcnn<T, D> make(SettingsReader&) {
    return models::Arcnn<T, D>();
  }

  static Settings recognise(const Shapes& file) {
    const Index f1 = extent(file, "conv1.weight", 3);
    const Index f2 = extent(file, "conv2.weight", 3);
    const Index f3 = extent(file, "conv3.weight", 3);
    const bool fits = file.size() == 8 && f1 == 9 && f2 == 7 && f3 == 1;
    if (!fits) return {};
    return {{"model", "arcnn"}};
  }

  static Recipe recipe(const std::string&, const std::string&) {
    return {.batch = 16,
            .patch = 32,
            .degrade = "jpeg:10",
            .lr = 5e-4,
            .source = "Dong et al. 2015; Adam instead of SGD, beginning as the identity"};
  }
};

}  // namespace crisp::zoo
