// The GPU's convolutions against the product over patches of PlainCuda: values, epilogues and gradients, in
// odd and tiny shapes; and those of bfloat16 against float's on the same numbers.
#include "crisp/ops/conv2d.hpp"
#include "crisp/ops/linear.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

struct Case {
  Index N, H, W, C, O, kH, kW, stride, padding;
  std::string text() const {
    return str("(", N, ", ", H, ", ", W, ", ", C, ") -> ", O, ", kernel ", kH, " x ", kW, ", stride ", stride,
               ", padding ", padding);
  }
};

// y, dx, dw and db of one convolution on device D; then the same with the rectifier, and with something
// added.
template <class T, class D>
std::vector<std::vector<T>> results(const Case& c, bool epilogues) {
  Var<T, D> x(random_tensor<T, D>({c.N, c.H, c.W, c.C}, 1), true),
      w(random_tensor<T, D>({c.O, c.kH, c.kW, c.C}, 2), true), b(random_tensor<T, D>({c.O}, 3), true);
  const Conv2dOptions o{.stride = c.stride, .padding = c.padding};
  const Var<T, D> y = conv2d(x, w, b, o);
  y.backward(random_tensor<T, D>(y.shape(), 4));
  std::vector<std::vector<T>> all{y.value().to_host(), x.grad().to_host(), w.grad().to_host(),
                                  b.grad().to_host()};
  if (!epilogues) return all;
  all.push_back(conv2d_relu(x, w, b, o).value().to_host());
  all.push_back(
      conv2d_add(x, w, b, Operand<T, D>(Var<T, D>(random_tensor<T, D>(y.shape(), 5))), o).value().to_host());
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

ConvSizes sizes(const Case& c) {
  const Index OH = (c.H + 2 * c.padding - c.kH) / c.stride + 1,
              OW = (c.W + 2 * c.padding - c.kW) / c.stride + 1;
  return {c.N, c.H, c.W, c.C, c.O, c.kH, c.kW, c.stride, c.padding, c.padding, OH, OW};
}

// n random numbers of bfloat16 that begin `offset` numbers after an aligned address, and the same as floats.
struct Numbers {
  Index offset;
  Tensor<bfloat16, Cuda> all;
  Tensor<float, PlainCuda> floats;

  Numbers(Shape shape, std::uint64_t seed, Index offset = 0)
      : offset(offset), all(random_tensor<bfloat16, Cuda>({offset + shape.numel()}, seed)) {
    const std::vector<bfloat16> values = all.to_host();
    floats = Tensor<float, PlainCuda>(shape, std::vector<float>(values.begin() + offset, values.end()));
  }
  const bfloat16* data() const { return all.data() + offset; }
};

// Whether a is b rounded once, but for the order of the sums.
bool rounded_once(const std::vector<bfloat16>& a, const std::vector<float>& b) {
  float largest = 0;
  for (const float v : b) largest = std::max(largest, std::abs(v));
  for (std::size_t i = 0; i < b.size(); ++i)
    if (!(std::abs(float(a[i]) - b[i]) <= std::abs(b[i]) / 256 + 1e-5f * largest)) return false;
  return a.size() == b.size();
}

// The convolution, with and without its epilogues, and the gradient of the weights; with offset, addresses
// are multiples of 2 bytes only.
void check_bfloat16(const Case& c, Index offset = 0) {
  INFO(c.text() << ", offset " << offset);
  const ConvSizes s = sizes(c);
  const Shape y_shape{s.N, s.OH, s.OW, s.O}, w_shape{s.O, s.kH, s.kW, s.C};
  const Numbers x({s.N, s.H, s.W, s.C}, 1, offset), w(w_shape, 2, offset), b({s.O}, 3, offset),
      plus(y_shape, 4, offset);
  for (int form = 0; form < 4; ++form) {
    const bool bias = form > 0, sum = form > 1, relu = form > 2;
    Tensor<bfloat16, Cuda> y({offset + s.pixels() * s.O}, bfloat16(NAN));
    CHECK(Cuda::conv2d(x.data(), w.data(), bias ? b.data() : nullptr, y.data() + offset, s,
                       ConvEpilogue<bfloat16>{sum ? plus.data() : nullptr, relu}));
    const auto expected = detail::convolve(x.floats, w.floats, bias ? b.floats : Tensor<float, PlainCuda>(),
                                           s, {sum ? plus.floats.data() : nullptr, relu});
    std::vector<bfloat16> values = y.to_host();
    values.erase(values.begin(), values.begin() + offset);
    INFO("form " << form);
    CHECK(rounded_once(values, expected.to_host()));
  }
  Tensor<bfloat16, Cuda> dw(w_shape, bfloat16(NAN));
  CHECK(Cuda::conv2d_weight_gradient(x.data(), plus.data(), dw.data(), s));
  CHECK(rounded_once(dw.to_host(), detail::conv2d_weight_gradient(x.floats, plus.floats, s).to_host()));
}

}  // namespace

TEST_CASE(
    "implicit products equal the product over patches: few and many channels, whole and odd ones, all steps "
    "and paddings") {
  for (const Case& c :
       {Case{1, 1, 1, 1, 1, 1, 1, 1, 0}, Case{1, 5, 6, 1, 3, 9, 9, 1, 4}, Case{2, 7, 5, 3, 5, 3, 3, 1, 1},
        Case{1, 6, 9, 5, 18, 2, 3, 2, 1}, Case{2, 9, 8, 8, 4, 3, 3, 1, 1},
        Case{1, 13, 11, 20, 68, 3, 3, 1, 1}, Case{3, 4, 5, 4, 8, 1, 1, 1, 0}, Case{1, 3, 3, 2, 2, 5, 5, 3, 3},
        Case{1, 12, 5, 12, 20, 3, 1, 2, 0}})
    check_case<float>(c, 1e-5, true);
}

