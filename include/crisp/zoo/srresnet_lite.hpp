// SrResNetLite in the zoo.
#pragma once
#include "crisp/models/srresnet_lite.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct SrResNetLiteEntry : Entry {
  static std::vector<About> about() {
    return {{"srresnet-lite", "one residual block, two skips", "a lecture"}};
  }

  template <class T, class D>
  static models::SrResNetLite<T, D> make(SettingsReader&) {
    return models::SrResNetLite<T, D>();
  }

  static Recipe recipe(const std::string&, const std::string&) { return lecture_recipe(); }
};

}  // namespace crisp::zoo
