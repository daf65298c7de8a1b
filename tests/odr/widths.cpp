// Compiled twice for one program, for two processors; and once as that program's main. Each half multiplies matrices, and trains a network
// for two steps, with the vectors of its own processor. widths.sh compiles and links it.
#include <cmath>
#include <cstdio>
#include <vector>

std::vector<float> narrow(), wide();

#if defined(CRISP_HALF)
#include "crisp/backend/cpu.hpp"
#include "crisp/models/srcnn.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/ops/matmul.hpp"
#include "crisp/optim/adam.hpp"

using namespace crisp;

// Numbers in -1..1 that are the same in each half.
template <class D>
static Tensor<float, D> numbers(Shape shape) {
  std::vector<float> values(std::size_t(shape.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = float(std::sin(double(i * i % 1000)));
  return {shape, values};
}

template <class D>
static std::vector<float> compute() {
  seed(1);
  std::vector<float> result = matmul(Var<float, D>(numbers<D>({37, 29})), Var<float, D>(numbers<D>({29, 41}))).value().to_host();
  models::Srcnn<float, D> net({.f2 = 5});
  optim::Adam adam(net, {.lr = 1e-4});
  const Tensor<float, D> x = numbers<D>({2, 19, 23, 1}), y = numbers<D>({2, 19, 23, 1});
  for (int step = 0; step < 2; ++step) {
    const auto loss = mse_loss(net(Var<float, D>(x)), y);
    loss.backward();
    adam.step();
    result.push_back(loss.item());
  }
  const std::vector<float> image = net(Var<float, D>(x)).value().to_host();
  result.insert(result.end(), image.begin(), image.end());
  return result;
}

std::vector<float> CRISP_HALF() {
  std::vector<float> result = compute<Cpu>();
  const std::vector<float> plain = compute<PlainCpu>();
  result.insert(result.end(), plain.begin(), plain.end());
  return result;
}
#else
int main() {
  const std::vector<float> a = narrow(), b = wide();
  double worst = a.size() == b.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < a.size() / 2; ++i)
    for (const float other : {a[i + a.size() / 2], b[i], b[i + a.size() / 2]})
      if (const double error = std::abs(double(a[i]) - double(other)); !(error <= worst)) worst = error;
  std::printf("%zu numbers, at most %.1e apart\n", a.size() / 2, worst);
  return worst < 1e-4 ? 0 : 1;
}
#endif
