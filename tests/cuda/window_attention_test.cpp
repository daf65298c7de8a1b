// The GPU's fused window attention of an image against the composed one of PlainCuda: values and gradients,
// in small and odd shapes.
#include "window_attention_cases.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

using Case = AttentionCase;

void check_case(const Case& c) { test::check_case<Cuda, PlainCuda>(c); }

std::vector<float> floats(const Tensor<bfloat16, Cuda>& x) {
  const std::vector<bfloat16> values = x.to_host();
  return {values.begin(), values.end()};
}

// The images `unaligned` elements into their memory: y, dqkv and dbias, from the numbers that `results`
// takes, rounded.
std::vector<std::vector<float>> of_bfloat16(const Case& c, Index unaligned = 0) {
  const Shape in = c.qkv(), out{in[0], in[1], in[2], in[3] / 3};
  const auto image = [&](Shape shape, std::uint64_t seed) {
    std::vector<bfloat16> values = random_tensor<bfloat16, Cuda>(shape, seed).to_host();
    values.insert(values.begin(), std::size_t(unaligned), bfloat16(NAN));
    return Tensor<bfloat16, Cuda>({Index(values.size())}, values);
  };
  const Tensor<bfloat16, Cuda> qkv = image(in, 1), dy = image(out, 3),
                               bias = random_tensor<bfloat16, Cuda>(c.bias(), 2);
  Tensor<bfloat16, Cuda> y({out.numel() + unaligned}), dqkv({in.numel() + unaligned}), dbias(c.bias());
  const AttentionSizes sizes{in[0], in[1], in[2], out[3], c.heads, c.M, c.shift};
  CHECK(Cuda::window_attention(qkv.data() + unaligned, bias.data(), y.data() + unaligned, sizes));
  CHECK(Cuda::window_attention_gradient(qkv.data() + unaligned, bias.data(), dy.data() + unaligned,
                                        dqkv.data() + unaligned, dbias.data(), sizes));
  const auto without = [&](std::vector<float> x) {
    return std::vector<float>(x.begin() + unaligned, x.end());
  };
  return {without(floats(y)), without(floats(dqkv)), floats(dbias)};
}

// Against float numbers that began as the same bfloat16.
void check_bfloat16(const Case& c, Index unaligned = 0) {
  const auto exact = results<PlainCuda, bfloat16>(c), fast = of_bfloat16(c, unaligned);
  const std::string names[] = {"y", "dqkv", "dbias"};
  for (std::size_t i = 0; i < exact.size(); ++i) {
    INFO(names[i] << " of " << c.text());
    CHECK(relative_error(fast[i], exact[i]) < (c.M == 8 ? 8e-3 : 4e-3));
  }
}

// Whether the GPU takes one window of M x M pixels of C channels, as one head.
bool takes(Index M, Index C) {
  const Tensor<float, Cuda> qkv({1, M, M, 3 * C}, 0.f), bias({1, M * M, M * M}, 0.f);
  Tensor<float, Cuda> y({1, M, M, C});
  return Cuda::window_attention(qkv.data(), bias.data(), y.data(), AttentionSizes{1, M, M, C, 1, M, 0});
}

}  // namespace

TEST_CASE("fused window attention on the GPU equals the composed one, gradients included") {
  for (const Case& c : {Case{1, 1, 1, 1, 1, 1, 0}, Case{2, 2, 3, 3, 5, 2, 1}, Case{1, 2, 1, 2, 10, 4, 2},
                        Case{1, 1, 2, 2, 13, 3, 1}, Case{1, 2, 2, 1, 17, 5, 0}, Case{1, 2, 2, 1, 30, 3, 2}})
    check_case(c);
}

TEST_CASE("the windows of SwinIR, and more windows than chunks of the sum for the bias") {
  CHECK(takes(8, 32));
  check_case({1, 2, 1, 1, 10, 8, 4});
  check_case({1, 1, 1, 1, 30, 7, 0});
  check_case({1, 10, 13, 16, 1, 2, 1});
}

