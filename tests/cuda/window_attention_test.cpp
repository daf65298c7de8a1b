// The GPU's fused window attention of an image against the composed one of PlainCuda: values and gradients, in small and odd shapes.
#include "window_attention_cases.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

using Case = AttentionCase;

void check_case(const Case& c) { test::check_case<Cuda, PlainCuda>(c); }

}  // namespace

TEST_CASE("fused window attention on the GPU equals the composed one, gradients included") {
  for (const Case& c : {Case{1, 1, 1, 1, 1, 1, 0}, Case{2, 2, 3, 3, 5, 2, 1}, Case{1, 2, 1, 2, 10, 4, 2}, Case{1, 1, 2, 2, 13, 3, 1}, Case{1, 2, 2, 1, 17, 5, 0},
                        Case{1, 2, 2, 1, 30, 3, 2}})
    check_case(c);
}

TEST_CASE("the windows of SwinIR, and more windows than pieces of the sum for the bias") {
  CHECK(Cuda::window_attention_fits(64, 32));
  check_case({1, 2, 1, 1, 10, 8, 4});
  check_case({1, 1, 1, 1, 30, 7, 0});
  check_case({1, 10, 13, 16, 1, 2, 1});
}

TEST_CASE("on the tensor cores, windows of 8 x 8 are right to eleven bits, those that join edges too; other windows stay exact") {
  for (const Case& c : {Case{1, 2, 2, 2, 10, 8, 4}, Case{1, 1, 2, 1, 30, 8, 0}, Case{1, 1, 1, 1, 16, 8, 3}, Case{1, 1, 2, 2, 5, 3, 1}}) {
    const auto exact = results<PlainCuda>(c);
    Cuda::set_math(Math::tf32);
    const auto rounded = results<Cuda>(c);
    Cuda::set_math(Math::fp32);
    for (std::size_t i = 0; i < exact.size(); ++i) {
      INFO("result " << i << " of " << c.text());
      CHECK(relative_error(rounded[i], exact[i]) < (c.M == 8 ? 3e-3 : 1e-5));
      if (c.M == 8) CHECK(relative_error(rounded[i], exact[i]) > 1e-6);
    }
  }
}

TEST_CASE("windows that do not fit into the shared memory of a GPU are composed") {
  CHECK_FALSE(Cuda::window_attention_fits(256, 10));
  CHECK_FALSE(Cuda::window_attention_fits(16, 33));
  check_case({1, 1, 1, 1, 33, 2, 1});
}

TEST_CASE("large scores do not overflow, and a NaN does not leave its window") {
  const Case c{1, 1, 2, 1, 4, 3, 0};
  for (const auto& values : results<Cuda>(c, 50))
    for (const float v : values) CHECK(std::isfinite(v));
  std::vector<float> values = random_tensor<float, Cuda>(c.qkv(), 1).to_host();
  values[0] = NAN;
  const auto y = window_attention(Var<float, Cuda>(Tensor<float, Cuda>(c.qkv(), values)), Var<float, Cuda>(random_tensor<float, Cuda>(c.bias(), 2)), Windows{3}).value().to_host();
  CHECK(std::isnan(y[0]));
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t i = 12; i < 24; ++i) CHECK(std::isfinite(y[row * 24 + i]));
}

TEST_CASE("window attention and its gradients are the same to the bit each time") {
  const Case c{1, 2, 2, 2, 4, 3, 1};
  CHECK(results<Cuda>(c) == results<Cuda>(c));
}
