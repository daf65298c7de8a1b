// Layers and training with values in bfloat16 and weights in float, against the same in float.
#include "crisp/models/edsr.hpp"
#include "crisp/models/srcnn.hpp"
#include "crisp/nn/batch_norm2d.hpp"
#include "crisp/nn/channel_attention.hpp"
#include "crisp/nn/conv_transpose2d.hpp"
#include "crisp/nn/grouped_conv2d.hpp"
#include "crisp/nn/non_finite.hpp"
#include "crisp/nn/prelu.hpp"
#include "crisp/nn/recompute.hpp"
#include "crisp/nn/swin_block.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/optim/adam.hpp"
#include "crisp/optim/clip_grad.hpp"
#include "crisp/optim/ema.hpp"
#include "crisp/optim/sgd.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

// A layer's result, the gradient of its input, and those of its weights.
template <class T, class Make>
std::vector<std::vector<float>> values_and_gradients(const Make& make,
                                                     const Tensor<bfloat16, Device>& input) {
  seed(3);
  auto layer = make(T());
  const Var<T, Device> x(input.to<T>(), true), y = layer(x);
  std::vector<std::vector<float>> all{y.value().template to<float>().to_host()};
  y.backward(random_tensor<bfloat16>(y.shape(), 77).template to<T>());
  all.push_back(x.grad().template to<float>().to_host());
  layer.each_param([&](const std::string&, const nn::Parameter<float, Device>& p) {
    if (p.requires_grad()) all.push_back(p.grad().to_host());
  });
  return all;
}

template <class Make>
void check_layer(const std::string& name, const Shape& shape, const Make& make, double tolerance = 2e-2) {
  const auto input = random_tensor<bfloat16>(shape, 1);
  const auto exact = values_and_gradients<float>(make, input),
             rounded = values_and_gradients<bfloat16>(make, input);
  REQUIRE(exact.size() == rounded.size());
  for (std::size_t i = 0; i < exact.size(); ++i) {
    INFO(name << ", number " << int(i) << " of: value, gradient of the input, gradients of the weights");
    CHECK(relative_error(rounded[i], exact[i]) < tolerance);
  }
}

}  // namespace

TEST_CASE("layers on bfloat16 with weights in float give what they give on float") {
  check_layer("Conv2d", {2, 7, 6, 3}, [](auto t) { return nn::Conv2d<decltype(t), Device>(3, 8, 3); });
  check_layer("Conv2d, reflected", {2, 7, 6, 3},
              [](auto t) { return nn::Conv2d<decltype(t), Device>(3, 8, 3, {.border = Border::reflect}); });
  check_layer("ConvTranspose2d", {2, 5, 4, 6}, [](auto t) {
    return nn::ConvTranspose2d<decltype(t), Device>(6, 5, 4, {.stride = 2, .padding = 1});
  });
  check_layer("GroupedConv2d", {1, 6, 5, 6},
              [](auto t) { return nn::GroupedConv2d<decltype(t), Device>(6, 4, 3, 2); });
  check_layer("Linear", {5, 11}, [](auto t) { return nn::Linear<decltype(t), Device>(11, 7); });
  check_layer("LayerNorm", {9, 20}, [](auto t) { return nn::LayerNorm<decltype(t), Device>(20); });
  check_layer("BatchNorm2d", {3, 5, 4, 6}, [](auto t) { return nn::BatchNorm2d<decltype(t), Device>(6); });
  check_layer("PReLU", {3, 5, 6}, [](auto t) { return nn::PReLU<decltype(t), Device>(6); });
  check_layer(
      "ChannelAttention", {2, 5, 4, 16},
      [](auto t) { return nn::ChannelAttention<decltype(t), Device>(16, 4); }, 4e-2);
  check_layer(
      "SwinBlock", {1, 8, 8, 12},
      [](auto t) {
        return nn::SwinBlock<decltype(t), Device>({.channels = 12, .heads = 2, .window = 4, .shift = 2});
      },
      4e-2);
  check_layer(
      "Edsr", {1, 7, 6, 3},
      [](auto t) { return models::Edsr<decltype(t), Device>({.scale = 2, .features = 8, .blocks = 2}); },
      0.15);  // values up to 255, relus that open and close
}

