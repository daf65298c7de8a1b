// The training loop at its smallest: a line y = w x + b is fitted to noisy points by gradient descent.
#include <crisp/backend/cpu.hpp>
#include <crisp/core/random.hpp>
#include <crisp/nn/module.hpp>
#include <crisp/ops/arithmetic.hpp>
#include <crisp/ops/loss.hpp>
#include <crisp/optim/sgd.hpp>
#include <cstdio>

using namespace crisp;

// [snippet:model]
template <class T, class D>
struct Line {
  nn::Param<T, D> w{Tensor<T, D>({1}, T(0))}, b{Tensor<T, D>({1}, T(0))};
  Var<T, D> operator()(const Var<T, D>& x) const { return x * w + b; }
  CRISP_PARAMS(w, b)
};
// [/snippet]

int main() {
  Rng rng(1);
  std::vector<float> xs, ys;
  for (int i = 0; i < 200; ++i) {
    xs.push_back(float(rng.uniform(-1, 1)));
    ys.push_back(float(2.0 * xs.back() - 0.5 + rng.normal(0, 0.1)));
  }
  const Tensor<float, Cpu> x({200, 1}, xs), y({200, 1}, ys);

  // [snippet:loop]
  Line<float, Cpu> line;
  optim::Sgd sgd(line, {.lr = 0.1, .momentum = 0.9});
  for (int step = 0; step <= 100; ++step) {
    const auto loss = mse_loss(line(x), y);  // how wrong we are,
    loss.backward();                         // how that changes with w and b,
    sgd.step();                              // and a step downhill
    if (step % 25 == 0)
      std::printf("step %3d  loss %.5f  w %.3f  b %.3f\n", step, loss.item(), line.w.item(), line.b.item());
  }
  // [/snippet]
  return std::abs(line.w.item() - 2.0f) < 0.1f ? 0 : 1;
}
