// A program of two parts, which widths.sh compiles for different processors: one multiplies matrices and normalises, the other trains a
// network. They have no op in common, but the inner loops of ops.
#include <cmath>
#include <cstdio>
#include <vector>

std::vector<float> products(), training();

#if defined(CRISP_PRODUCTS) || defined(CRISP_TRAINING)
#include "crisp/backend/cpu.hpp"
#include "crisp/core/tensor.hpp"

using namespace crisp;

// Numbers in -1..1, always the same.
static Tensor<float, Cpu> numbers(Shape shape) {
  std::vector<float> values(std::size_t(shape.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = float(std::sin(double(i * i % 1000)));
  return {shape, values};
}
#endif

#if defined(CRISP_PRODUCTS)
#include "crisp/ops/matmul.hpp"

std::vector<float> products() {
  return matmul(Var<float, Cpu>(numbers({37, 29})), Var<float, Cpu>(numbers({29, 41}))).value().to_host();
}
#elif defined(CRISP_TRAINING)
#include "crisp/models/srcnn.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/optim/adam.hpp"

std::vector<float> training() {
  seed(1);
  models::Srcnn<float, Cpu> net({.f2 = 5});
  optim::Adam adam(net, {.lr = 1e-4});
  const Tensor<float, Cpu> x = numbers({2, 19, 23, 1});
  for (int step = 0; step < 2; ++step) {
    mse_loss(net(Var<float, Cpu>(x)), x).backward();
    adam.step();
  }
  return net(Var<float, Cpu>(x)).value().to_host();
}
#else
int main() {
  for (const std::vector<float>& part : {products(), training()})
    for (const float v : part) std::printf("%.6f\n", double(v));
}
#endif
