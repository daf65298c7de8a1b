// Layers: names, counts, copies, initializers, Sequential, and the search for the first value that is not
// finite.
#include "crisp/models/srcnn.hpp"
#include "crisp/nn/activation.hpp"
#include "crisp/nn/non_finite.hpp"
#include "crisp/nn/sequential.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/testing/gradcheck.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {
template <class T, class D>
struct Block {
  nn::Conv2d<T, D> conv1, conv2;
  explicit Block(Index c) : conv1(c, c, 3), conv2(c, c, 3, {.bias = false}) {}
  Var<T, D> operator()(const Var<T, D>& x) const { return conv2(relu(conv1(x))); }
  CRISP_PARAMS(conv1, conv2)
};
template <class T, class D>
struct Net {
  nn::Conv2d<T, D> head{1, 4, 3};
  std::vector<Block<T, D>> body = nn::repeat<Block<T, D>>(2, 4);
  nn::Param<T, D> scale{Tensor<T, D>({1}, T(1))};
  Var<T, D> operator()(const Var<T, D>& x) const { return body[1](body[0](head(x))); }
  CRISP_PARAMS(head, body, scale)
};
template <class M>
std::string names(const M& net) {
  std::string all;
  net.each_param([&](const std::string& name, const auto&) { all += name + " "; });
  return all;
}
}  // namespace

TEST_CASE("names follow the structure, absent parameters are left out") {
  CHECK(names(Net<float, Device>()) ==
        "head.weight head.bias body.0.conv1.weight body.0.conv1.bias body.0.conv2.weight body.1.conv1.weight "
        "body.1.conv1.bias body.1.conv2.weight scale ");
  nn::Sequential net(nn::Conv2d<float, Device>(1, 2, 3), nn::ReLU{}, nn::Conv2d<float, Device>(2, 1, 1));
  CHECK(names(net) == "0.weight 0.bias 2.weight 2.bias ");
  CHECK(net(Var<float, Device>(Tensor<float, Device>({1, 5, 4, 1}, 0.5f))).shape() == Shape{1, 5, 4, 1});
}

TEST_CASE("parameters are counted, trained and untrained apart") {
  Net<float, Device> net;
  CHECK(nn::parameter_count(net).all() == 40 + 2 * (148 + 144) + 1);
  net.scale.set_trained(false);
  CHECK(nn::parameter_count(net).untrained == 1);
}

TEST_CASE("repeated layers have weights of their own; clone copies and shares nothing") {
  Net<float, Device> net;
  CHECK(net.body[0].conv1.weight.value().to_host() != net.body[1].conv1.weight.value().to_host());
  Net<float, Device> copy = nn::clone(net);
  CHECK(copy.head.weight.value().to_host() == net.head.weight.value().to_host());
  net.head.weight.value().fill(0);
  CHECK(copy.head.weight.value().to_host() != net.head.weight.value().to_host());
  models::Srcnn<float, Device> small({.f2 = 3}), same = nn::clone(small), other;
  CHECK(same.conv2.weight.shape() == Shape{32, 3, 3, 64});
  CHECK_ERROR(nn::copy_weights(small, other), "'conv2.weight' differs in shape");
  CHECK_ERROR((nn::Conv2d<float, Device>(0, 1, 3)), "0 input channels");
  CHECK_ERROR((nn::repeat<Block<float, Device>>(-1, 4)), "-1 layers");
}

TEST_CASE("initializers have the width they promise, and the seed decides") {
  const auto deviation = [](const Tensor<double, Device>& w) {
    double square = 0;
    for (double v : w.to_host()) square += v * v;
    return std::sqrt(square / double(w.numel()));
  };
  const Shape shape{64, 3, 3, 32};  // fan_in 288, fan_out 576
  CHECK(deviation(nn::make_weight<double, Device>(shape, nn::Init::he())) ==
        doctest::Approx(std::sqrt(2.0 / 288)).epsilon(0.03));
  CHECK(deviation(nn::make_weight<double, Device>(shape, nn::Init::xavier())) ==
        doctest::Approx(std::sqrt(2.0 / (288 + 576))).epsilon(0.03));
  CHECK(deviation(nn::make_weight<double, Device>(shape, nn::Init::normal(0.001))) ==
        doctest::Approx(0.001).epsilon(0.03));
  CHECK(nn::make_weight<double, Device>({2}, nn::Init::constant(3)).to_host() == std::vector<double>{3, 3});
  seed(5);
  const auto a = nn::make_weight<float, Device>({9}, nn::Init::he()).to_host();
  seed(5);
  CHECK(a == nn::make_weight<float, Device>({9}, nn::Init::he()).to_host());
}

TEST_CASE("layers pass gradcheck: Conv2d, Sequential, activations, SRCNN in both forms") {
  const auto x = testing::random_input<Device>({1, 6, 5, 2}, 3);
  seed(1);
  nn::Conv2d<double, Device> conv(2, 3, 3);
  CHECK(testing::gradcheck([&](const auto& v) { return conv(v); }, x));
  CHECK(testing::gradcheck([&](const auto&, const auto&) { return conv(x); },
                           Var<double, Device>(conv.weight), Var<double, Device>(conv.bias)));
  nn::Sequential net(nn::Conv2d<double, Device>(2, 2, 3), nn::LeakyReLU{0.1}, nn::Sigmoid{}, nn::Tanh{},
                     nn::ReLU{});
  CHECK(testing::gradcheck([&](const auto& v) { return net(v); }, x));
  models::Srcnn<double, Device> srcnn({.f1 = 3, .f2 = 1, .f3 = 3, .n1 = 3, .n2 = 2});
  const auto image = testing::random_input<Device>({2, 7, 6, 1}, 4);
  CHECK(testing::gradcheck([&](const auto& v) { return srcnn(v); }, image));
  CHECK(testing::gradcheck([&](const auto& v) { return srcnn.valid(v); }, image));
}

TEST_CASE("the first value that is not finite is named") {
  Net<float, Device> net;
  const Tensor<float, Device> x({1, 4, 4, 1}, 1.0f);
  CHECK(nn::first_non_finite(net, [&] {
          return mse_loss(net(x), Tensor<float, Device>({1, 4, 4, 4}, 0.0f));
        }) == "");
  net.head.weight.value().fill(1e30f);
  net.body[0].conv1.weight.value().fill(1e38f);
  CHECK(nn::first_non_finite(net, [&] { return sum(net(x)); }) ==
        "the output of conv2d with body.0.conv1.weight");
  net.body[1].conv1.bias.value().fill(NAN);
  CHECK(nn::first_non_finite(net, [&] { return sum(net(x)); }) == "the weight body.1.conv1.bias");
}
