// A training as the options of crisp train describe it, on either device.
#pragma once
#include <optional>

#include "crisp/optim/optimizer.hpp"
#include "crisp/optim/schedule.hpp"
#include "crisp/zoo/recipe.hpp"
#include "train_data.hpp"

namespace crisp::program {

/// What the options say of a recipe; where they are silent, it is that of the network.
struct RecipeChanges {
  std::optional<Index> batch;
  std::optional<Index> patch;
  std::optional<double> lr;
  std::optional<double> clip;
  std::optional<double> ema;
  std::optional<std::string> loss;
  std::optional<std::string> optimizer;
  std::optional<std::string> schedule;
  std::optional<std::string> degrade;

  zoo::Recipe applied_to(zoo::Recipe recipe) const;
};

struct TrainOptions {
  Architecture network;
  DataOptions data;
  RecipeChanges changes;
  zoo::Recipe recipe;                    // of the paper, with the changes
  std::vector<std::string> lr;           // a learning rate, and a folder: see train.cpp
  std::vector<std::string> layer_lr;     // "conv3.=1e-5"
  std::vector<optim::LayerRate> layers;  // the same, read
  fs::path out, init, vgg;
  std::string key;  // of the weights in init
  Index steps = 0, epochs = 0, validate_every = 0, warm_up = 0, accumulate = 1;
  double minutes = 0;
  double normal_init = 0;  // the deviation of the weights at the beginning; 0: as the network begins
  Index seed = 0;
  int loader_threads = 0;
  bool watch = false, graph = false, resume = false, quiet = false;
  Computing computing;

  optim::Schedule schedule() const;
  /// What has to agree when a training is resumed, and what the report shows.
  io::Metadata settings(const zoo::Settings& net, Index images) const;
};

/// "srcnn 9-1-5, x3", from the settings of a network.
std::string title(const zoo::Settings& net);

/// Trains on the device D with values of type T, beginning with the weights of `net`. The results lie in the
/// folder `out`.
template <class T, class D>
void train(const TrainOptions& o, Network net, const TrainingData& data);

/// The same of SRGAN, after Ledig et al. 2017: half of the steps with the squared error alone, then the game
/// against a discriminator.
template <class T, class D>
void train_srgan(TrainOptions o, Network net, const TrainingData& data);

}  // namespace crisp::program
