// SRCNN: sizes, parameter counts, and the published network against its reference.
#include "crisp/io/weights.hpp"
#include "crisp/nn/module.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/zoo/any_model.hpp"
#include "crisp/zoo/recognise.hpp"
#include "shared.hpp"
#include "support.hpp"

using namespace crisp;
using crisp::test::contains;
using crisp::test::Device;
using crisp::test::error_of;

namespace {

constexpr const char* published = "weights/srcnn_915_x2_published";
using Srcnn = models::Srcnn<float, Device>;

// "input_zero" and its like are (1, 1, H, W): with one channel, the order of (1, H, W, 1).
Tensor<float, Device> golden(const io::SafeTensors& file, const std::string& name) {
  const io::HostTensor& t = file.tensors.at(name);
  return {Shape{t.shape[0], t.shape[2], t.shape[3], t.shape[1]}, t.values<float>()};
}

double largest_difference(const Tensor<float, Device>& a, const Tensor<float, Device>& b) {
  REQUIRE(a.shape() == b.shape());
  const std::vector<float> x = a.to_host(), y = b.to_host();
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(double(x[i]) - y[i]));
  return largest;
}

}  // namespace

TEST_CASE("srcnn: the variants hold 8,129, 24,513 and 57,281 parameters, all trained") {
  const std::pair<const char*, Index> variants[] = {{"9-1-5", 8129}, {"9-3-5", 24513}, {"9-5-5", 57281}};
  for (const auto& [variant, parameters] : variants) {
    const auto net =
        zoo::AnyModel<float, Device>::create({{"model", "srcnn"}, {"variant", variant}, {"scale", "3"}});
    CHECK(nn::parameter_count(net).trained == parameters);
    CHECK(nn::parameter_count(net).untrained == 0);
    CHECK(net.scale() == 3);
    CHECK(net.channels() == 1);
    CHECK(net.input_spec().enlarged);
    CHECK(net.settings().at("variant") == variant);
  }
}

TEST_CASE("srcnn: keeps the size of the image, one pixel included; the training form gives its centre") {
  const auto net = zoo::AnyModel<float, Device>::create({{"model", "srcnn"}});
  CHECK(net.input_spec().margin == 6);
  for (const Shape& shape : {Shape{1, 1, 1, 1}, Shape{2, 13, 17, 1}})
    CHECK(net(Tensor<float, Device>(shape, 0.5f)).shape() == shape);
  const Tensor<float, Device> x = test::random_tensor<float>({1, 20, 17, 1});
  const Var<float, Device> all = net(x), centre = net.training_forward(x);
  REQUIRE(centre.shape() == Shape{1, 8, 5, 1});
  const std::vector<float> a = all.value().to_host(), c = centre.value().to_host();
  double largest = 0;
  for (int i = 0; i < 8; ++i)
    for (int j = 0; j < 5; ++j)
      largest = std::max(largest,
                         std::abs(double(a[std::size_t((i + 6) * 17 + j + 6)]) - c[std::size_t(i * 5 + j)]));
  CHECK(largest < 1e-5);
}

TEST_CASE("srcnn: what it cannot be is said") {
  using Any = zoo::AnyModel<float, Device>;
  CHECK(contains(error_of([] { Any::create({{"model", "srcm"}}); }), "no network called 'srcm'"));
  CHECK(contains(error_of([] { Any::create({{"model", "srcnn"}, {"variant", "9-7-5"}}); }), "not '9-7-5'"));
  CHECK(contains(error_of([] {
                   Any::create({{"model", "srcnn"}, {"scale", "three"}});
                 }),
                 "'scale' must be a whole number"));
  CHECK(contains(error_of([] { zoo::recognise({{"fc.weight", {10, 10}}}); }), "fc.weight"));
}

TEST_CASE("srcnn: a colour variant works on three channels, and says so to a gray image") {
  const auto net = zoo::AnyModel<float, Device>::create({{"model", "srcnn"}, {"channels", "3"}});
  CHECK(net(Tensor<float, Device>({1, 4, 5, 3}, 0.5f)).shape() == Shape{1, 4, 5, 3});
  CHECK(contains(error_of([&] {
                   net(Tensor<float, Device>({1, 4, 5, 1}, 0.5f));
                 }),
                 "the input has 1 channels, but the weight expects 3"));
}

TEST_CASE(
    "srcnn: beginning as the identity, it gives back about what it is given, and yet its filters learn") {
  for (const Index channels : {1, 3}) {
    const Srcnn net({.f2 = 5, .channels = channels, .identity = true});
    const Tensor<float, Device> x = test::random_tensor<float>({1, 20, 21, channels});
    std::vector<float> light = x.to_host();
    for (float& v : light) v = std::abs(v);  // an image is not negative
    const Tensor<float, Device> image(x.shape(), light);
    const Var<float, Device> y = net(image);
    CHECK(test::relative_error(y.value().to_host(), light) < 0.35);
    CHECK(test::relative_error(Srcnn({.f2 = 5, .channels = channels})(image).value().to_host(), light) > 0.5);
    mse_loss(y, Tensor<float, Device>(x.shape(), 0.3f)).backward();
    net.each_param([](const std::string& name, const auto& p) {
      INFO(name);
      Index moved = 0;
      const auto gradient = p.grad().to_host();
      for (Index o = 0; o < p[0]; ++o) {
        const auto begin = gradient.begin() + o * p.numel() / p[0];
        moved += std::any_of(begin, begin + p.numel() / p[0], [](float g) { return g != 0; });
      }
      CHECK(double(moved) >= 0.8 * double(p[0]));  // some are silenced by their relu
    });
  }
  Tensor<float, Device> small({2, 3, 3, 1});
  CHECK(contains(error_of([&] { nn::pass_through(small, 2); }), "pass_through: 2 channels do not fit"));
}

TEST_CASE("srcnn: the published weights load, are recognised, and give the golden outputs") {
  const auto folder = test::shared(published);
  if (!folder) return;
  const io::SafeTensors file = io::read_safetensors(*folder / "weights.safetensors"),
                        outputs = io::read_safetensors(*folder / "golden.safetensors");
  std::map<std::string, Shape> shapes;
  for (const auto& [name, tensor] : file.tensors) shapes.emplace(name, tensor.shape);
  CHECK(zoo::recognise(shapes).at("variant") == "9-1-5");

  Srcnn net;
  io::load(*folder / "weights.safetensors", net);
  const Var<float, Device> replicate = net(golden(outputs, "input_replicate"));
  CHECK(largest_difference(replicate.value(), golden(outputs, "output_replicate")) < 1e-5);

  // Zeros at the edge: the same weights through convolutions that pad so.
  const Conv2dOptions zeros{.padding = Padding::same, .border = Border::zero};
  Var<float, Device> x = golden(outputs, "input_zero");
  x = relu(conv2d(x, net.conv1.weight, net.conv1.bias, zeros));
  x = relu(conv2d(x, net.conv2.weight, net.conv2.bias, zeros));
  CHECK(largest_difference(conv2d(x, net.conv3.weight, net.conv3.bias, zeros).value(),
                           golden(outputs, "output_zero")) < 1e-5);
}

TEST_CASE("srcnn: the weights of another variant are refused with both numbers") {
  const auto folder = test::shared(published);
  if (!folder) return;
  Srcnn other({.f2 = 5});
  const std::string error = error_of([&] { io::load(*folder / "weights.safetensors", other); });
  CHECK(contains(error, "conv2.weight is (32, 64, 1, 1) in the file, (32, 64, 5, 5) in the network"));
}
