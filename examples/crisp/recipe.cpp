// See recipe.hpp.
#include "recipe.hpp"

#include <map>

namespace crisp::program {

Recipe recipe_of(const std::string& model, const std::string& variant) {
  static const Recipe srcnn{.batch = 16, .patch = 33, .lr = 5e-4, .source = "patches of Dong et al. 2014; Adam and cosine, beginning as the identity"};
  static const Recipe lecture{.batch = 16, .patch = 32, .lr = 1e-3, .source = "the lecture's patches and loss"};
  static const Recipe edsr{.batch = 16, .patch = 48, .loss = "l1", .schedule = "edsr", .lr = 1e-4, .source = "Lim et al. 2017, sec. 4.2"};
  static const Recipe swinir{.batch = 16, .patch = 64, .loss = "l1", .schedule = "swinir", .lr = 2e-4, .ema = 0.999, .source = "Liang et al. 2021; a batch of 16 instead of 64"};
  static const std::map<std::string, Recipe> recipes{
      {"srcnn", srcnn},
      {"srcnn-bn", lecture},
      {"srresnet-lecture", lecture},
      {"srresnet-lite", lecture},
      {"srautoencoder", lecture},
      {"srresnet", {.batch = 16, .patch = 24, .schedule = "constant", .lr = 1e-4, .source = "Ledig et al. 2017, sec. 3.2: HR patches of 96 at x4"}},
      {"srgan", {.batch = 16, .patch = 24, .schedule = "srgan", .lr = 1e-4, .source = "Ledig et al. 2017, sec. 3.2: the rate falls to a tenth half-way"}},
      {"msrresnet", {.batch = 16, .patch = 32, .loss = "l1", .lr = 2e-4, .source = "BasicSR: cosine"}},
      {"edsr-baseline", edsr},
      {"edsr", edsr},
      {"swinir-light", swinir},
      {"swinir", swinir},
      {"hybrid", {.batch = 16, .patch = 64, .loss = "l1", .lr = 1e-4, .source = "the student project: cosine"}},
      {"vdsr", {.batch = 64, .patch = 41, .lr = 5e-4, .clip = 1, .source = "patches of Kim et al. 2016; Adam instead of SGD with clipped gradients"}},
      {"arcnn", {.batch = 16, .patch = 32, .degrade = "jpeg:10", .lr = 5e-4, .source = "Dong et al. 2015; Adam instead of SGD, beginning as the identity"}},
      {"fsrcnn", {.batch = 16, .patch = 16, .lr = 1e-3, .source = "Dong et al. 2016; Adam instead of SGD"}},
      {"espcn", {.batch = 16, .patch = 17, .lr = 1e-3, .source = "Shi et al. 2016, sec. 3.2"}},
      {"dncnn", {.batch = 16, .patch = 40, .degrade = "noise:25", .lr = 1e-3, .source = "Zhang et al. 2017; a batch of 16 instead of 128"}},
  };
  const auto found = recipes.find(model);
  Recipe recipe = found == recipes.end() ? srcnn : found->second;
  if (model == "swinir" && variant == "denoise") recipe.degrade = "noise:25", recipe.loss = "charbonnier";
  if (model == "swinir" && variant == "jpeg") recipe.degrade = "jpeg:10", recipe.loss = "charbonnier", recipe.patch = 63;
  return recipe;
}

}  // namespace crisp::program
