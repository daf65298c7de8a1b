// expect: crisp: a layer is not copied; see nn::repeat, nn::clone
#include <vector>

#include "crisp/backend/cpu.hpp"
#include "crisp/nn/conv2d.hpp"
using namespace crisp;

int main() {
  nn::Conv2d<float, Cpu> a(1, 2, 3);
#if MISTAKE == 1
  nn::Conv2d<float, Cpu> b = a;
#elif MISTAKE == 2
  std::vector<nn::Conv2d<float, Cpu> > layers(16, a);  // would share one set of weights
#endif
  nn::Conv2d<float, Cpu> moved = std::move(a);
  return int(moved.weight.numel());
}
