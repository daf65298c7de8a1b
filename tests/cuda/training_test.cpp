// A training on the GPU: the same as on the CPU, and the host waits for the GPU once in many steps.
#include "crisp/backend/cpu/eigen.hpp"
#include "crisp/backend/device.hpp"
#include "crisp/data/synthetic.hpp"
#include "crisp/models/srcnn.hpp"
#include "crisp/ops/dropout.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/ops/reduce.hpp"
#include "crisp/optim/adam.hpp"
#include "crisp/train/trainer.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::train;
using namespace crisp::report;
using namespace crisp::test;

namespace {

// How often the host has waited for the GPU; only the emulation counts.
long waits() {
#if defined(CRISP_EMULATE_CUDA)
  return emulation::Streams::get().synchronisations();
#else
  return 0;
#endif
}

template <class D>
struct Setup {
  data::PatchDataset patches{data::dead_leaves({.count = 2, .height = 30, .width = 30}), {.patch = 9}};
  models::Srcnn<float, D> net;
  optim::Adam<float, D> adam;
  Index batches = 0, broken = -1;  // that many losses were computed; the one that is infinite
  std::vector<long> waited;        // waits() at the begin of each batch
  Setup() : net(seeded()), adam(net, {.lr = 1e-3}) {}
  static models::SrcnnOptions seeded() {
    seed(1);
    return {.f1 = 3, .f2 = 1, .f3 = 3, .n1 = 3, .n2 = 2};
  }
  FitResult run(FitOptions o) {
    o.quiet = true;
    o.loader.batch = 2;
    return fit(
        net, adam, patches,
        [&](const auto& x, const auto& t) {
          waited.push_back(waits());
          const auto y = net.valid(x);
          const auto loss = mse_loss(y, centre(t, y[1], y[2]));
          return batches++ == broken ? loss * INFINITY : loss;
        },
        std::move(o));
  }
};

std::vector<double> losses(const std::filesystem::path& folder) {
  std::vector<double> values;
  for (const HistoryRow& row : History::load(folder / "metrics.csv", 1000000).rows)
    values.push_back(row.loss);
  return values;
}

}  // namespace

TEST_CASE(
    "the losses of a training on the GPU are those on the CPU; no step waits but those with a row of the "
    "history") {
  const TemporaryFolder folder;
  Setup<EigenCpu> cpu;
  Setup<Cuda> gpu;
  FitOptions o{.steps = 300, .clip_norm = 0.5, .accumulate = 2, .validate_every = 300};
  o.out = folder.path / "cpu";
  cpu.run(o);
  o.out = folder.path / "cuda";
  gpu.run(o);
  const auto a = losses(folder.path / "cuda"), b = losses(folder.path / "cpu");
  CHECK(a.size() == 200);
  CHECK(relative_error(a, b) < 1e-3);
  long with_wait = 0;
  for (std::size_t i = 1; i < gpu.waited.size(); ++i) with_wait += gpu.waited[i] != gpu.waited[i - 1];
  CHECK(gpu.waited.size() == 600);
  CHECK(with_wait <= 200);
}

TEST_CASE(
    "a loss that is not finite ends the training on the GPU: with its step, and before a checkpoint is "
    "written") {
  const TemporaryFolder folder;
  const auto run = [&](const char* name, Index broken, FitOptions o) {
    Setup<Cuda> s;
    s.broken = broken;
    o.out = folder.path / name;
    const std::string message = error_of([&] { s.run(o); });
    const Index last = std::filesystem::exists(o.out / "last.safetensors") ? 1 : 0;
    return str(last, " ", message);
  };
  CHECK(contains(run("early", 2, {.steps = 5, .validate_every = 5}),
                 "0 train: the loss is inf at step 3\n  hint: use a smaller learning rate"));
  CHECK(contains(run("late", 450, {.steps = 100000, .validate_every = 100000}),
                 "0 train: the loss is inf at step 451\n"));
  const std::string after = run("after", 12, {.steps = 2000, .validate_every = 10});
  CHECK(contains(after, "1 train: the loss is inf at step 13\n"));
  CHECK(contains(after, "the last good checkpoint is kept"));
  CHECK(contains(run("parts", 11, {.steps = 1000, .accumulate = 4}), "the loss is inf at step 3\n"));
}

TEST_CASE("a training whose steps are graphs is the same to the bit, and waits no more often") {
  const TemporaryFolder folder;
  Setup<Cuda> each, by_graph;
  FitOptions o{.steps = 300, .clip_norm = 0.5, .ema = 0.9, .validate_every = 100};
  const long begin = waits();
  o.out = folder.path / "each";
  each.run(o);
  const long middle = waits();
  o.out = folder.path / "graph";
  o.graph = true;
  by_graph.run(o);
  CHECK(by_graph.batches == 3);                   // two steps as they are, and the one that is captured
  CHECK(waits() - middle <= middle - begin + 4);  // for the capture
  CHECK(losses(folder.path / "graph") == losses(folder.path / "each"));
  CHECK(read_file("test", folder.path / "graph" / "last.safetensors") ==
        read_file("test", folder.path / "each" / "last.safetensors"));
}

TEST_CASE("a training by graphs is of one batch a step, and without dropout") {
  const TemporaryFolder folder;
  Setup<Cuda> s;
  CHECK_ERROR(s.run({.out = folder.path / "a", .steps = 5, .accumulate = 2, .graph = true}),
              "train: a step as a graph is of 1 batch, not of 2");
  CHECK_FALSE(std::filesystem::exists(folder.path / "a"));
  FitOptions o{.out = folder.path / "b", .steps = 5, .graph = true, .quiet = true};
  o.loader.batch = 2;
  CHECK_ERROR(fit(
                  s.net, s.adam, s.patches,
                  [&](const auto& x, const auto&) { return mean(dropout(s.net(x), 0.5, 1)); }, o),
              "dropout: values are chosen at random within a step of a Graph");
  CHECK_FALSE(std::filesystem::exists(folder.path / "b" / "last.safetensors"));
}

TEST_CASE("losses are read together") {
  RunningLoss<float, Cuda> losses(2);
  CHECK(losses.waits);
  const long before = waits();
  for (int i = 0; i < 6; ++i) losses.add(Tensor<float, Cuda>(Shape{}, float(i)));
  CHECK(waits() == before);
  CHECK_FALSE(losses.read());
  CHECK(losses.last() == 4.5);
  CHECK(losses.take_mean() == 2.5);
#if defined(CRISP_EMULATE_CUDA)
  CHECK(waits() == before + 1);
#endif
}

TEST_CASE("clipping reads nothing but the norm that it returns") {
  Setup<Cuda> s;
  const auto batch = *s.patches.batches<Cuda>({.batch = 2}).begin();
  const Var<float, Cuda> x = batch.input;
  mse_loss(s.net(x), Var<float, Cuda>(batch.target)).backward();
  const long before = waits();
  const Tensor<double, Cuda> norm = optim::detail::clip_to_norm<float, Cuda>(s.net, 1e-3);
  CHECK(waits() == before);
  const double again = optim::clip_grad_norm(s.net, 1e-3);
  CHECK(norm.item() > 1e-3);
  CHECK(again == doctest::Approx(1e-3));
}
