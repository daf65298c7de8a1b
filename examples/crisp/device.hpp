// Which device computes: what this machine has, and the way from --device to it.
#pragma once
#include "running.hpp"
#include "training.hpp"

namespace crisp::program {

/// The GPUs, a line each, or in plain words why there is none.
struct Gpus {
  std::vector<std::string> lines;
  std::string why_none;
};
Gpus gpus();

/// The processor in a line: its name, its logical cores, and the vectors that crisp was compiled for.
std::string processor();

/// How the GPU multiplies floats from now on: rounded to TF32 for "tf32", else exactly.
void set_precision(const std::string& precision);

/// The network at work on the device and in the precision that are asked for.
Running running_on(const Computing& computing, std::shared_ptr<const Network> net);

/// Trains the network likewise: see training.hpp.
void train_on(const TrainOptions& o, Network net, const TrainingData& data);

}  // namespace crisp::program
