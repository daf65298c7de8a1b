// expect: crisp: a layer is not copied; nn::repeat makes several, nn::clone copies the weights
#include "crisp/backend/cpu.hpp"
#include "crisp/nn/conv2d.hpp"
using namespace crisp;

int main() {
  nn::Conv2d<float, Cpu> a(1, 2, 3);
#ifdef MISTAKE
  nn::Conv2d<float, Cpu> b = a;
#else
  nn::Conv2d<float, Cpu> b = std::move(a);
#endif
  return int(b.weight.numel());
}
