// Layers of the larger networks: gradients, training and inference, checkpointing, names, errors.
#include "crisp/models/hybrid.hpp"
#include "crisp/models/srgan.hpp"
#include "crisp/models/srresnet.hpp"
#include "crisp/nn/channel_attention.hpp"
#include "crisp/nn/conv_transpose2d.hpp"
#include "crisp/nn/grouped_conv2d.hpp"
#include "crisp/nn/pixel_shuffle.hpp"
#include "crisp/nn/pool.hpp"
#include "crisp/ops/reduce.hpp"
#include "crisp/testing/gradcheck.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using testing::gradcheck;
using testing::random_input;
using V = Var<double, Device>;

namespace {

// Checks the gradients of x and of all weights of the layer.
template <class Layer>
testing::GradcheckResult check_layer(const Layer& layer, V x) {
  testing::GradcheckResult worst = gradcheck([&](const auto& v) { return layer(v); }, x);
  layer.each_param([&](const std::string& name, const auto& p) {
    if (!p.requires_grad()) return;
    const V weight = p;  // the same node: what gradcheck moves, the layer sees
    const auto result = gradcheck([&](const auto&) { return layer(x); }, weight);
    if (result.error > worst.error) worst = {result.error, name + ": " + result.where};
  });
  return worst;
}

template <class M>
std::vector<double> all_gradients(const M& net) {
  std::vector<double> all;
  net.each_param([&](const std::string&, const auto& p) {
    if (!p.grad().defined()) return;
    const auto g = p.grad().to_host();
    all.insert(all.end(), g.begin(), g.end());
  });
  return all;
}

template <class M>
void clear_gradients(M& net) {
  net.each_param([](const std::string&, auto& p) { p.zero_grad(); });
}

// Biases and gains away from 0 and 1, so that every path counts.
template <class M>
void stir(M& net) {
  std::uint64_t seed = 11;
  net.each_param([&](const std::string& name, auto& p) {
    const auto noise = random_tensor<double>(p.shape(), ++seed).to_host();
    auto values = p.value().to_host();
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] =
          name.find("running_var") != std::string::npos ? 1 + std::abs(noise[i]) : values[i] + 0.3 * noise[i];
    p.value().copy_(Tensor<double, Device>(p.shape(), values));
  });
}

}  // namespace

TEST_CASE("layers: gradients of the input and of every weight") {
  const V x = random_input<Device>({2, 4, 4, 4}, 1);
  const auto test = [&](auto&& layer, const V& input) {
    stir(layer);
    const auto result = check_layer(layer, input);
    INFO(str(result));
    CHECK(result);
  };
  test(nn::Linear<double, Device>(4, 3), x);
  test(nn::Linear<double, Device>(4, 3, {.bias = false}), x);
  test(nn::LayerNorm<double, Device>(4), x);
  test(nn::PReLU<double, Device>(), x);
  test(nn::PReLU<double, Device>(4), x);
  test(nn::ConvTranspose2d<double, Device>(4, 2, 3, {.stride = 2, .padding = 1, .output_padding = 1}), x);
  test(nn::GroupedConv2d<double, Device>(4, 6, 3, 2), x);
  test(nn::Conv2d<double, Device>(4, 2, {1, 3}, {.dilation = 2}), x);
  test(nn::GroupedConv2d<double, Device>(4, 4, {3, 2}, 4, {.dilation = 2}), x);
  test(nn::Upsampler<double, Device>(4, 2), random_input<Device>({1, 2, 3, 2}, 1));
  test(nn::ResBlock<double, Device>(4, 0.5), x);
  test(nn::ChannelAttention<double, Device>(4, 2), x);
  test(nn::WindowAttention<double, Device>(4, 2, 2), random_input<Device>({3, 4, 4}, 1));
  test(nn::Mlp<double, Device>(4, 6), x);
  {
    const nn::TrainingMode fixed(false);  // the differences must not move the statistics
    test(nn::BatchNorm2d<double, Device>(4), x);
    test(nn::ResBlockBN<double, Device>(4), x);
  }
}

TEST_CASE("a Swin block, shifted and not, and an RSTB: gradients of the input and of every weight") {
  const V x = random_input<Device>({1, 4, 6, 4}, 1);
  for (const Index shift : {0, 1}) {
    nn::SwinBlock<double, Device> block({.channels = 4, .heads = 2, .window = 2, .shift = shift});
    stir(block);
    CHECK(gradcheck([&](const auto& v) { return block(v); }, x));
    block.each_param([&](const std::string& name, const auto& p) {
      const V weight = p;
      const auto result = gradcheck([&](const auto&) { return block(x); }, weight);
      INFO(name << ": " << str(result));
      CHECK(result);
    });
  }
  nn::Rstb<double, Device> rstb({.channels = 4, .heads = 2, .window = 2}, 2, {0, 0});
  CHECK(gradcheck([&](const auto& v) { return rstb(v); }, x));
}

