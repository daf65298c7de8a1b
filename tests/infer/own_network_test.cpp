// Networks that are no templates, and Sequential: optimizers, averages and upscaling take them as they are.
#include "crisp/infer/evaluate.hpp"
#include "crisp/nn/activation.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/nn/sequential.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/ops/tensor_arithmetic.hpp"
#include "crisp/optim/adam.hpp"
#include "crisp/optim/ema.hpp"
#include "crisp/optim/sgd.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

struct Plain {
  nn::Conv2d<float, Device> first{1, 4, 3}, second{4, 1, 3};
  Var<float, Device> operator()(const Var<float, Device>& x) const { return second(relu(first(x))); }
  CRISP_PARAMS(first, second)
};

auto sequence() {
  return nn::Sequential(nn::ReLU{}, nn::Conv2d<float, Device>(1, 4, 3), nn::ReLU{},
                        nn::Conv2d<float, Device>(4, 1, 3));
}

// A training of a few steps towards the input itself, then the whole way out.
template <class Net>
void goes_all_the_way(Net& net) {
  optim::Adam adam(net, {.lr = 1e-2});
  static_assert(std::same_as<decltype(adam), optim::Adam<float, Device>>);
  optim::Ema average(net, 0.9);
  const Tensor<float, Device> x = random_tensor<float>({2, 8, 8, 1}, 1), y = x * x;
  float first = 0, last = 0;
  for (int i = 0; i < 30; ++i) {
    const auto loss = mse_loss(net(x), y);
    loss.backward();
    adam.step();
    average.update(net);
    last = loss.item();
    if (i == 0) first = last;
  }
  CHECK(last < first);
  const data::Image large = infer::upscale(net, data::Image(9, 7, 3, 100), 2);
  CHECK(large.height == 18);
  CHECK(large.channels == 3);
  const infer::Comparison c =
      infer::compare("flat", data::Image(24, 24, 1, 50), infer::upscaler(net), 2, infer::Protocol::y);
  CHECK(c.score.psnr > 0);
}

}  // namespace

TEST_CASE("a struct without <T, D> is trained, averaged and used") {
  Plain net;
  goes_all_the_way(net);
}

TEST_CASE("a Sequential is trained, averaged and used; its first layer may be an activation") {
  auto net = sequence();
  goes_all_the_way(net);
  optim::Sgd sgd(net, {.lr = 1e-2});
  static_assert(std::same_as<decltype(sgd), optim::Sgd<float, Device>>);
}

TEST_CASE("two layers are no element type and device: Sequential<A, B> is not taken for Net<T, D>") {
  nn::Sequential net(nn::Conv2d<double, Device>(1, 2, 3), nn::ReLU{});
  static_assert(std::same_as<nn::ElementOf<decltype(net)>, double>);
  static_assert(std::same_as<nn::DeviceOf<decltype(net)>, Device>);
  optim::AdamW adam(net);
  CHECK(nn::parameter_count(net).all() == 20);
}
