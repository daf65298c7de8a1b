// Optimizers against plain loops, schedules at golden points, clipping.
#include "crisp/models/srcnn.hpp"
#include "crisp/ops/arithmetic.hpp"
#include "crisp/ops/reduce.hpp"
#include "crisp/optim/adam.hpp"
#include "crisp/optim/clip_grad.hpp"
#include "crisp/optim/ema.hpp"
#include "crisp/optim/schedule.hpp"
#include "crisp/optim/sgd.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {
template <class T, class D>
struct Two {
  nn::Param<T, D> a{Tensor<T, D>({2}, {T(1), T(-2)})}, b{Tensor<T, D>({1}, T(3))};
  Var<T, D> loss() const { return sum(a * a) + sum(b * b); }  // gradients 2a, 2b
  CRISP_PARAMS(a, b)
};
}  // namespace

TEST_CASE("SGD with momentum and decay, and a rate of its own for a layer") {
  Two<double, Device> net;
  optim::Sgd sgd(net, {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01, .layers = {{"b", 0.01}}});
  double a = 1, va = 0, b = 3, vb = 0;
  for (int i = 0; i < 5; ++i) {
    net.loss().backward();
    sgd.step();
    va = 0.9 * va + 2 * a + 0.01 * a;
    a -= 0.1 * va;
    vb = 0.9 * vb + 2 * b + 0.01 * b;
    b -= 0.01 * vb;
  }
  CHECK(net.a.value().to_host()[0] == doctest::Approx(a).epsilon(1e-12));
  CHECK(net.b.item() == doctest::Approx(b).epsilon(1e-12));
  sgd.set_lr(0.2);  // the ratio of the layers stays
  net.loss().backward();
  sgd.step();
  vb = 0.9 * vb + 2 * b + 0.01 * b;
  CHECK(net.b.item() == doctest::Approx(b - 0.02 * vb).epsilon(1e-12));
  CHECK_FALSE(net.a.grad().defined());
}

TEST_CASE("Adam and AdamW against algorithm 1 of their papers") {
  for (bool decoupled : {false, true}) {
    Two<double, Device> net;
    std::unique_ptr<optim::Optimizer<double, Device>> adam;
    if (decoupled)
      adam = std::make_unique<optim::AdamW<double, Device>>(
          net, optim::AdamOptions{.lr = 0.1, .weight_decay = 0.1});
    else
      adam = std::make_unique<optim::Adam<double, Device>>(
          net, optim::AdamOptions{.lr = 0.1, .weight_decay = 0.1});
    double p = 1, m = 0, v = 0;
    for (int t = 1; t <= 6; ++t) {
      net.loss().backward();
      adam->step();
      const double g = 2 * p + (decoupled ? 0 : 0.1 * p);
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      if (decoupled) p -= 0.1 * 0.1 * p;
      p -= 0.1 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    }
    CHECK(net.a.value().to_host()[0] == doctest::Approx(p).epsilon(1e-12));
  }
}

TEST_CASE("optimizers refuse what makes no sense") {
  Two<float, Device> net;
  optim::Adam adam(net);
  CHECK_ERROR(adam.step(), "no parameter has a gradient");
  CHECK_ERROR(adam.set_lr(NAN), "the learning rate must be 0 or more");
  CHECK_ERROR((optim::Sgd(net, {.momentum = 1})), "the momentum must be in [0, 1), not 1");
  CHECK_ERROR((optim::Adam(net, {.beta1 = -1})), "beta1 and beta2 must be in [0, 1)");
  CHECK_ERROR((optim::Sgd(net, {.layers = {{"conv9.", 1e-5}}})),
              "no parameter begins with 'conv9.'\n  the parameters are a, b");
}

TEST_CASE("steps of a Graph are steps, on every device") {
  const auto trained = [](bool by_graph) {
    Two<float, Device> net;
    optim::Adam adam(net, {.lr = 0.1, .layers = {{"b", 0.01}}});
    const std::function<void()> f = [&] {
      net.loss().backward();
      adam.step();
    };
    Graph<Device> step(f);
    for (int i = 0; i < 6; ++i) {
      adam.set_lr(0.1 / (1 + i));
      by_graph ? step() : f();
    }
    CHECK(adam.step_count() == 6);
    return std::pair(net.a.value().to_host(), net.b.item());
  };
  CHECK(trained(true) == trained(false));
}

