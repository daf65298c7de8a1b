// Recipe: how a network is trained, after its paper, unless the options say otherwise.
#pragma once
#include <string>

#include "crisp/core/error.hpp"

namespace crisp::zoo {

struct Recipe {
  Index batch = 16;
  Index patch = 33;                // side of the input, in pixels of what the network is given
  std::string loss = "mse";        // mse, l1, charbonnier
  std::string optimizer = "adam";  // adam, adamw, sgd
  std::string schedule = "cosine";
  std::string degrade = "bicubic";  // how the input is made
  double lr = 1e-3;
  double clip = 0;          // bound on the length of the gradient; 0: none
  double ema = 0;           // decay of averaged weights; 0: they are not averaged
  const char* source = "";  // where it comes from, and where it differs
};

/// That of the lecture, for the four networks that it teaches.
inline Recipe lecture_recipe() {
  return {.batch = 16, .patch = 32, .lr = 1e-3, .source = "the lecture's patches and loss"};
}

}  // namespace crisp::zoo