TEST_CASE(
    "BatchNorm2d: the batch's statistics in training, the running ones under no_grad; TrainingMode "
    "overrides") {
  nn::BatchNorm2d<double, Device> bn(2);
  const V x = Tensor<double, Device>({2, 1, 2, 2}, {1, 10, 2, 10, 3, 10, 6, 14});
  const auto y = bn(x).value().to_host();
  CHECK(y[0] + y[2] + y[4] + y[6] == doctest::Approx(0));
  CHECK(bn.running_mean.value().to_host()[0] == doctest::Approx(0.1 * 3));
  // Of the population: over n - 1.
  CHECK(bn.running_var.value().to_host()[0] == doctest::Approx(0.9 + 0.1 * 14.0 / 3));
  const auto before = bn.running_mean.value().to_host();
  const auto inferred = no_grad([&] { return bn(x); }).value().to_host();
  CHECK(bn.running_mean.value().to_host() == before);
  CHECK(inferred[0] == doctest::Approx((1 - 0.3) / std::sqrt(0.9 + 1.4 / 3 + 1e-5)));
  {
    const nn::TrainingMode fixed(false);
    CHECK(bn(x).value().to_host() == inferred);
  }
  {
    const NoGrad guard;
    const nn::TrainingMode training(true);
    CHECK(bn(x).value().to_host() == y);
  }
  CHECK(bn.running_mean.value().to_host() != before);
  CHECK(nn::parameter_count(bn).untrained == 4);
}

TEST_CASE("Dropout and DropPath act in training alone, and follow from the seed") {
  const V x(Tensor<double, Device>({8, 50}, 1.0));
  seed(5);
  const auto first = nn::Dropout{0.5}(x).value().to_host();
  const auto second = nn::Dropout{0.5}(x).value().to_host();
  CHECK(first != second);
  seed(5);
  CHECK(nn::Dropout{0.5}(x).value().to_host() == first);
  CHECK(no_grad([&] { return nn::Dropout{0.5}(x); }).value().to_host() == x.value().to_host());
  CHECK(nn::DropPath{0.5}(x).value().to_host() != x.value().to_host());
}

TEST_CASE(
    "checkpoint: the same values, gradients, statistics and random decisions, from one block's memory") {
  seed(3);
  nn::SwinBlock<double, Device> block({.channels = 4, .heads = 2, .window = 2, .shift = 1, .drop_path = 0.5});
  stir(block);
  const V x = random_input<Device>({3, 4, 4, 4}, 1);
  seed(9);
  const V y = block(x);
  const std::size_t kept = y.history().size();
  sum(y * y).backward();
  const auto dx = x.grad().to_host(), dw = all_gradients(block);
  clear_gradients(block);
  V(x).zero_grad();
  seed(9);
  const V z = nn::checkpoint(block, x);
  CHECK(z.history().size() < kept);
  CHECK(z.value().to_host() == y.value().to_host());
  sum(z * z).backward();
  CHECK(x.grad().to_host() == dx);
  CHECK(all_gradients(block) == dw);

  nn::ResBlockBN<double, Device> plain(4), again = [] { return nn::ResBlockBN<double, Device>(4); }();
  nn::copy_weights(plain, again);
  const V first = random_input<Device>({2, 3, 3, 4}, 2)
                      .detach();  // data needs no gradient: the weights get theirs all the same
  const V target = random_tensor<double>({2, 3, 3, 4}, 3);
  sum(plain(first) * target).backward();
  sum(nn::checkpoint(again, first) * target).backward();
  CHECK(all_gradients(again) == all_gradients(plain));
  // Moved once, not twice.
  CHECK(again.bn1.running_mean.value().to_host() == plain.bn1.running_mean.value().to_host());
}

// A block that cannot run twice.
struct OnlyOnce {
  mutable int runs = 0;
  V operator()(const V& x) const {
    check(++runs == 1, "the second pass fails");
    return x * 2.0;
  }
  template <class F>
  void each_param(F&&) const {}
};

TEST_CASE(
    "checkpoint: after a second pass that fails, batch norm moves its statistics again, and random numbers "
    "go on") {
  const OnlyOnce block;
  const V x = random_input<Device>({2, 3, 3, 4}, 1);
  const V y = nn::checkpoint(block, x);
  seed(7);
  const double expected = nn::detail::generator.uniform();
  seed(7);
  CHECK_ERROR(sum(y).backward(), "the second pass fails");
  CHECK(nn::detail::generator.uniform() == expected);
  nn::BatchNorm2d<double, Device> bn(4);
  const auto before = bn.running_mean.value().to_host();
  bn(x);
  CHECK(bn.running_mean.value().to_host() != before);
}

