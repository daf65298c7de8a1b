// The fast depthwise convolution against the convolutions channel by channel of EigenCpu: values and all
// gradients, in odd, tiny and large shapes.
#include "crisp/backend/cpu/eigen.hpp"
#include "crisp/ops/grouped_conv2d.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

struct Case {
  Index N, H, W, C, kH, kW;
  Conv2dOptions options = {};
  bool bias = true;
  std::string text() const {
    return str("(", N, ", ", H, ", ", W, ", ", C, "), kernel ", kH, " x ", kW, ", stride ", options.stride,
               ", padding ", options.padding.pixels, ", border ", int(options.border), ", dilation ",
               options.dilation, ", bias ", bias);
  }
};

// y, dx, dw and db on device D.
template <class T, class D>
std::vector<std::vector<T>> results(const Case& c) {
  const auto make = [](Shape shape, std::uint64_t seed) {
    return Tensor<T, D>(shape, random_tensor<T>(shape, seed).to_host());
  };
  Var<T, D> x(make({c.N, c.H, c.W, c.C}, 1), true), w(make({c.C, c.kH, c.kW, 1}, 2), true),
      b(make({c.C}, 3), true);
  const Var<T, D> y = grouped_conv2d(x, w, c.bias ? b : Var<T, D>(), c.C, c.options);
  y.backward(make(y.shape(), 4));
  return {y.value().to_host(), x.grad().to_host(), w.grad().to_host(),
          c.bias ? b.grad().to_host() : std::vector<T>()};
}

template <class T>
void check_case(const Case& c, double tolerance) {
  const auto fast = results<T, Cpu>(c), plain = results<T, EigenCpu>(c);
  const char* names[] = {"y", "dx", "dw", "db"};
  for (std::size_t i = 0; i < fast.size(); ++i) {
    INFO(names[i] << " of " << c.text());
    CHECK(relative_error(fast[i], plain[i]) < tolerance);
  }
}

// A kernel of 1 to 7 in an image that holds it, with any stride, padding and border.
Case random_case(Rng& rng, int round) {
  Case c{rng.below(3) + 1, rng.below(20) + 1, rng.below(20) + 1, rng.below(round % 3 ? 9 : 70) + 1,
         rng.below(7) + 1, rng.below(7) + 1};
  c.options.stride = rng.below(3) + 1;
  c.options.padding = c.options.stride == 1 && rng.below(2) ? Padding::same : rng.below(4);
  c.options.dilation = rng.below(2) ? 1 : rng.below(3) + 1;
  if (const Index padding = c.options.padding.pixels; padding != Padding::same) {
    c.kH = std::min(c.kH, (c.H + 2 * padding - 1) / c.options.dilation + 1);
    c.kW = std::min(c.kW, (c.W + 2 * padding - 1) / c.options.dilation + 1);
  }
  c.options.border = rng.below(4) ? Border::zero : Border::replicate;
  c.bias = rng.below(2) == 1;
  return c;
}

}  // namespace

TEST_CASE("depthwise convolution equals that channel by channel, gradients included") {
  Rng rng(1);
  for (int round = 0; round < 80; ++round) {
    const Case c = random_case(rng, round);
    check_case<float>(c, 1e-5);
    if (round % 3 == 0) check_case<double>(c, 1e-13);
  }
  check_case<float>({1, 1, 1, 1, 1, 1}, 1e-6);
  check_case<float>({1, 3, 2, 5, 9, 9}, 1e-5);  // a kernel that reaches over the image on all sides
  check_case<float>({2, 48, 40, 64, 3, 3}, 1e-5);
}

TEST_CASE("depthwise convolution writes every number of its results") {
  const ConvSizes s{1, 5, 4, 3, 3, 3, 3, 2, 0, 0, 2, 1, 1};  // the last input row and column meet no tap
  const std::vector<float> x = random_tensor<float>({5 * 4 * 3}, 1).to_host(), w(3 * 9, 1.0f),
                           dy(2 * 3, 1.0f);
  std::vector<float> y(2 * 3, NAN), dx(x.size(), NAN), dw(w.size(), NAN);
  CHECK(Cpu::depthwise_conv2d<float>(x.data(), w.data(), nullptr, y.data(), s));
  CHECK(Cpu::depthwise_conv2d_input_gradient(dy.data(), w.data(), dx.data(), s));
  CHECK(Cpu::depthwise_conv2d_weight_gradient(x.data(), dy.data(), dw.data(), s));
  for (const auto* all : {&y, &dx, &dw})
    for (const float v : *all) CHECK(std::isfinite(v));
  CHECK(dx.back() == 0);
}

TEST_CASE("depthwise convolution is the same to the bit for any number of threads") {
  check_threads([] { return results<float, Cpu>({2, 33, 41, 24, 3, 5}); });
}

TEST_CASE("a trace has the depthwise convolution as one op, which stands for plain ones") {
  const Var<float, Cpu> x = random_tensor<float, Cpu>({1, 4, 5, 3}, 1),
                        w = random_tensor<float, Cpu>({3, 3, 3, 1}, 2), b = random_tensor<float, Cpu>({3}, 3);
  const auto steps = steps_of<float, Cpu>([&] { grouped_conv2d(x, w, b, 3); });
  REQUIRE(steps.size() == 1);
  CHECK(steps[0].op == "grouped_conv2d");
  const auto plain = expanded(steps);
  REQUIRE(plain.size() > 3);
  CHECK(plain.back().op == "concat");
}
