// A training shared by several processes, here by threads: the same as by one; agreement, failures, resuming.
#include "distributed/ranks.hpp"

#include "crisp/backend/cpu/eigen.hpp"
#include "crisp/data/synthetic.hpp"
#include "crisp/nn/batch_norm2d.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/nn/dropout.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/ops/relu.hpp"
#include "crisp/optim/adam.hpp"
#include "crisp/train/trainer.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::train;
using namespace crisp::io;
using namespace crisp::distributed;
using namespace crisp::test;

namespace {

// With what looks across the batch, and with random decisions. (A bias before batch normalisation would have
// no gradient but rounding, which Adam makes large.)
template <class T, class D>
struct Net {
  nn::Conv2d<T, D> conv1{1, 4, 3, {.padding = 1, .bias = false}}, conv2{4, 1, 3, {.padding = 1}};
  nn::BatchNorm2d<T, D> bn{4};
  Var<T, D> operator()(const Var<T, D>& x) const {
    const Var<T, D> y = nn::Dropout{0.2}(relu(bn(conv1(x))));
    return x + nn::DropPath{0.3}(conv2(y));
  }
  CRISP_PARAMS(conv1, conv2, bn)
};

using Real = double;
using Weights = std::vector<Real>;

struct Setup {
  data::PatchDataset patches{data::dead_leaves({.count = 2, .height = 40, .width = 40}),
                             {.patch = 9, .noise = 3}};
  Net<Real, Cpu> net;
  optim::Adam<Real, Cpu> adam;
  explicit Setup(std::uint64_t s = 1) : net(seeded(s)), adam(net, {.lr = 1e-3}) {}
  static Net<Real, Cpu> seeded(std::uint64_t s) {
    seed(s);
    return {};
  }
  template <class R>
  FitResult run(FitOptions o, R& ranks) {
    o.quiet = true;
    o.loader.batch = 6;
    return fit(
        net, adam, patches, [&](const auto& x, const auto& t) { return mse_loss(net(x), t); }, std::move(o),
        ranks);
  }
  Weights weights() const {
    Weights all;
    net.each_param([&](const std::string&, const auto& p) {
      for (const Real v : p.value().to_host()) all.push_back(v);
    });
    return all;
  }
};

Weights alone(FitOptions o) {
  Setup setup;
  OneRank one;
  setup.run(std::move(o), one);
  return setup.weights();
}

Validation fixed_psnr() {
  Validation v;
  v.psnr = 30;
  v.bicubic_psnr = 29;
  return v;
}

}  // namespace

TEST_CASE(
    "two, three or six processes train as one does: batch normalisation, dropout, noise, accumulation, "
    "clipping, averaged weights") {
  const TemporaryFolder folder;
  int n = 0;
  for (const FitOptions& base :
       {FitOptions{.steps = 12}, FitOptions{.steps = 7, .clip_norm = 0.05, .accumulate = 2, .ema = 0.9}}) {
    FitOptions o = base;
    o.out = folder.path / str("one", n);
    const Weights one = alone(o);
    for (const Index size : {2, 3, 6}) {
      std::vector<Weights> weights(static_cast<std::size_t>(size));
      std::vector<double> psnr(weights.size());
      const auto errors = on_ranks(size, [&](ThreadRanks& ranks) {
        Setup setup(std::uint64_t(1 + ranks.rank()));  // other weights at first: those of the first count
        FitOptions mine = o;
        mine.out = folder.path / str("many", n, "_", size);
        mine.validate = fixed_psnr;
        const FitResult result = setup.run(mine, ranks);
        CHECK(result.progress.step == o.steps);
        CHECK(result.psnr == 30);
        weights[std::size_t(ranks.rank())] = setup.weights();
      });
      for (const std::string& e : errors) CHECK(e == "");
      for (const Weights& w : weights) CHECK(w == weights[0]);
      INFO(size << " processes, relative error " << relative_error(weights[0], one));
      CHECK(relative_error(weights[0], one) < 1e-13);
      const auto last = [&](const std::string& name) {
        Net<Real, Cpu> net;
        load(folder.path / name / "last.safetensors", net);
        Weights all;
        net.each_param([&](const std::string&, const auto& p) {
          for (const Real v : p.value().to_host()) all.push_back(v);
        });
        return all;
      };
      CHECK(relative_error(last(str("many", n, "_", size)), last(str("one", n))) < 1e-13);
    }
    ++n;
  }
}

