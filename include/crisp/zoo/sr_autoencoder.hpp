// SrAutoencoder in the zoo.
#pragma once
#include "crisp/models/sr_autoencoder.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct SrAutoencoderEntry : Entry {
  static std::vector<About> about() {
    return {{"srautoencoder", "halved twice, enlarged again", "a lecture; Mao et al. 2016"}};
  }

  template <class T, class D>
  static models::SrAutoencoder<T, D> make(SettingsReader&) {
    return models::SrAutoencoder<T, D>();
  }

  static Recipe recipe(const std::string&, const std::string&) { return lecture_recipe(); }
};

}  // namespace crisp::zoo
