// The fast convolutions against the product over patches of EigenCpu: values and all gradients, in odd, tiny
// and large shapes.
#include "crisp/ops/conv2d.hpp"
#include "crisp/backend/cpu/eigen.hpp"
#include "crisp/ops/linear.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

enum class End { none, relu, add };

struct Case {
  Index N, H, W, C, O, kH, kW, stride, padding;
  End end = End::none;
  Index dilation = 1;
  std::string text() const {
    return str("(", N, ", ", H, ", ", W, ", ", C, ") -> ", O, ", kernel ", kH, " x ", kW, ", stride ", stride,
               ", padding ", padding, ", end ", int(end), ", dilation ", dilation);
  }
};

// y, dx, dw and db of one convolution on device D, and the gradient of what is added, if anything.
template <class T, class D>
std::vector<std::vector<T>> results(const Case& c) {
  const auto make = [](Shape shape, std::uint64_t seed) {
    return Tensor<T, D>(shape, random_tensor<T>(shape, seed).to_host());
  };
  Var<T, D> x(make({c.N, c.H, c.W, c.C}, 1), true), w(make({c.O, c.kH, c.kW, c.C}, 2), true),
      b(make({c.O}, 3), true);
  const Conv2dOptions o{.stride = c.stride, .padding = c.padding, .dilation = c.dilation};
  const auto size = [&](Index image, Index kernel) {
    return (image + 2 * c.padding - (kernel - 1) * c.dilation - 1) / c.stride + 1;
  };
  Var<T, D> other(make({c.N, size(c.H, c.kH), size(c.W, c.kW), c.O}, 5), true);
  Var<T, D> y;
  if (c.end == End::relu) y = conv2d_relu(x, w, b, o);
  else y = c.end == End::add ? conv2d_add(x, w, b, other, o) : conv2d(x, w, b, o);
  y.backward(make(y.shape(), 4));
  return {y.value().to_host(), x.grad().to_host(), w.grad().to_host(), b.grad().to_host(),
          c.end == End::add ? other.grad().to_host() : std::vector<T>()};
}

template <class T>
void check_case(const Case& c, double tolerance) {
  const auto fast = results<T, Cpu>(c), plain = results<T, EigenCpu>(c);
  const char* names[] = {"y", "dx", "dw", "db", "dother"};
  for (std::size_t i = 0; i < fast.size(); ++i) {
    INFO(names[i] << " of " << c.text());
    CHECK(relative_error(fast[i], plain[i]) < tolerance);
  }
}

}  // namespace

TEST_CASE("direct convolution equals the product over patches, gradients included") {
  Rng rng(1);
  for (int round = 0; round < 150; ++round) {
    Case c{rng.below(3) + 1,
           rng.below(40) + 1,
           rng.below(40) + 1,
           rng.below(round % 4 == 0 ? 130 : 20) + 1,
           rng.below(round % 3 == 0 ? 130 : 20) + 1,
           rng.below(7) + 1,
           rng.below(7) + 1,
           rng.below(3) + 1,
           rng.below(4),
           End(rng.below(3))};
    c.kH = std::min(c.kH, c.H + 2 * c.padding);
    c.kW = std::min(c.kW, c.W + 2 * c.padding);
    check_case<float>(c, 1e-4);
    if (round % 3 == 0) check_case<double>(c, 1e-12);
  }
}

TEST_CASE("the convolutions of SRCNN, FSRCNN and SRResNet: few inputs, few outputs, large kernels") {
  for (const Case& c :
       {Case{2, 33, 33, 1, 64, 9, 9, 1, 4}, Case{1, 33, 17, 64, 32, 1, 1, 1, 0},
        Case{2, 20, 33, 32, 1, 5, 5, 1, 2}, Case{1, 24, 31, 64, 3, 9, 9, 1, 4},
        Case{1, 9, 50, 3, 64, 9, 9, 1, 4}, Case{1, 33, 33, 1, 64, 9, 9, 1, 0},
        Case{1, 20, 20, 12, 2, 3, 3, 1, 1, End::add}, Case{1, 20, 20, 12, 1, 3, 3, 1, 1, End::relu},
        Case{1, 1, 1, 1, 1, 1, 1, 1, 0}, Case{1, 1, 300, 5, 4, 1, 1, 1, 0}, Case{1, 3, 3, 1, 1, 9, 9, 1, 4},
        Case{3, 5, 7, 60, 12, 3, 3, 1, 1}})
    check_case<float>(c, 1e-5);
}

TEST_CASE("Winograd's convolution, 3 x 3 and 5 x 5, equals the product over patches to 1e-4") {
  Rng rng(2);
  for (int round = 0; round < 60; ++round) {
    const Index k = rng.below(2) ? 3 : 5, C = 16 + rng.below(115), O = 16 + rng.below(115),
                padding = rng.below(4);
    const Case c{rng.below(3) + 1, rng.below(20) + 6, rng.below(20) + 6, C, O, k, k, 1,
                 padding,          End(rng.below(3))};
    check_case<float>(c, 1e-4);
    if (round % 6 == 0) check_case<double>(c, 1e-11);
  }
  check_case<float>({1, 40, 40, 60, 60, 3, 3, 1, 1}, 1e-4);
  check_case<float>({2, 24, 24, 64, 256, 3, 3, 1, 1}, 1e-4);
}

TEST_CASE("convolution with a dilation, on grids of every d-th pixel, equals the product over patches") {
  Rng rng(4);
  for (int round = 0; round < 60; ++round) {
    Case c{rng.below(2) + 1,
           rng.below(30) + 1,
           rng.below(30) + 1,
           rng.below(round % 4 == 0 ? 40 : 8) + 1,
           rng.below(round % 3 == 0 ? 40 : 8) + 1,
           rng.below(5) + 1,
           rng.below(5) + 1,
           rng.below(3) == 0 ? 2 : 1,
           rng.below(5),
           End(rng.below(3)),
           rng.below(3) + 2};
    c.kH = std::min(c.kH, (c.H + 2 * c.padding - 1) / c.dilation + 1);
    c.kW = std::min(c.kW, (c.W + 2 * c.padding - 1) / c.dilation + 1);
    check_case<float>(c, 1e-4);
    if (round % 3 == 0) check_case<double>(c, 1e-12);
  }
  check_case<float>({1, 24, 25, 64, 64, 3, 3, 1, 2, End::relu, 2}, 1e-4);  // Winograd's, on 4 grids
  check_case<float>({2, 33, 33, 1, 16, 9, 9, 1, 12, End::none, 3}, 1e-4);
  check_threads([] { return results<float, Cpu>({1, 24, 25, 64, 64, 3, 3, 1, 2, End::relu, 2}); });
}

TEST_CASE("linear equals the matrix product") {
  Rng rng(3);
  for (int round = 0; round < 20; ++round) {
    const Index rows = rng.below(700) + 1, K = rng.below(130) + 1, O = rng.below(200) + 1;
    check_case<float>({1, 1, rows, K, O, 1, 1, 1, 0, round % 2 ? End::none : End::add}, 1e-5);
  }
}

TEST_CASE("convolutions are the same to the bit for any number of threads") {
  for (const Case& c : {Case{2, 33, 33, 1, 64, 9, 9, 1, 4}, Case{2, 33, 33, 32, 1, 5, 5, 1, 2},
                        Case{2, 40, 24, 64, 64, 3, 3, 1, 1}, Case{1, 1, 3000, 60, 180, 1, 1, 1, 0}}) {
    INFO(c.text());
    check_threads([&] { return results<float, Cpu>(c); });
  }
}
