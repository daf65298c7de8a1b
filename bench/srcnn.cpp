// SRCNN: the time of a training step (16 or 128 patches of 33x33, with the optimizer) and of inference on 512x512.
#include <benchmark/benchmark.h>

#include "crisp/backend/cpu.hpp"
#include "crisp/models/srcnn.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/optim/adam.hpp"

using namespace crisp;

// Arguments: the kernel of the second layer (1 is 9-1-5, 5 is 9-5-5), and the batch.
static void train_step(benchmark::State& state) {
  models::Srcnn<float, Cpu> net({.f2 = state.range(0)});
  optim::Adam adam(net, {.lr = 1e-4});
  const Tensor<float, Cpu> input({state.range(1), 33, 33, 1}, 0.5f), target({state.range(1), 33, 33, 1}, 0.6f);
  for (auto _ : state) {
    const auto loss = mse_loss(net(input), target);
    loss.backward();
    adam.step();
    benchmark::DoNotOptimize(loss.item());
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}
BENCHMARK(train_step)->Args({1, 16})->Args({1, 128})->Args({5, 16})->Unit(benchmark::kMillisecond)->UseRealTime();

// The same without padding, as crisp trains it.
static void train_step_valid(benchmark::State& state) {
  models::Srcnn<float, Cpu> net({.f2 = state.range(0)});
  optim::Adam adam(net, {.lr = 1e-4});
  const Var<float, Cpu> input = Tensor<float, Cpu>({state.range(1), 33, 33, 1}, 0.5f);
  for (auto _ : state) {
    const auto y = net.valid(input);
    const auto loss = mse_loss(y, centre(input, y[1], y[2]));
    loss.backward();
    adam.step();
    benchmark::DoNotOptimize(loss.item());
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}
BENCHMARK(train_step_valid)->Args({1, 16})->Args({5, 16})->Unit(benchmark::kMillisecond)->UseRealTime();

static void infer(benchmark::State& state) {
  const NoGrad guard;
  models::Srcnn<float, Cpu> net({.f2 = state.range(0)});
  const Tensor<float, Cpu> image({1, 512, 512, 1}, 0.5f);
  for (auto _ : state) benchmark::DoNotOptimize(net(image).value().data());
}
BENCHMARK(infer)->Arg(1)->Arg(5)->Unit(benchmark::kMillisecond)->UseRealTime();

BENCHMARK_MAIN();
