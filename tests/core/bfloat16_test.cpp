// bfloat16: its rounding against the definition, its arithmetic, sums and products of it.
#include <cmath>

#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

template <class T>
struct Read {
  const T* x;
  Index cols;
  CRISP_HD T operator()(Index row, Index col) const { return x[row * cols + col]; }
};

// x rounded to 8 bits of precision, to nearest and ties to even, by arithmetic instead of bits.
float rounded(float x) {
  if (x == 0 || !std::isfinite(x)) return x;
  const int exponent = std::max(std::ilogb(x), -126);
  return float(std::ldexp(std::nearbyint(std::ldexp(double(x), 7 - exponent)), exponent - 7));
}

}  // namespace

TEST_CASE("a float becomes the nearest bfloat16, of two equally near the even one") {
  Rng rng(1);
  for (int i = 0; i < 2000; ++i) {
    const float x = float(rng.normal() * std::exp(rng.uniform(-80, 80)));
    CHECK(float(bfloat16(x)) == rounded(x));
  }
  CHECK(float(bfloat16(1 + 1.0f / 256)) == 1);               // halfway between 1 and 1 + 1 / 128
  CHECK(float(bfloat16(1 + 3.0f / 256)) == 1 + 2.0f / 128);  // halfway, the even one above
  CHECK(float(bfloat16(1e-40f)) == rounded(1e-40f));         // too small for a full mantissa
  CHECK(std::isinf(float(bfloat16(3.4e38f))));               // beyond the largest
  CHECK(std::isinf(float(bfloat16(INFINITY))));
  CHECK(std::isnan(float(bfloat16(NAN))));
  CHECK(std::signbit(float(bfloat16(-0.0f))));
}

TEST_CASE("arithmetic of bfloat16 is that of float, rounded where it is stored") {
  const bfloat16 a = 3, b = 0.1;
  CHECK(a * b == 3 * float(b));
  static_assert(std::same_as<decltype(a * b), float>);
  bfloat16 c = a;
  c += b;
  CHECK(float(c) == rounded(3 + float(b)));
  c /= 3;
  CHECK(float(c) == rounded(rounded(3 + float(b)) / 3));
}

TEST_CASE("a row of bfloat16 is summed as float") {
  const Index cols = slow_device ? 700 : 3000;
  const Tensor<bfloat16, Device> x({3, cols}, bfloat16(1));  // in bfloat16 such a sum would end at 256
  Tensor<bfloat16, Device> y(Shape{3});
  Device::row_reduce<Sum>(3, cols, Read<bfloat16>{x.data(), cols}, y.data());
  for (const bfloat16 sum : y.to_host()) CHECK(float(sum) == rounded(float(cols)));
}

TEST_CASE("a product of bfloat16 is summed as float") {
  for (const bool t : {false, true}) {
    const Index m = 37, n = 21, k = 130;
    const auto a = random_tensor<bfloat16>({m, k}, 1), b = random_tensor<bfloat16>({k, n}, 2);
    Tensor<bfloat16, Device> c({m, n}, bfloat16(1));
    Tensor<float, Device> exact({m, n}, 1.0f);
    const auto af = a.to<float>(), bf = b.to<float>();
    Device::gemm(Gemm<bfloat16>{.m = m,
                                .n = n,
                                .k = k,
                                .a = a.data(),
                                .b = b.data(),
                                .c = c.data(),
                                .a_transposed = t,
                                .b_transposed = !t,
                                .beta = 1});
    Device::gemm(Gemm<float>{.m = m,
                             .n = n,
                             .k = k,
                             .a = af.data(),
                             .b = bf.data(),
                             .c = exact.data(),
                             .a_transposed = t,
                             .b_transposed = !t,
                             .beta = 1});
    CHECK(relative_error(c.to<float>().to_host(), exact.to_host()) < 4e-3);
  }
}
