// Steps as graphs: the same to the bit as steps that are run as they are; what a graph cannot repeat is an
// error; memory stays its own.
#include <functional>
#include <thread>

#include "crisp/core/graph.hpp"
#include "crisp/data/dataset.hpp"
#include "crisp/data/synthetic.hpp"
#include "crisp/models/edsr.hpp"
#include "crisp/models/swinir.hpp"
#include "crisp/nn/batch_norm2d.hpp"
#include "crisp/nn/dropout.hpp"
#include "crisp/ops/image_loss.hpp"
#include "crisp/ops/pad.hpp"
#include "crisp/ops/pixel_shuffle.hpp"
#include "crisp/ops/reduce.hpp"
#include "crisp/ops/upsample.hpp"
#include "crisp/optim/adam.hpp"
#include "crisp/optim/clip_grad.hpp"
#include "crisp/optim/ema.hpp"
#include "crisp/optim/schedule.hpp"
#include "crisp/optim/sgd.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

using Values = std::vector<std::vector<float>>;

template <class T, class D>
struct Normed {  // a convolution, its normalisation, a convolution
  nn::Conv2d<T, D> first{3, 4, 3}, last{4, 3, 3};
  nn::BatchNorm2d<T, D> norm{4};
  Var<T, D> operator()(const Var<T, D>& x) const { return last(norm(first(x))); }
  CRISP_PARAMS(first, norm, last)
};

// The losses and the last weights, and averages of them, of `steps` steps with batches of their own and a
// falling rate.
template <class D, class Net, class Optimizer>
Values trained(Net& net, Optimizer& optimizer, Index scale, bool by_graph, Index steps = 6, Index side = 6) {
  Var<float, D> x(Tensor<float, D>({2, side, side, 3})),
      y(Tensor<float, D>({2, scale * side, scale * side, 3}));
  Tensor<float, D> loss;
  optim::Ema<float, D> ema(net, 0.5);
  const std::function<void()> step = [&] {
    const auto value = l1_loss(net(x), y);
    value.backward();
    optimizer.step();
    ema.update(net);
    loss = value.value();
  };
  Graph<D> graph(step);
  const double rate = optimizer.lr();
  const optim::Schedule schedule = optim::cosine(0.1);
  Values values(1);
  for (Index i = 0; i < steps; ++i) {
    x.value().copy_(random_tensor<float, D>(x.shape(), std::uint64_t(2 * i)));
    y.value().copy_(random_tensor<float, D>(y.shape(), std::uint64_t(2 * i + 1)));
    optimizer.set_lr(rate * schedule(i, steps));
    by_graph ? graph() : step();
    const Tensor<float, D> others({1000}, 7.0f);  // what else the program does with memory
    values[0].push_back(loss.item());
  }
  net.each_param([&](const std::string&, const auto& p) { values.push_back(p.value().to_host()); });
  for (const auto& [name, average] : ema.state()) values.push_back(average.to_host());
  CHECK(optimizer.step_count() == steps);
  return values;
}

template <class D>
Values trained_edsr(bool by_graph) {
  seed(1);
  models::Edsr<float, D> net({.features = 4, .blocks = 1});
  optim::Adam adam(net, {.lr = 1e-2, .layers = {{"conv_last.", 1e-3}}});
  return trained<D>(net, adam, 2, by_graph);
}
template <class D>
Values trained_normed(bool by_graph) {
  seed(1);
  Normed<float, D> net;
  optim::Sgd sgd(net, {.lr = 0.1, .momentum = 0.9, .weight_decay = 1e-3});
  return trained<D>(net, sgd, 1, by_graph);
}

// What x holds after five calls of a graph of this step.
float after_five(Tensor<float, Cuda>& x, std::function<void()> f) {
  Graph<Cuda> step(std::move(f));
  for (int i = 0; i < 5; ++i) step();
  return x.item();
}

Tensor<float, Cuda> one_number(float value) { return Tensor<float, Cuda>({1}, value); }

}  // namespace

TEST_CASE(
    "a training by graphs is the same to the bit: Adam, rates of layers, a schedule, averaged weights") {
  const Values plain = trained_edsr<Cuda>(false);
  CHECK(trained_edsr<Cuda>(true) == plain);
  CHECK(plain[0].front() != plain[0].back());
}

TEST_CASE(
    "a training by graphs is the same to the bit: SGD with momentum, batch normalisation and its running "
    "statistics") {
  CHECK(trained_normed<Cuda>(true) == trained_normed<Cuda>(false));
}

