// SRCNN in the zoo.
#pragma once
#include "crisp/models/srcnn.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct SrcnnEntry : Entry {
  static std::vector<About> about() {
    return {{"srcnn", "SRCNN 9-1-5; `--variant 9-3-5`, `9-5-5`", "Dong et al. 2014, 2016"}};
  }

  template <class T, class D>
  static models::Srcnn<T, D> make(SettingsReader& s) {
    const std::string variant = s.word("variant", "9-1-5", {"9-1-5", "9-3-5", "9-5-5"});
    const Index middle = variant[2] - '0';
    return models::Srcnn<T, D>({.f2 = middle, .channels = s.number("channels", 1), .identity = true});
  }

  static Settings recognise(const Shapes& file) {
    const Index f1 = extent(file, "conv1.weight", 3);
    const Index f2 = extent(file, "conv2.weight", 3);
    const Index f3 = extent(file, "conv3.weight", 3);
    const bool fits = file.size() == 6 && f1 == 9 && f3 == 5 && (f2 == 1 || f2 == 3 || f2 == 5);
    if (!fits) return {};
    return {{"model", "srcnn"},
            {"variant", str(f1, "-", f2, "-", f3)},
            {"channels", str(extent(file, "conv1.weight", 1))}};
  }

  static Recipe recipe(const std::string&, const std::string&) {
    return {.batch = 16,
            .patch = 33,
            .lr = 5e-4,
            .source = "patches of Dong et al. 2014; Adam and cosine, beginning as the identity"};
  }
};

}  // namespace crisp::zoo
