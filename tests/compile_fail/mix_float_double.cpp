// expect: crisp: float and double are not mixed
#include "crisp/backend/cpu.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/ops/arithmetic.hpp"
#include "crisp/ops/loss.hpp"
using namespace crisp;

int main() {
  const nn::Conv2d<float, Cpu> layer(1, 1, 3);
  const Var<float, Cpu> x = Tensor<float, Cpu>({1, 4, 4, 1}, 1.0f);
  const Var<double, Cpu> z = Tensor<double, Cpu>({1, 4, 4, 1}, 1.0);
#if MISTAKE == 1
  const auto y = x + z;
#elif MISTAKE == 2
  const auto y = conv2d(x, z);
#elif MISTAKE == 3
  const auto y = layer(z);
#elif MISTAKE == 4
  const auto y = mse_loss(x, z);
#elif MISTAKE == 5
  const auto y = mse_loss(x, Var<bfloat16, Cpu>(x));  // the target would have lost its digits
#else
  const auto y = layer(x) + Var<float, Cpu>(Var<bfloat16, Cpu>(x));
#endif
  return int(y.numel());
}