TEST_CASE("batch normalisation of bfloat16 keeps its running statistics in float") {
  nn::BatchNorm2d<bfloat16, Device> norm(2);
  const Tensor<float, Device> x({2, 1, 1, 2}, {1.001f, 5, 1.002f, 7});  // of bfloat16 1.001 would be 1
  for (int i = 0; i < 50; ++i) norm(x);
  CHECK(norm.running_mean.value().to_host()[1] == doctest::Approx(6 * (1 - std::pow(0.9, 50))));
  const nn::TrainingMode inference(false);
  CHECK(float(norm(x).value().to_host()[1]) == doctest::Approx(-1 / std::sqrt(2.0)).epsilon(0.02));
}

TEST_CASE("a step that is too small for bfloat16 is not lost, nor is the average") {
  nn::Linear<bfloat16, Device> layer(1, 1, {.bias = false, .init = nn::Init::constant(1)});
  optim::Sgd sgd(layer, {.lr = 1e-4});
  static_assert(std::same_as<decltype(sgd), optim::Sgd<float, Device>>);
  optim::Ema average(layer, 0.5);
  const Tensor<float, Device> x({1, 1}, 1.0f);
  for (int i = 0; i < 10; ++i) {
    sum(layer(x)).backward(Tensor<bfloat16, Device>(Shape{}, 1));
    sgd.step();
    average.update(layer);
  }
  // bfloat16 goes from 1 to 0.996.
  CHECK(layer.weight.value().to_host()[0] == doctest::Approx(1 - 10 * 1e-4).epsilon(1e-6));
  CHECK(average.state()[0].second.to_host()[0] == doctest::Approx(1 - 9e-4).epsilon(1e-5));
}

TEST_CASE("gradients of a network on bfloat16 are clipped in float") {
  nn::Linear<bfloat16, Device> layer(3, 1);
  const Tensor<float, Device> x({1, 3}, {3, 0, 4});
  sum(layer(x)).backward(Tensor<bfloat16, Device>(Shape{}, 1));
  CHECK(optim::clip_grad_norm(layer, 1) == doctest::Approx(std::sqrt(26.0)).epsilon(1e-5));
  CHECK(layer.weight.grad().to_host()[2] == doctest::Approx(4 / std::sqrt(26.0)).epsilon(1e-5));
  optim::clip_grad_value(layer, 0.1);
  CHECK(layer.weight.grad().to_host()[2] == 0.1f);
}

TEST_CASE("a block that is computed twice has the same gradients on bfloat16") {
  nn::Mlp<bfloat16, Device> mlp(6, 12);
  const auto gradients = [&](const auto& forward) {
    mlp.fc1.weight.zero_grad();
    const Var<bfloat16, Device> x(random_tensor<bfloat16>({4, 6}, 1), true);
    mse_loss(forward(x), Tensor<float, Device>({4, 6}, 1.0f)).backward();
    return std::pair(mlp.fc1.weight.grad().to_host(), x.grad().template to<float>().to_host());
  };
  CHECK(gradients([&](const auto& x) { return mlp(x); }) ==
        gradients([&](const auto& x) { return nn::checkpoint(mlp, x); }));
}

TEST_CASE("training on bfloat16 follows training on float") {
  const auto losses = [](auto t) {
    using T = decltype(t);
    seed(1);
    models::Srcnn<T, Device> net({.f1 = 5, .f2 = 1, .f3 = 3, .n1 = 8, .n2 = 4, .identity = true});
    optim::Adam adam(net, {.lr = 1e-3});
    std::vector<float> all;
    for (int i = 0; i < 40; ++i) {
      const auto sharp = random_tensor<float>({2, 12, 12, 1}, std::uint64_t(i % 4) + 1);
      const auto loss = mse_loss(net(sharp), Tensor<float, Device>({2, 12, 12, 1}, 0.5f));
      all.push_back(loss.item());
      loss.backward();
      adam.step();
    }
    return all;
  };
  const std::vector<float> exact = losses(float()), rounded = losses(bfloat16());
  CHECK(exact.back() < 0.5 * exact.front());
  CHECK(relative_error(rounded, exact) < 2e-2);
}

TEST_CASE("the first value that is not finite is found in a network on bfloat16 too") {
  models::Srcnn<bfloat16, Device> net({.n1 = 4, .n2 = 3});
  const Var<float, Device> x(Tensor<float, Device>({1, 12, 12, 1}, 3e38f));
  const auto f = [&] { return mse_loss(net(x), x); };
  CHECK(contains(nn::first_non_finite(net, f), "the output of "));
  net.conv2.weight.value().fill(NAN);
  CHECK(nn::first_non_finite(net, f) == "the weight conv2.weight");
}
