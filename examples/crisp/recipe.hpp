// How each network is trained unless the options say otherwise: the recipe of its paper, for as long as there is time.
#pragma once
#include <string>

#include "crisp/core/error.hpp"

namespace crisp::program {

struct Recipe {
  Index batch = 16, patch = 33;  // patch: side of the input, in pixels of what the network is given
  std::string loss = "mse", optimizer = "adam", schedule = "cosine", degrade = "bicubic";
  double lr = 1e-3, clip = 0, ema = 0;
  const char* source = "";       // where it comes from, and where it differs
};

/// The recipe for a network that AnyModel knows; for others that of SRCNN.
Recipe recipe_of(const std::string& model, const std::string& variant);

}  // namespace crisp::program
