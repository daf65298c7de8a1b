// The GPU's convolutions against the product over patches of PlainCuda: values, epilogues and gradients, in odd and tiny shapes.
#include "crisp/ops/conv2d.hpp"
#include "crisp/ops/linear.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

struct Case {
  Index N, H, W, C, O, kH, kW, stride, padding;
  std::string text() const { return str("(", N, ", ", H, ", ", W, ", ", C, ") -> ", O, ", kernel ", kH, " x ", kW, ", stride ", stride, ", padding ", padding); }
};

// y, dx, dw and db of one convolution on device D; then the same with the rectifier, and with something added.
template <class T, class D>
std::vector<std::vector<T>> results(const Case& c, bool epilogues) {
  Var<T, D> x(random_tensor<T, D>({c.N, c.H, c.W, c.C}, 1), true), w(random_tensor<T, D>({c.O, c.kH, c.kW, c.C}, 2), true), b(random_tensor<T, D>({c.O}, 3), true);
  const Conv2dOptions o{.stride = c.stride, .padding = c.padding};
  const Var<T, D> y = conv2d(x, w, b, o);
  y.backward(random_tensor<T, D>(y.shape(), 4));
  std::vector<std::vector<T>> all{y.value().to_host(), x.grad().to_host(), w.grad().to_host(), b.grad().to_host()};
  if (!epilogues) return all;
  all.push_back(conv2d_relu(x, w, b, o).value().to_host());
  all.push_back(conv2d_add(x, w, b, Operand<T, D>(Var<T, D>(random_tensor<T, D>(y.shape(), 5))), o).value().to_host());
  all.push_back(conv2d(x, w, o).value().to_host());
  return all;
}

template <class T>
void check_case(const Case& c, double tolerance, bool epilogues = false) {
  const auto fast = results<T, Cuda>(c, epilogues), plain = results<T, PlainCuda>(c, epilogues);
  const char* names[] = {"y", "dx", "dw", "db", "relu", "add", "without bias"};
  for (std::size_t i = 0; i < fast.size(); ++i) {
    INFO(names[i] << " of " << c.text());
    CHECK(relative_error(fast[i], plain[i]) < tolerance);
  }
}

// The largest error of y and the gradients with `math`, against exact products.
double error_with(Math math, const Case& c) {
  const auto exact = results<float, PlainCuda>(c, false);
  Cuda::set_math(math);
  const auto rounded = results<float, Cuda>(c, false);
  Cuda::set_math(Math::fp32);
  double error = 0;
  for (std::size_t i = 0; i < 3; ++i) error = std::max(error, relative_error(rounded[i], exact[i]));
  return error;
}

}  // namespace

TEST_CASE("implicit products equal the product over patches: few and many channels, whole and odd ones, all steps and paddings") {
  for (const Case& c : {Case{1, 1, 1, 1, 1, 1, 1, 1, 0}, Case{1, 5, 6, 1, 3, 9, 9, 1, 4}, Case{2, 7, 5, 3, 5, 3, 3, 1, 1}, Case{1, 6, 9, 5, 18, 2, 3, 2, 1},
                        Case{2, 9, 8, 8, 4, 3, 3, 1, 1}, Case{1, 13, 11, 20, 68, 3, 3, 1, 1}, Case{3, 4, 5, 4, 8, 1, 1, 1, 0}, Case{1, 3, 3, 2, 2, 5, 5, 3, 3},
                        Case{1, 12, 5, 12, 20, 3, 1, 2, 0}})
    check_case<float>(c, 1e-5, true);
}

TEST_CASE("linear layers are implicit products too, and pixels are summed in pieces") {
  check_case<float>({1, 1, 700, 20, 60, 1, 1, 1, 0}, 1e-5);
  check_case<float>({1, 1, 600, 3, 5, 1, 1, 1, 0}, 1e-5);
}

TEST_CASE("on the tensor cores: right to eleven or eight bits") {
  for (const Case& c : {Case{1, 9, 7, 12, 20, 3, 3, 1, 1}, Case{2, 6, 6, 3, 5, 3, 3, 1, 1}, Case{1, 7, 7, 16, 4, 3, 3, 2, 1}}) {
    INFO(c.text());
    CHECK(error_with(Math::tf32, c) < 2e-3);
    CHECK(error_with(Math::tf32, c) > 1e-6);
    CHECK(error_with(Math::bf16, c) < 2e-2);
    CHECK(error_with(Math::bf16, c) > 1e-4);
  }
}

TEST_CASE("doubles take the product over patches, and nothing gives nothing") {
  check_case<double>({1, 5, 4, 4, 8, 3, 3, 1, 1}, 1e-12);
  const auto y = conv2d(Var<float, Cuda>(Tensor<float, Cuda>({0, 4, 4, 4})), Var<float, Cuda>(Tensor<float, Cuda>({8, 3, 3, 4}, 1.0f)));
  CHECK(y.numel() == 0);
}

TEST_CASE("a convolution and its gradients are the same to the bit each time") {
  const Case c{2, 20, 21, 4, 8, 3, 3, 1, 1};
  CHECK(results<float, Cuda>(c, false) == results<float, Cuda>(c, false));
}