TEST_CASE("layers without weights stand in a Sequential") {
  nn::Sequential net(nn::Conv2d<double, Device>(3, 8, 3), nn::GELU{}, nn::PixelShuffle{2}, nn::MaxPool2d{2},
                     nn::AvgPool2d{2}, nn::Upsample{2}, nn::PixelUnshuffle{2}, nn::Softmax{},
                     nn::GlobalAvgPool2d{});
  const V y = net(random_input<Device>({2, 8, 4, 3}, 1));
  REQUIRE(y.shape() == Shape{2, 1, 1, 8});
  double total = 0;
  for (const double v : y.value().to_host()) total += v;
  CHECK(total == doctest::Approx(2));  // a mean of rows that sum to 1
}

TEST_CASE("backward takes a gradient for a value of any shape") {
  const V x = random_input<Device>({2, 3}, 1);
  const auto g = random_tensor<double>({2, 3}, 2);
  (x * 3.0).backward(g);
  CHECK(x.grad().to_host()[4] == doctest::Approx(3 * g.to_host()[4]));
  CHECK_ERROR((x * 3.0).backward(random_tensor<double>({3, 2}, 2)),
              "the gradient must have the shape of the value");
  CHECK_ERROR((x * 3.0).backward(), "call it on a scalar loss");
}

TEST_CASE("what layers cannot be is said") {
  CHECK_ERROR((nn::Linear<float, Device>(0, 3)), "0 inputs and 3 outputs");
  CHECK_ERROR((nn::ConvTranspose2d<float, Device>(1, 1, 0)), "a kernel of 0");
  CHECK_ERROR((nn::Upsampler<float, Device>(5, 8)), "must be 1, 2, 3, 4 or 8, not 5");
  CHECK_ERROR((nn::WindowAttention<float, Device>(10, 3, 8)), "3 heads do not divide 10 channels");
  CHECK_ERROR((nn::Conv2d<float, Device>(4, 6, {3, 0})),
              "output channels and a kernel of 3 x 0 were asked for");
  CHECK_ERROR((nn::GroupedConv2d<float, Device>(4, 6, 3, 4)),
              "4 groups, a kernel of 3, 4 input and 6 output channels do not go together");
  CHECK_ERROR((models::Discriminator<float, Device>({.size = 40})), "must be a multiple of 16, not 40");
  CHECK_ERROR((models::Vgg19<float, Device>({.layer = "conv3_5"})), "there is no layer 'conv3_5'");
}

TEST_CASE("VGG19: torchvision's names, shapes by block, and a gradient to the image alone") {
  models::Vgg19<double, Device> vgg({.layer = "conv3_2", .width = 2, .random = true});
  std::string names;
  vgg.each_param([&](const std::string& name, const auto& p) {
    if (name.ends_with("weight")) names += name + " ";
    CHECK_FALSE(p.requires_grad());
  });
  CHECK(names ==
        "features.0.weight features.2.weight features.5.weight features.7.weight features.10.weight "
        "features.12.weight ");
  const V x = random_input<Device>({1, 9, 8, 3}, 1), target = random_tensor<double>({1, 9, 8, 3}, 2);
  CHECK(vgg(x).shape() == Shape{1, 2, 2, 8});
  CHECK(gradcheck([&](const auto& v) { return models::feature_loss(vgg, v, target); }, x));
  models::Vgg19<double, Device> last({.layer = "relu5_4", .width = 1, .random = true});
  std::string last_name;
  last.each_param([&](const std::string& name, const auto&) { last_name = name; });
  CHECK(last_name == "features.34.bias");
  CHECK(last(V(Tensor<double, Device>({1, 16, 16, 3}, 0.5))).shape() == Shape{1, 1, 1, 8});
  models::Vgg19<double, Device> empty({.layer = "conv1_1", .width = 2});
  CHECK_ERROR(empty(x), "Vgg19: no weights were read");
}

TEST_CASE("SRGAN: both players learn from one loss, each by its own gradient") {
  models::SrResNet<double, Device> generator({.scale = 2, .features = 4, .blocks = 1});
  models::SrganGame<models::SrResNet<double, Device>, double, Device> game{
      generator, models::Discriminator<double, Device>({.size = 16, .features = 2})};
  const V lr = random_tensor<double>({2, 8, 8, 3}, 1), hr = random_tensor<double>({2, 16, 16, 3}, 2);
  game.loss(lr, hr).backward();
  const auto played = all_gradients(game.discriminator);

  clear_gradients(game);
  generator.each_param([](const std::string& name, auto& p) {
    if (name.find("running") == std::string::npos) p.set_trained(false);
  });
  game.discriminator.each_param([](const std::string& name, auto& p) {
    if (name.find("running") == std::string::npos) p.set_trained(true);
  });
  models::discriminator_loss(game.discriminator(hr), game.discriminator(generator(lr).detach())).backward();
  CHECK(relative_error(played, all_gradients(game.discriminator)) < 1e-9);
  CHECK_ERROR(game.discriminator(lr), "images of 16 x 16 are needed");
}