TEST_CASE(
    "by the clock all make the same steps; one that is asked to stop stops all, and the state is resumed by "
    "any number") {
  const TemporaryFolder folder;
  std::vector<Weights> weights(2);
  auto errors = on_ranks(2, [&](ThreadRanks& ranks) {
    Setup setup;
    CHECK(setup.run({.out = folder.path / "clock", .minutes = 0.004}, ranks).progress.step > 0);
    weights[std::size_t(ranks.rank())] = setup.weights();
  });
  CHECK(errors == std::vector<std::string>(2));
  CHECK(weights[0] == weights[1]);

  const Weights whole = alone({.out = folder.path / "whole", .steps = 12});
  const FitOptions o{.out = folder.path / "stopped", .steps = 12};
  errors = on_ranks(2, [&](ThreadRanks& ranks) {
    Setup setup;
    FitOptions mine = o;
    mine.validate_every = 5;
    mine.validate = [] {
      std::raise(SIGINT);
      return fixed_psnr();
    };
    const FitResult result = setup.run(mine, ranks);
    CHECK(result.interrupted);
    CHECK(result.progress.step >= 5);
    CHECK(result.progress.step < 12);
  });
  CHECK(errors == std::vector<std::string>(2));
  errors = on_ranks(3, [&](ThreadRanks& ranks) {
    Setup setup(std::uint64_t(5 + ranks.rank()));
    FitOptions mine = o;
    mine.resume = true;
    setup.run(mine, ranks);
    if (ranks.rank() == 0) weights[0] = setup.weights();
  });
  CHECK(errors == std::vector<std::string>(3));
  CHECK(relative_error(weights[0], whole) < 1e-13);
}

TEST_CASE("asked to stop within a validation, all stop; the training goes on from the validation") {
  const TemporaryFolder folder;
  const Weights whole = alone({.out = folder.path / "whole", .steps = 12});
  FitOptions o{.out = folder.path / "out", .steps = 12, .validate_every = 5};
  auto errors = on_ranks(2, [&](ThreadRanks& ranks) {
    Setup setup;
    FitOptions mine = o;
    mine.validate = [] {
      std::raise(SIGINT);
      relu(Var<double, Cpu>(Tensor<double, Cpu>({1})));
      return fixed_psnr();
    };
    const FitResult result = setup.run(mine, ranks);
    CHECK(result.interrupted);
    CHECK(result.progress.step == 5);
  });
  CHECK(errors == std::vector<std::string>(2));
  o.resume = true;
  Weights resumed;
  errors = on_ranks(2, [&](ThreadRanks& ranks) {
    Setup setup(std::uint64_t(5 + ranks.rank()));
    setup.run(o, ranks);
    if (ranks.rank() == 0) resumed = setup.weights();
  });
  CHECK(errors == std::vector<std::string>(2));
  CHECK(relative_error(resumed, whole) < 1e-13);
}

TEST_CASE(
    "a process that is lost ends the training; the state after the last step is saved, and it goes on from "
    "there") {
  const TemporaryFolder folder;
  const Weights whole = alone({.out = folder.path / "whole", .steps = 12});
  const FitOptions o{.out = folder.path / "lost", .steps = 12};
  const auto errors = on_ranks(2, [&](ThreadRanks& ranks) {
    Setup setup;
    Index calls = 0;
    FitOptions mine = o;
    mine.loader.batch = 6;
    mine.quiet = true;
    fit(
        setup.net, setup.adam, setup.patches,
        [&](const auto& x, const auto& t) {
          check(ranks.rank() == 0 || ++calls < 9, "this thread goes");
          return mse_loss(setup.net(x), t);
        },
        mine, ranks);
  });
  CHECK(errors[1] == "this thread goes");
  CHECK(contains(errors[0],
                 "a thread has left\n  the training is saved up to step 8; go on with it by --resume"));
  Setup setup(7);
  OneRank one;
  FitOptions rest = o;
  rest.resume = true;
  setup.run(rest, one);
  CHECK(relative_error(setup.weights(), whole) < 1e-13);
}

