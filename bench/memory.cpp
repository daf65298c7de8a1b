// Peak memory of two training steps of a large network, in MB above what the program had before.
// usage: memory edsr|swinir|swinir-checkpointed
#include <cstdio>
#include <fstream>
#include <string>

#include "crisp/backend/cpu.hpp"
#include "crisp/models/edsr.hpp"
#include "crisp/models/swinir.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/optim/adam.hpp"

using namespace crisp;

// The largest resident memory so far, as Linux counts it.
static double peak_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  return 0;
}

template <class Net>
static void two_steps(Net net, Index batch, Index side, double before) {
  optim::Adam<float, Cpu> adam(net, {.lr = 1e-4});
  const Tensor<float, Cpu> input({batch, side, side, 3}, 0.5f), target({batch, 2 * side, 2 * side, 3}, 0.6f);
  double checksum = 0;
  for (int step = 0; step < 2; ++step) {
    const auto loss = l1_loss(net(Var<float, Cpu>(input)), target);
    loss.backward();
    adam.step();
    checksum += double(loss.item());
  }
  std::printf("%.0f MB (losses sum to %.6f)\n", peak_mb() - before, checksum);
}

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  const double before = peak_mb();
  if (name == "edsr") two_steps(models::Edsr<float, Cpu>(), 16, 48, before);
  else if (name == "swinir" || name == "swinir-checkpointed") two_steps(models::SwinIr<float, Cpu>({.drop_path = 0, .checkpointed = name != "swinir"}), 2, 64, before);
  else {
    std::fprintf(stderr, "usage: memory edsr|swinir|swinir-checkpointed\n");
    return 2;
  }
}
