// The fused window attention of an image against the composed one of EigenCpu: values and gradients, in many
// shapes; and threads.
#include "crisp/backend/cpu/eigen.hpp"
#include "crisp/nn/swin_block.hpp"
#include "window_attention_cases.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

using Case = AttentionCase;

void check_case(const Case& c) { test::check_case<Cpu, EigenCpu>(c); }

}  // namespace

TEST_CASE("fused window attention equals the composed one, gradients included") {
  Rng rng(1);
  for (int round = 0; round < 150; ++round) {
    const Index M = rng.below(9) + 1;
    check_case({rng.below(2) + 1, rng.below(3) + 1, rng.below(3) + 1, rng.below(6) + 1, rng.below(20) + 1, M,
                round % 3 == 0 ? 0 : rng.below(M)});
  }
}

TEST_CASE("the attention of SwinIR: 6 heads of 10 and of 30 channels, windows of 8 and of 7") {
  for (const Index shift : {0, 4}) {
    check_case({2, 3, 4, 6, 10, 8, shift});
    check_case({1, 2, 2, 6, 30, 8, shift});
    check_case({1, 2, 3, 6, 30, 7, shift * 3 / 4});
  }
  check_case({1, 9, 9, 2, 3, 2, 1});    // more windows than chunks of the sum for the bias
  check_case({1, 1, 2, 1, 40, 12, 5});  // several strips of queries, wider than two vectors
  check_case({1, 1, 1, 1, 1, 1, 0});
}

TEST_CASE("large scores do not overflow, NaN spreads within its window alone") {
  Case c{1, 2, 2, 2, 4, 3, 0};
  std::vector<float> values(std::size_t(c.qkv().numel()));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = float(i % 7) * 300 - 900;  // scores up to 1e6, without rounding
  const auto run = [&](auto device) {
    using D = decltype(device);
    return window_attention(Var<float, D>(Tensor<float, D>(c.qkv(), values)),
                            Tensor<float, D>(c.bias(), 0.0f), Windows{c.M})
        .value()
        .to_host();
  };
  CHECK(relative_error(run(Cpu{}), run(EigenCpu{})) < 1e-5);
  values[0] = std::nanf("");
  const auto fast = run(Cpu{}), plain = run(EigenCpu{});
  for (std::size_t i = 0; i < fast.size(); ++i) CHECK(std::isnan(fast[i]) == std::isnan(plain[i]));
}

TEST_CASE("gradients add to what is there, and one of the two inputs may need none") {
  const Case c{1, 2, 1, 2, 5, 4, 1};
  const auto both = results<Cpu>(c);
  for (const bool learn_bias : {false, true}) {
    const Var<float, Cpu> qkv(random_tensor<float, Cpu>(c.qkv(), 1), !learn_bias),
        bias(random_tensor<float, Cpu>(c.bias(), 2), learn_bias);
    const Var<float, Cpu>& learns = learn_bias ? bias : qkv;
    const auto before = random_tensor<float>(learns.shape(), 5).to_host();
    learns.add_grad(Tensor<float, Cpu>(learns.shape(), before));
    window_attention(qkv, bias, Windows{c.M, c.shift}).backward(random_tensor<float, Cpu>({1, 8, 4, 10}, 3));
    auto expected = both[learn_bias ? 2 : 1];
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += before[i];
    CHECK(relative_error(learns.grad().to_host(), expected) < 1e-6);
    CHECK(!(learn_bias ? qkv : bias).grad().defined());
  }
}

TEST_CASE("the fused attention is the same to the bit for any number of threads") {
  for (const Case& c : {Case{2, 4, 4, 6, 10, 8, 4}, Case{1, 3, 5, 2, 7, 5, 2}}) {
    INFO(c.text());
    check_threads([&] { return results<Cpu>(c); });
  }
}

TEST_CASE("a Swin layer at once, whose inner values nobody keeps, equals the composed one to the bit") {
  const auto check_layer = [](Index N, Index high, Index across, nn::SwinBlockOptions o) {
    seed(3);
    nn::SwinBlock<float, Cpu> block(o);
    block.each_param(
        [&](const std::string&, auto& p) { p.value().copy_(random_tensor<float>(p.shape(), 5)); }, "");
    const Var<float, Cpu> x(random_tensor<float>({N, high * o.window, across * o.window, o.channels}, 1));
    INFO(N << " images of " << high << " x " << across << " windows of " << o.window << ", " << o.heads
           << " heads, " << o.channels << " channels, shift " << o.shift);
    const std::vector<float> composed = block(x).value().to_host(),
                             at_once = no_grad([&] { return block(x); }).value().to_host();
    CHECK(at_once == composed);
    check_threads([&] { return no_grad([&] { return block(x); }).value().to_host(); });
  };
  for (const Index shift : {0, 4}) check_layer(2, 3, 2, {.channels = 60, .heads = 6, .shift = shift});
  check_layer(1, 1, 3, {.channels = 180, .heads = 6, .window = 7, .shift = 3});
  check_layer(1, 2, 2, {.channels = 33, .heads = 3, .window = 3, .shift = 1, .mlp_ratio = 4});
  check_layer(1, 2, 1, {.channels = 16, .heads = 2, .window = 1});
  check_layer(
      2, 2, 2,
      {.channels = 6, .heads = 2, .window = 4, .shift = 2});  // fewer channels than a vector: composed

  const nn::SwinBlock<float, Cpu> block({.channels = 32, .heads = 2});
  CHECK_ERROR(no_grad([&] {
                return block(Tensor<float, Cpu>({1, 8, 8, 30}));
              }),
              "SwinBlock: the image has 30 channels, but the layer expects 32");
  CHECK_ERROR(no_grad([&] {
                return block(Tensor<float, Cpu>({1, 8, 9, 32}));
              }),
              "windows of 8 x 8 pixels, moved by 0, do not fill the image");
}
