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

/// How the GPU multiplies from now on: "fp32", "tf32" or "bf16".
void set_precision(const std::string& precision);

/// The network on "cpu" or "cuda".
Running running_on(const std::string& device, const Network& net);

/// Trains the network on "cpu" or "cuda": see training.hpp.
void train_on(const std::string& device, const TrainOptions& o, const Network& net, const TrainingData& data);

}  // namespace crisp::program