TEST_CASE("linear layers are implicit products too, and pixels are summed in chunks") {
  check_case<float>({1, 1, 700, 20, 60, 1, 1, 1, 0}, 1e-5);
  check_case<float>({1, 1, 600, 3, 5, 1, 1, 1, 0}, 1e-5);
}

TEST_CASE("on the tensor cores: right to eleven or eight bits") {
  for (const Case& c : {Case{1, 9, 7, 12, 20, 3, 3, 1, 1}, Case{2, 6, 6, 3, 5, 3, 3, 1, 1},
                        Case{1, 7, 7, 16, 4, 3, 3, 2, 1}}) {
    INFO(c.text());
    CHECK(error_with(Math::tf32, c) < 2e-3);
    CHECK(error_with(Math::tf32, c) > 1e-6);
    CHECK(error_with(Math::bf16, c) < 2e-2);
    CHECK(error_with(Math::bf16, c) > 1e-4);
  }
}

TEST_CASE("doubles take the product over patches, and nothing gives nothing") {
  check_case<double>({1, 5, 4, 4, 8, 3, 3, 1, 1}, 1e-12);
  const auto y = conv2d(Var<float, Cuda>(Tensor<float, Cuda>({0, 4, 4, 4})),
                        Var<float, Cuda>(Tensor<float, Cuda>({8, 3, 3, 4}, 1.0f)));
  CHECK(y.numel() == 0);
}

TEST_CASE("a convolution and its gradients are the same to the bit each time") {
  const Case c{2, 20, 21, 4, 8, 3, 3, 1, 1};
  CHECK(results<float, Cuda>(c, false) == results<float, Cuda>(c, false));
}

TEST_CASE(
    "bfloat16: sums are float's, and rounded once: copies of 8, 4, 2 and 1 numbers, few and many outputs, "
    "odd ones, all steps and paddings") {
  for (const Case& c :
       {Case{1, 1, 1, 1, 1, 1, 1, 1, 0}, Case{1, 5, 6, 1, 64, 9, 9, 1, 4}, Case{2, 7, 5, 3, 5, 3, 3, 1, 1},
        Case{1, 6, 9, 5, 18, 2, 3, 2, 1}, Case{2, 9, 8, 8, 4, 3, 3, 1, 1}, Case{1, 9, 7, 64, 64, 3, 3, 1, 1},
        Case{1, 6, 6, 64, 3, 3, 3, 1, 1}, Case{1, 5, 5, 3, 64, 3, 3, 1, 1}, Case{1, 6, 5, 60, 60, 3, 3, 1, 1},
        Case{1, 5, 5, 6, 6, 3, 3, 1, 1}, Case{1, 5, 5, 10, 30, 3, 3, 1, 1}, Case{1, 3, 3, 2, 2, 5, 5, 3, 3},
        Case{1, 12, 5, 24, 33, 3, 1, 2, 0}, Case{3, 4, 5, 16, 72, 1, 1, 1, 0}})
    check_bfloat16(c);
  Rng rng(5);
  for (int i = 0; i < 12; ++i) {
    const auto from = [&](Index low, Index high) {
      return low + Index(rng.below(std::uint64_t(high - low + 1)));
    };
    const Case c{from(1, 2), from(3, 9), from(3, 9), from(1, 20), from(1, 70),
                 from(1, 3), from(1, 3), from(1, 3), from(0, 2)};
    check_bfloat16(c);
  }
}

TEST_CASE("bfloat16: linear layers, pixels summed in chunks, and addresses that are aligned to nothing") {
  check_bfloat16({1, 1, 700, 60, 180, 1, 1, 1, 0});
  check_bfloat16({1, 1, 600, 3, 5, 1, 1, 1, 0});
  check_bfloat16({1, 7, 6, 16, 24, 3, 3, 1, 1}, 1);
  check_bfloat16({1, 7, 6, 16, 8, 3, 3, 1, 1}, 2);
}

TEST_CASE("bfloat16: the same to the bit each time, and with any math of floats; NaN stays") {
  const ConvSizes s = sizes({1, 6, 6, 8, 20, 3, 3, 1, 1});
  const Numbers x({1, 6, 6, 8}, 1), w({20, 3, 3, 8}, 2);
  const auto bits = [&](const bfloat16* from) {
    Tensor<bfloat16, Cuda> y({s.pixels() * s.O}), dw({s.O * s.taps()});
    Cuda::conv2d(from, w.data(), static_cast<const bfloat16*>(nullptr), y.data(), s,
                 ConvEpilogue<bfloat16>{nullptr, true});
    Cuda::conv2d_weight_gradient(from, y.data(), dw.data(), s);
    std::vector<std::uint16_t> all;
    for (const auto& values : {y.to_host(), dw.to_host()})
      for (const bfloat16 v : values) all.push_back(v.bits);
    return all;
  };
  const auto once = bits(x.data());
  Cuda::set_math(Math::tf32);
  const auto again = bits(x.data());
  Cuda::set_math(Math::fp32);
  CHECK(once == again);

  std::vector<bfloat16> values = x.all.to_host();
  values[0] = NAN;
  const Tensor<bfloat16, Cuda> broken({1, 6, 6, 8}, values);
  const auto y = bits(broken.data());
  for (Index pixel = 0; pixel < 36; ++pixel)
    for (Index o = 0; o < 20; ++o) {
      const float v = std::bit_cast<float>(std::uint32_t(y[std::size_t(pixel * 20 + o)]) << 16);
      // The pixels whose kernel meets it, through the rectifier.
      CHECK((v != v) == (pixel / 6 < 2 && pixel % 6 < 2));
    }
}
