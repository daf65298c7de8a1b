// ESPCN in the zoo.
#pragma once
#include "crisp/models/espcn.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct EspcnEntry : Entry {
  static std::vector<About> about() {
    return {{"espcn", "three layers, then one pixel shuffle", "Shi et al. 2016", {2, 3, 4}}};
  }

  template <class T, class D>
  static models::Espcn<T, D> make(SettingsReader& s) {
    return models::Espcn<T, D>({.scale = s.number("scale", 3), .channels = s.number("channels", 1)});
  }

  static Recipe recipe(const std::string&, const std::string&) {
    return {.batch = 16, .patch = 17, .lr = 1e-3, .source = "Shi et al. 2016, sec. 3.2"};
  }
};

}  // namespace crisp::zoo
