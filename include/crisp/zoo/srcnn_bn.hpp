// SrcnnBN in the zoo.
#pragma once
#include "crisp/models/srcnn_bn.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct SrcnnBNEntry : Entry {
  static std::vector<About> about() { return {{"srcnn-bn", "SRCNN with batch normalisation", "a lecture"}}; }

  template <class T, class D>
  static models::SrcnnBN<T, D> make(SettingsReader&) {
    return models::SrcnnBN<T, D>();
  }

  static Recipe recipe(const std::string&, const std::string&) { return lecture_recipe(); }
};

}  // namespace crisp::zoo