TEST_CASE("the state can be saved and put back") {
  Two<float, Device> net;
  optim::Adam adam(net);
  net.loss().backward();
  adam.step();
  std::string names;
  adam.each_state(
      [&](const std::string& name, Tensor<float, Device>& t) { names += name + str(t.shape()) + " "; });
  CHECK(names == "a.m(2,) a.v(2,) b.m(1,) b.v(1,) ");
  CHECK(adam.step_count() == 1);
}

TEST_CASE("schedules at golden points") {
  CHECK(optim::constant()(7, 10) == 1);
  CHECK(optim::step_decay(10, 0.5)(25, 100) == 0.25);
  const auto steps = optim::multi_step({10, 20}, 0.1);
  CHECK(steps(9, 30) == 1);
  CHECK(steps(10, 30) == doctest::Approx(0.1));
  CHECK(steps(20, 30) == doctest::Approx(0.01));
  CHECK(optim::cosine()(0, 100) == 1);
  CHECK(optim::cosine()(50, 100) == doctest::Approx(0.5));
  CHECK(optim::cosine(0.1)(100, 100) == doctest::Approx(0.1));
  CHECK(optim::warm_up(10)(4, 100) == doctest::Approx(0.5));
  CHECK(optim::warm_up(10, optim::cosine())(50, 100) == doctest::Approx(0.5));
  CHECK(optim::warm_up(10, optim::cosine()).description() == "warm-up over 10 steps, then cosine");
  CHECK_ERROR(optim::step_decay(0), "not 0 and");
  CHECK_ERROR(optim::multi_step({5, 3}), "the steps must rise");
  CHECK_ERROR(optim::cosine(2), "the floor must be in [0, 1], not 2");
  CHECK_ERROR(optim::warm_up(0), "not 0");
}

TEST_CASE("gradients are clipped together, or one by one") {
  Two<double, Device> net;
  net.loss().backward();  // 2, -4, 6: length sqrt(56)
  CHECK(optim::clip_grad_norm(net, 1.0) == doctest::Approx(std::sqrt(56.0)));
  CHECK(net.b.grad().item() == doctest::Approx(6 / std::sqrt(56.0)));
  CHECK(optim::clip_grad_norm(net, 5.0) == doctest::Approx(1));
  CHECK(net.b.grad().item() == doctest::Approx(6 / std::sqrt(56.0)));
  optim::clip_grad_value(net, 0.3);
  CHECK(net.a.grad().to_host()[1] == -0.3);
  CHECK_ERROR(optim::clip_grad_norm(net, 0), "the norm must be above 0, not 0");
}

TEST_CASE("the average of the weights follows them slowly, is exchanged and exchanged back") {
  nn::Conv2d<double, Device> net(1, 1, 1, {.init = nn::Init::constant(1)});
  optim::Ema<double, Device> ema(net, 0.75);
  net.weight.value().fill(5);
  ema.update(net);
  CHECK(net.weight.value().item() == 5);
  ema.swap(net);
  CHECK(net.weight.value().item() == doctest::Approx(4.6));  // the first decay is 1 / 10
  ema.swap(net);
  CHECK(net.weight.value().item() == 5);
  double expected = 4.6;
  for (int t = 1; t < 60; ++t) {
    const double weight = std::sin(t), d = std::min(0.75, (1.0 + t) / (10.0 + t));
    net.weight.value().fill(weight);
    ema.update(net);
    expected = d * expected + (1 - d) * weight;
    CHECK(ema.state()[0].second.item() == doctest::Approx(expected).epsilon(1e-12));
  }
  net.weight.value().fill(5);
  net.weight.set_trained(false);
  ema.update(net);
  CHECK(ema.state()[0].second.item() == 5);
  CHECK_ERROR((optim::Ema<double, Device>(net, 1)), "at least 0 and below 1, not 1");
}

TEST_CASE("milestones: the same shape for any length") {
  const optim::Schedule s = optim::milestones({0.5, 0.9});
  for (const Index total : {10, 1000}) {
    CHECK(s(0, total) == 1);
    CHECK(s(total / 2 - 1, total) == 1);
    CHECK(s(total / 2, total) == 0.5);
    CHECK(s(total - 1, total) == 0.25);
  }
  CHECK(s.description() == "times 0.5 after 50 % 90 %");
  CHECK_ERROR(optim::milestones({0.9, 0.5}), "the parts must rise");
}
