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
                                 .m = s.number("m", 4)});
  }

  static Recipe recipe(const std::string&, const std::string&) {
    return {.batch = 16, .patch = 16, .lr = 1e-3, .source = "Dong et al. 2016; Adam instead of SGD"};
  }
};

}  // namespace crisp::zoo
