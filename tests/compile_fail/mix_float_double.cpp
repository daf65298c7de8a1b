// expect: crisp: float and double are not mixed
#include "crisp/backend/cpu.hpp"
#include "crisp/ops/conv2d.hpp"
using namespace crisp;

#ifdef MISTAKE
using Other = double;
#else
using Other = float;
#endif

int main() {
  const Var<float, Cpu> x = Tensor<float, Cpu>({1, 4, 4, 1}, 1.0f);
  const Var<Other, Cpu> w = Tensor<Other, Cpu>({1, 3, 3, 1}, Other(1));
  return int(conv2d(x, w).numel());
}