TEST_CASE(
    "on the tensor cores, windows of 8 x 8 are right to eleven bits, those that join edges too; other "
    "windows stay exact") {
  for (const Case& c : {Case{1, 2, 2, 2, 10, 8, 4}, Case{1, 1, 2, 1, 30, 8, 0}, Case{1, 1, 1, 1, 16, 8, 3},
                        Case{1, 1, 2, 2, 5, 3, 1}}) {
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
  CHECK_FALSE(takes(16, 10));
  CHECK_FALSE(takes(4, 33));
  check_case({1, 1, 1, 1, 33, 2, 1});
}

TEST_CASE("large scores do not overflow, and a NaN does not leave its window") {
  const Case c{1, 1, 2, 1, 4, 3, 0};
  for (const auto& values : results<Cuda>(c, 50))
    for (const float v : values) CHECK(std::isfinite(v));
  std::vector<float> values = random_tensor<float, Cuda>(c.qkv(), 1).to_host();
  values[0] = NAN;
  const auto y = window_attention(Var<float, Cuda>(Tensor<float, Cuda>(c.qkv(), values)),
                                  Var<float, Cuda>(random_tensor<float, Cuda>(c.bias(), 2)), Windows{3})
                     .value()
                     .to_host();
  CHECK(std::isnan(y[0]));
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t i = 12; i < 24; ++i) CHECK(std::isfinite(y[row * 24 + i]));
}

TEST_CASE("window attention of bfloat16: sums are float, and results are rounded once") {
  for (const Case& c : {Case{1, 1, 1, 1, 1, 1, 0}, Case{2, 2, 3, 3, 5, 2, 1}, Case{1, 1, 2, 2, 7, 3, 1},
                        Case{1, 2, 1, 2, 10, 4, 2}, Case{1, 1, 1, 2, 6, 7, 3}, Case{1, 2, 2, 1, 30, 3, 2},
                        Case{1, 1, 1, 1, 16, 4, 0}, Case{1, 1, 2, 1, 32, 4, 1}})
    check_bfloat16(c);
  check_bfloat16({1, 2, 2, 2, 6, 3, 1}, 1);  // not aligned to pairs
}

TEST_CASE("window attention of bfloat16 in windows of 8 x 8, on the tensor cores") {
  for (const Case& c : {Case{2, 2, 1, 2, 10, 8, 4}, Case{1, 1, 2, 1, 30, 8, 3}, Case{1, 1, 1, 2, 6, 8, 0},
                        Case{1, 1, 1, 1, 16, 8, 1}, Case{1, 1, 1, 1, 32, 8, 4}, Case{1, 1, 1, 3, 5, 8, 4},
                        Case{1, 1, 2, 1, 7, 8, 0}, Case{1, 1, 1, 1, 31, 8, 7}, Case{1, 1, 1, 1, 1, 8, 0}})
    check_bfloat16(c);
  check_bfloat16({1, 1, 1, 2, 10, 8, 4}, 1);
  check_bfloat16({1, 1, 1, 1, 16, 8, 4}, 2);  // aligned to pairs only
}

TEST_CASE("bfloat16 scores that are large do not overflow, and a NaN does not leave its window") {
  const Case c{1, 1, 2, 1, 4, 8, 0};
  const auto y = [&](float first) {
    std::vector<bfloat16> values;
    for (const float v : random_values<Cuda, float>(c.qkv(), 1, 50).to_host()) values.push_back(v);
    values[0] = first;
    Tensor<bfloat16, Cuda> y({1, 8, 16, 4});
    Cuda::window_attention(Tensor<bfloat16, Cuda>(c.qkv(), values).data(),
                           random_tensor<bfloat16, Cuda>(c.bias(), 2).data(), y.data(),
                           AttentionSizes{1, 8, 16, 4, 1, 8, 0});
    return floats(y);
  };
  for (const float v : y(1)) CHECK(std::isfinite(v));
  const std::vector<float> with_nan = y(NAN);
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::isnan(with_nan[i]));
  for (std::size_t row = 0; row < 8; ++row)
    for (std::size_t i = 32; i < 64; ++i) CHECK(std::isfinite(with_nan[row * 64 + i]));
}

TEST_CASE("window attention and its gradients are the same to the bit each time") {
  const Case c{1, 2, 2, 2, 4, 3, 1};
  CHECK(results<Cuda>(c) == results<Cuda>(c));
  const Case on_tensor_cores{1, 1, 2, 1, 10, 8, 4};
  CHECK(of_bfloat16(on_tensor_cores) == of_bfloat16(on_tensor_cores));
}