TEST_CASE(
    "a training by graphs is the same to the bit: window attention, and blocks that are computed twice") {
  const auto swinir = [](bool by_graph) {
    seed(1);
    models::SwinIr<float, Cuda> net(
        {.embed = 4, .heads = 2, .window = 2, .depths = {2}, .drop_path = 0, .checkpointed = true});
    optim::AdamW adam(net, {.lr = 1e-2, .weight_decay = 0.1});
    return trained<Cuda>(net, adam, 2, by_graph, 5, 4);
  };
  CHECK(swinir(true) == swinir(false));
}

TEST_CASE(
    "a training by graphs is the same to the bit: ops that make tables of their own each time, short and "
    "long ones") {
  const auto run = [](bool by_graph) {
    seed(1);
    nn::Conv2d<float, Cuda> net(1, 1, 3);
    optim::Sgd sgd(net, {.lr = 0.1});
    const Var<float, Cuda> x(random_tensor<float, Cuda>({1, 12, 12, 1})),
        row(random_tensor<float, Cuda>({1, 1, 500, 1}));
    const std::function<void()> f = [&] {
      const auto y = upsample(pad(net(x), {1, 0, 2, 0}, Border::reflect), 2, Resampling::bicubic_matlab);
      (ssim_loss(y, y * 0.5) + mean(pad(net(row), {0, 0, 3, 0}, Border::replicate))).backward();
      sgd.step();
    };
    Graph<Cuda> step(f);
    for (int i = 0; i < 5; ++i) by_graph ? step() : f();
    return net.weight.value().to_host();
  };
  const std::vector<float> weights = run(true);
  CHECK(weights == run(false));
  CHECK_FALSE(std::isnan(weights[0]));
}