TEST_CASE(
    "a loss that is not finite in one process, other settings, and a batch that cannot be shared are named") {
  const TemporaryFolder folder;
  auto errors = on_ranks(2, [&](ThreadRanks& ranks) {
    Setup setup;
    FitOptions mine{.out = folder.path / "nan", .steps = 12};
    mine.loader.batch = 6;
    fit(
        setup.net, setup.adam, setup.patches,
        [&](const auto& x, const auto& t) {
          const auto loss = mse_loss(setup.net(x), t);
          return ranks.rank() == 1 ? loss * INFINITY : loss;
        },
        mine, ranks);
  });
  CHECK(contains(errors[1], "the loss is inf at step 1"));
  errors = on_ranks(2, [&](ThreadRanks& ranks) {
    Setup setup;
    setup.run({.out = folder.path / "other", .steps = 12, .settings = {{"lr", ranks.rank() ? "2" : "1"}}},
              ranks);
  });
  CHECK(contains(errors[1],
                 "train: the processes do not train the same: 'lr 2' here, 'lr 1' in the first one"));
  errors = on_ranks(2, [&](ThreadRanks& ranks) {
    Setup setup;
    if (ranks.rank() == 1) setup.patches = data::PatchDataset({data::Image(40, 40, 1, 7)}, {.patch = 12});
    setup.run({.out = folder.path / "pictures", .steps = 12}, ranks);
  });
  CHECK(contains(errors[1], "train: the processes do not train the same: 'pictures "));
  errors = on_ranks(4, [&](ThreadRanks& ranks) {
    Setup setup;
    setup.run({.out = folder.path / "four", .steps = 12}, ranks);
  });
  CHECK(contains(errors[1], "of a batch of 6 in 4 equal parts"));
}

TEST_CASE(
    "the shared batch: statistics, values and gradients of batch_norm are those of the whole batch, by the "
    "fast path and without it") {
  const auto compare = [](auto device) {
    using D = decltype(device);
    const Index C = 5, rows = 2 * 3 * 4;
    const auto values = random_tensor<double>({4, 3, 4, C}, 1).to_host(),
               dys = random_tensor<double>({4, 3, 4, C}, 2).to_host();
    const auto pass = [&](Index part, Index parts) {  // y, dx, dw, db of one part, and the mean and variance
      const auto some = [&](const std::vector<double>& all) {
        const auto size = std::ptrdiff_t(all.size()) / parts;
        return Tensor<double, D>({4 / parts, 3, 4, C}, std::vector<double>(all.begin() + part * size,
                                                                           all.begin() + (part + 1) * size));
      };
      const Var<double, D> x(some(values), true),
          w(Tensor<double, D>({C}, random_tensor<double>({C}, 3).to_host()), true),
          b(Tensor<double, D>({C}, 0.5), true);
      const auto s = channel_statistics(x.value());
      const auto y = batch_norm(x, w, b, s, true);
      y.backward(some(dys));
      return std::vector<std::vector<double>>{y.value().to_host(), x.grad().to_host(), w.grad().to_host(),
                                              b.grad().to_host(),  s.mean.to_host(),   s.variance.to_host()};
    };
    const auto whole = pass(0, 1);
    const auto errors = on_ranks(2, [&](ThreadRanks& ranks) {
      const ShareOfBatch<double, D> share(
          {ranks.rank(), 2}, [&](Tensor<double, D>& x) { distributed::detail::average(x, ranks); });
      const auto part = pass(ranks.rank(), 2);
      for (const std::size_t i : {0, 1}) {  // y and dx: this part of the whole
        const auto begin = whole[i].begin() + ranks.rank() * rows * C;
        CHECK(relative_error(part[i], std::vector<double>(begin, begin + rows * C)) < 1e-12);
      }
      for (const std::size_t i : {2, 3}) {  // dw and db: the sum over the parts
        Tensor<double, D> sum({C}, part[i]);
        ranks.sum(sum);
        CHECK(relative_error(sum.to_host(), whole[i]) < 1e-12);
      }
      for (const std::size_t i : {4, 5}) CHECK(relative_error(part[i], whole[i]) < 1e-12);
    });
    for (const std::string& e : errors) CHECK(e == "");
  };
  compare(Cpu{});
  compare(EigenCpu{});
}

TEST_CASE("the environment tells how many processes were started together") {
  const auto with = [](const char* name, const char* value) {
    setenv(name, value, 1);
    const Index started = processes_started();
    unsetenv(name);
    return started;
  };
  if (processes_started() != 1) return;  // these tests themselves run under mpirun
  CHECK(with("OMPI_COMM_WORLD_SIZE", "3") == 3);
  CHECK(with("PMI_SIZE", "2") == 2);
  CHECK(with("SLURM_STEP_NUM_TASKS", "many") == 1);
}
