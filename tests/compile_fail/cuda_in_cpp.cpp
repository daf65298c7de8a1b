// expect: crisp: this device is not available in this file; crisp::Cuda needs a file that nvcc compiles
#include "crisp/backend/cpu.hpp"
#include "crisp/nn/conv2d.hpp"
using namespace crisp;

int main() {
#if MISTAKE == 1
  Tensor<float, Cuda> x({2, 3});
#elif MISTAKE == 2
  nn::Conv2d<float, Cuda> conv(1, 2, 3);
#endif
  return int(Tensor<float, Cpu>({2, 3}).numel());
}
