// A program of two parts, which widths.sh compiles for different processors. Both parts compute the same: a
// matrix product, a convolution in each of the ways that the CPU has, and a few steps of training. So every
// function of the library stands in both, and the linker has to choose.
#include <cmath>
#include <cstdio>
#include <vector>

std::vector<float> first_part(), second_part();

#if defined(CRISP_PART)
#include "crisp/backend/cpu.hpp"
#include "crisp/core/tensor.hpp"
#include "crisp/models/srcnn.hpp"
#include "crisp/ops/conv2d.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/ops/matmul.hpp"
#include "crisp/optim/adam.hpp"

using namespace crisp;

namespace {

using X = Var<float, Cpu>;

// Numbers in -1..1, always the same.
Tensor<float, Cpu> numbers(Shape shape) {
  std::vector<float> values(std::size_t(shape.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = float(std::sin(double(i * i % 1000)));
  return {shape, values};
}

void append(std::vector<float>& all, const Tensor<float, Cpu>& x) {
  const std::vector<float> values = x.to_host();
  all.insert(all.end(), values.begin(), values.end());
}

Tensor<float, Cpu> trained() {
  seed(1);
  models::Srcnn<float, Cpu> net({.f2 = 5});
  optim::Adam adam(net, {.lr = 1e-4});
  const Tensor<float, Cpu> x = numbers({2, 19, 23, 1});
  for (int step = 0; step < 2; ++step) {
    mse_loss(net(X(x)), x).backward();
    adam.step();
  }
  return net(X(x)).value();
}

std::vector<float> results() {
  std::vector<float> all;
  append(all, matmul(X(numbers({37, 29})), X(numbers({29, 41}))).value());
  for (const Index channels : {1, 3, 20})
    append(
        all,
        conv2d(X(numbers({1, 9, 11, channels})), X(numbers({20, 3, 3, channels})), X(numbers({20}))).value());
  append(all, trained());
  return all;
}

}  // namespace

std::vector<float> CRISP_PART() { return results(); }
#else
int main() {
  for (const std::vector<float>& part : {first_part(), second_part()})
    for (const float v : part) std::printf("%.6f\n", double(v));
}
#endif