TEST_CASE("batches that a loader prepares in the background are copied into the memory of the graph") {
  const data::PatchDataset patches(data::dead_leaves({.count = 2, .height = 24, .width = 24}),
                                   {.scale = 2, .patch = 6, .luma = true, .input = data::Input::lr});
  const auto run = [&](bool by_graph) {
    seed(1);
    nn::Conv2d<float, Cuda> net(1, 4, 3);
    optim::Sgd sgd(net, {.lr = 0.1});
    Var<float, Cuda> x(Tensor<float, Cuda>({2, 6, 6, 1})), y(Tensor<float, Cuda>({2, 12, 12, 1}));
    const std::function<void()> f = [&] {
      mse_loss(pixel_shuffle(net(x), 2), y).backward();
      sgd.step();
    };
    Graph<Cuda> step(f);
    for (auto& [lr, hr] : patches.batches<Cuda>({.batch = 2, .steps = 8, .threads = 2})) {
      x.value().copy_(lr);
      y.value().copy_(hr);
      by_graph ? step() : f();
    }
    return net.weight.value().to_host();
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("two optimizers in one step each count their own steps") {
  const auto run = [](bool by_graph) {
    seed(1);
    nn::Conv2d<float, Cuda> a(1, 1, 1), b(1, 1, 1);
    optim::Adam adam(a, {.lr = 0.1}), other(b, {.lr = 0.01});
    const Var<float, Cuda> x(random_tensor<float, Cuda>({1, 2, 2, 1}));
    const std::function<void()> f = [&] {
      mse_loss(b(a(x)), x).backward();
      adam.step();
      other.step();
    };
    Graph<Cuda> step(f);
    for (int i = 0; i < 5; ++i) by_graph ? step() : f();
    return std::pair(a.weight.value().to_host(), b.weight.value().to_host());
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("what the host decides within a step is decided once: such mistakes show") {
  auto x = one_number(0);
  int calls = 0;
  const auto count = [&] { x.add_(one_number(float(++calls))); };
  CHECK(after_five(x, count) == 1 + 2 + 3 + 3 + 3);  // not 15: a number of the host
  CHECK(calls == 3);
  x = one_number(0);
  CHECK(after_five(x, [&] { x.add_(one_number(1)); }) == 5);
  // Not 10: a tensor that is replaced, not changed.
  CHECK(after_five(x, [&] { x = (Var<float, Cuda>(x) + 1).value(); }) == 5 + 3);
}

TEST_CASE("a batch of another shape is refused where it enters the graph's memory") {
  Tensor<float, Cuda> x({2, 3}), y;
  Graph<Cuda> step([&] { y = (Var<float, Cuda>(x) * 2).value(); });
  const auto call = [&](Index n, float value) {
    x.copy_(Tensor<float, Cuda>({n, 3}, value));
    step();
    return y.to_host()[0];
  };
  for (int i = 1; i < 6; ++i) CHECK(call(2, float(i)) == float(2 * i));
  CHECK_ERROR(call(1, 0), "copy_: shapes differ: (2, 3) and (1, 3)");
  CHECK(call(2, 9) == 18);
}

TEST_CASE("what cannot be repeated is refused, and the device goes on") {
  auto x = one_number(1);
  const auto error = [](const std::function<void()>& f, int plain_calls = 0) {
    Graph<Cuda> step(f);
    for (int i = 0; i < plain_calls; ++i) step();
    return error_of(step);
  };
  CHECK(contains(error([&] { x.item(); }),
                 "cuda: the host asked for a value within a step of a Graph\n  hint: keep the tensor"));
  CHECK(contains(error([&] { Cuda::memory_use(); }),
                 "cuda: the host waited for the GPU within a step of a Graph"));
  CHECK(contains(error([&] { x = Tensor<float, Cuda>({1}, std::vector<float>{2}); }, 2),
                 "cuda: values of the host were copied to the GPU within a step of a Graph"));
  const nn::Dropout dropout;
  const nn::DropPath drop_path;
  const Var<float, Cuda> image(Tensor<float, Cuda>({1, 2, 2, 1}, 1.0f));
  CHECK(contains(error([&] { dropout(image); }),
                 "dropout: values are chosen at random within a step of a Graph"));
  CHECK(contains(error([&] { drop_path(image); }),
                 "dropout: values are chosen at random within a step of a Graph"));
  CHECK(error([&] { no_grad([&] { return dropout(image); }); }) == "no error");
  nn::Conv2d<float, Cuda> net(1, 1, 1);
  optim::Adam adam(net);
  CHECK(
      contains(error([&] { adam.set_lr(1); }), "set_lr: the learning rate was set within a step of a Graph"));
  const auto backward = [&] { mse_loss(net(image), image).backward(); };
  const auto twice = [&] {
    backward();
    adam.step();
    backward();
    adam.step();
  };
  CHECK(contains(error(twice, 2), "step: an optimizer makes two steps within one step of a Graph"));
  net.weight.zero_grad();
  CHECK(contains(error([&] {
                   backward();
                   optim::clip_grad_norm(net, 1);
                 }),
                 "cuda: the host asked for a value within a step of a Graph"));
  CHECK(contains(error([] { static_cast<void>(cudaStreamSynchronize(cuda::Session::get().stream)); }, 2),
                 "hint: within a step of a Graph nothing may wait for the GPU"));
  Graph<Cuda> inner([] {});
  CHECK(contains(error([&] { inner(); }), "Graph: a graph was run within a step of another Graph"));
  CHECK(contains(error([] { throw Error("of the step itself"); }, 0), "of the step itself"));
  CHECK(one_number(3).item() == 3);
}

TEST_CASE("a step that throws while it is captured is captured by the next call") {
  auto x = one_number(0);
  int calls = 0;
  Graph<Cuda> step([&] {
    if (++calls == 3) throw Error("not now");
    x.add_(one_number(1));
  });
  step();
  step();
  CHECK_ERROR(step(), "not now");
  CHECK(x.item() == 2);
  for (int i = 0; i < 3; ++i) step();
  CHECK(x.item() == 5);
  CHECK(calls == 4);
}

TEST_CASE("the memory of a graph is its own; it goes with the graph, or with the last tensor in it") {
  const Index before = Cuda::memory_use().now;
  Index during = 0;
  {
    auto x = one_number(0);
    Tensor<float, Cuda> y, kept;
    {
      Graph<Cuda> step([&] {
        const Var<float, Cuda> a(x);
        y = (a * 2 + a * a).value();  // the values in between are freed in the capture
        x.add_(one_number(1));
      });
      for (int i = 0; i < 6; ++i) {
        step();
        std::vector<Tensor<float, Cuda>> others;
        for (int k = 0; k < 20; ++k) others.push_back(one_number(-1));
        CHECK(y.item() == float(2 * i + i * i));
        if (i == 2) during = Cuda::memory_use().now;
      }
      kept = y;
    }
    CHECK(kept.item() == 2 * 5 + 5 * 5);
    y = one_number(1);
    CHECK(kept.item() == 35);
  }
  CHECK(during > before);
  CHECK(Cuda::memory_use().now == before);
}

TEST_CASE("what other threads do meanwhile does not fall into a graph") {
  auto x = one_number(0);
  float found = 0;
  std::vector<std::thread> others;
  Graph<Cuda> step([&] {
    others.emplace_back([&found] { found = one_number(7).item(); });
    if (others.size() < 3) others.back().join(), others.back() = std::thread();
    x.add_(one_number(1));
  });
  for (int i = 0; i < 3; ++i) step();
  others.back().join();
  CHECK(found == 7);
  for (int i = 0; i < 3; ++i) step();
  CHECK(x.item() == 6);
}
