// A watched training: layers.csv holds the gradient and the dead units of each layer, and nothing else
// changes.
#include <unistd.h>

#include <cstdio>
#include <sstream>

#include "crisp/data/tensor_dataset.hpp"
#include "crisp/nn/linear.hpp"
#include "crisp/ops/relu.hpp"
#include "crisp/optim/sgd.hpp"
#include "train/small_training.hpp"

using namespace crisp;
using namespace crisp::train;
using namespace crisp::test;

namespace fs = std::filesystem;

namespace {

// Of four hidden units two are dead: their bias is far below what the inputs, 0..1, can lift.
struct HalfDead {
  nn::Linear<float, Cpu> hidden{1, 4}, out{4, 1};
  HalfDead() {
    hidden.weight.value().copy_(Tensor<float, Cpu>({4, 1}, {1, 2, 3, 4}));
    hidden.bias.value().copy_(Tensor<float, Cpu>({4}, {0, -9, 0, -9}));
    out.weight.value().copy_(Tensor<float, Cpu>({1, 4}, {1, 1, 1, 1}));
    out.bias.value().fill(0);
  }
  Var<float, Cpu> operator()(const Var<float, Cpu>& x) const { return out(relu(hidden(x))); }
  CRISP_PARAMS(hidden, out)
};

}  // namespace

TEST_CASE("the gradient and the share of dead units of each layer, at the first step and after each row") {
  const TemporaryFolder folder;
  HalfDead net;
  optim::Sgd<float, Cpu> sgd(net, {.lr = 0});
  // y = x + 3 x = 4 x, of which 0 is wanted: the loss is the mean of 16 x^2 = 8 for x = 0, 1.
  const data::TensorDataset<float> data(Tensor<float, Cpu>({2, 1}, {0, 1}),
                                        Tensor<float, Cpu>({2, 1}, {0, 0}));
  const auto loss = [&](const auto& x, const auto& y) { return mse_loss(net(x), y); };
  const fs::path out = folder.path / "out";
  fit(net, sgd, data, loss, {.out = out, .steps = 3, .loader = {.batch = 2}, .watch = true, .quiet = true});
  const report::LayerHistory history = report::LayerHistory::load(out / "layers.csv", 100);
  REQUIRE(history.rows.size() == 6);  // two layers at each of three steps, as each has a row of metrics.csv
  for (std::size_t i = 0; i < 6; ++i) {
    const report::LayerRow& row = history.rows[i];
    CHECK(row.step == Index(i / 2 + 1));
    CHECK(row.layer == (i % 2 ? "out" : "hidden"));
    // d loss / dy = (0, 4): of the hidden units 0 and 2 it reaches weight and bias, of the output the bias by
    // 4 and the weights by 4 (1, 0, 3, 0).
    CHECK(row.gradient == doctest::Approx(i % 2 ? std::sqrt(16.0 + 16 + 144) : 8).epsilon(1e-5));
    CHECK(row.dead.has_value() == (i % 2 == 0));
    if (row.dead) CHECK(*row.dead == 0.5);
  }
  CHECK(report::LayerHistory::load(out / "layers.csv", 2).rows.size() == 4);
  CHECK(report::LayerHistory::load(out / "none.csv", 2).rows.empty());
  const std::string page = read_file("test", out / "report.html");
  CHECK(contains(page, "Gradient of each layer"));
  CHECK(contains(page, "Dead units of each layer"));
  write_file("test", out / "bad.csv", "step,layer,gradient,dead\n1,conv1,x,\n");
  CHECK_ERROR(report::LayerHistory::load(out / "bad.csv", 2),
              "bad.csv' has a row that is not one: '1,conv1,x,'");
}

TEST_CASE("a watched training has the weights of another one, stopped and resumed or not") {
  const TemporaryFolder folder;
  Setup plain, watched, stopped, resumed;
  plain.run({.out = folder.path / "plain", .steps = 10});
  watched.run({.out = folder.path / "watched", .steps = 10, .accumulate = 1, .watch = true});
  CHECK(plain.weights() == watched.weights());
  CHECK_FALSE(fs::exists(folder.path / "plain/layers.csv"));
  CHECK_FALSE(contains(read_file("test", folder.path / "plain/report.html"), "Dead units"));
  stopped.stop_at = 4;
  stopped.run({.out = folder.path / "stopped", .steps = 10, .watch = true});
  resumed.run({.out = folder.path / "stopped", .steps = 10, .watch = true, .resume = true});
  CHECK(read_file("test", folder.path / "stopped/layers.csv") ==
        read_file("test", folder.path / "watched/layers.csv"));
  CHECK_ERROR(plain.run({.out = folder.path / "graph", .steps = 1, .watch = true, .graph = true}),
              "train: the layers of a step as a graph cannot be watched");
}

namespace {

struct Forgetful {
  nn::Linear<float, Cpu> named{1, 3}, forgotten{3, 1};
  Var<float, Cpu> operator()(const Var<float, Cpu>& x) const { return forgotten(named(x)); }
  CRISP_PARAMS(named)
};

// What a training of two steps prints on standard error.
template <class Net>
std::string warnings_of(Net& net) {
  const TemporaryFolder folder;
  optim::Sgd<float, Cpu> sgd(net, {.lr = 0});
  const data::TensorDataset<float> data(Tensor<float, Cpu>({2, 1}, 0.5f), Tensor<float, Cpu>({2, 1}, 0.5f));
  const auto loss = [&](const auto& x, const auto& y) { return mse_loss(net(x), y); };
  std::fflush(stderr);
  const int before = dup(STDERR_FILENO);
  REQUIRE(std::freopen((folder.path / "err.txt").c_str(), "w", stderr) != nullptr);
  fit(net, sgd, data, loss, {.out = folder.path / "out", .steps = 2, .loader = {.batch = 2}, .quiet = true});
  std::fprintf(stderr, "end\n");
  std::fflush(stderr);
  dup2(before, STDERR_FILENO);
  close(before);
  return read_file("test", folder.path / "err.txt");
}

}  // namespace

TEST_CASE("a training warns once of parameters that CRISP_PARAMS does not name") {
  Forgetful net;
  HalfDead whole;
  CHECK(warnings_of(net) ==
        "warning: train: 2 parameters that the loss uses are not in CRISP_PARAMS: (1, 3), (1,); they are "
        "neither trained nor saved\nend\n");
  CHECK(warnings_of(whole) == "end\n");
}
