// window_attention and its position bias: against plain loops, gradients, errors.
#include "crisp/ops/window_attention.hpp"
#include "crisp/testing/gradcheck.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using testing::gradcheck;
using testing::random_input;
using V = Var<double, Cpu>;

// The definition, for one query after the other.
static std::vector<double> plain_attention(const Tensor<double, Cpu>& qkv, const Tensor<double, Cpu>& bias, const Tensor<double, Cpu>& mask) {
  const Index B = qkv[0], n = qkv[1], heads = bias[0], C = qkv[2] / 3, d = C / heads;
  const auto X = qkv.to_host(), P = bias.to_host(), M = mask.defined() ? mask.to_host() : std::vector<double>(std::size_t(n * n));
  const Index G = mask.defined() ? mask[0] : 1;
  std::vector<double> y(std::size_t(B * n * C));
  for (Index b = 0; b < B; ++b)
    for (Index h = 0; h < heads; ++h)
      for (Index i = 0; i < n; ++i) {
        const auto at = [&](Index token, Index part, Index k) { return X[std::size_t((b * n + token) * 3 * C + part * C + h * d + k)]; };
        std::vector<double> weight;
        double total = 0;
        for (Index j = 0; j < n; ++j) {
          double score = 0;
          for (Index k = 0; k < d; ++k) score += at(i, 0, k) * at(j, 1, k);
          weight.push_back(std::exp(score / std::sqrt(double(d)) + P[std::size_t((h * n + i) * n + j)] + M[std::size_t((b % G * n + i) * n + j)]));
          total += weight.back();
        }
        for (Index k = 0; k < d; ++k)
          for (Index j = 0; j < n; ++j) y[std::size_t((b * n + i) * C + h * d + k)] += weight[std::size_t(j)] / total * at(j, 2, k);
      }
  return y;
}

TEST_CASE("window_attention equals the definition, with and without a mask") {
  Rng rng(5);
  for (int round = 0; round < 30; ++round) {
    const Index G = rng.below(3) + 1, B = G * (rng.below(3) + 1), n = rng.below(9) + 1, heads = rng.below(3) + 1, d = rng.below(4) + 1;
    const auto qkv = random_tensor<double>({B, n, 3 * heads * d}, std::uint64_t(round)), bias = random_tensor<double>({heads, n, n}, 8);
    const auto mask = rng.below(2) ? random_tensor<double>({G, n, n}, 9) : Tensor<double, Cpu>();
    INFO("B " << B << " n " << n << " heads " << heads << " d " << d << " masked " << mask.defined());
    CHECK(relative_error(window_attention(V(qkv), bias, mask).value().to_host(), plain_attention(qkv, bias, mask)) < 1e-12);
  }
}

TEST_CASE("window_attention: gradients of queries, keys, values and bias") {
  const auto mask = random_tensor<double>({2, 4, 4}, 3);
  CHECK(gradcheck([&](const auto& x, const auto& b) { return window_attention(x, b, mask); }, random_input<Cpu>({4, 4, 12}, 1), random_input<Cpu>({2, 4, 4}, 2)));
  CHECK(gradcheck([](const auto& x, const auto& b) { return window_attention(x, b); }, random_input<Cpu>({1, 3, 9}, 1), random_input<Cpu>({1, 3, 3}, 2)));
  CHECK(gradcheck([](const auto& x, const auto& b) { return window_attention(x, b); }, random_input<Cpu>({2, 1, 6}, 1), random_input<Cpu>({2, 1, 1}, 2)));
}

TEST_CASE("relative_position_bias: pairs at the same distance share a value") {
  const V table = random_input<Cpu>({9, 2}, 1);  // a window of 2 x 2
  const auto T = table.value().to_host(), b = relative_position_bias(table, 2).value().to_host();
  CHECK(b[0 * 4 + 0] == T[4 * 2]);                  // distance (0, 0)
  CHECK(b[16 + 3 * 4 + 3] == T[4 * 2 + 1]);         // the same, second head
  CHECK(b[0 * 4 + 3] == T[0]);                      // the key one below and one to the right: (-1, -1)
  CHECK(b[2 * 4 + 0] == T[(2 * 3 + 1) * 2]);        // the key above: (1, 0)
  CHECK(gradcheck([](const auto& t) { return relative_position_bias(t, 3); }, random_input<Cpu>({25, 3}, 2)));
  CHECK(gradcheck([](const auto& t) { return relative_position_bias(t, 1); }, random_input<Cpu>({1, 2}, 2)));
  CHECK_ERROR(relative_position_bias(table, 3), "a window of 3 x 3 needs 25 distances");
}

TEST_CASE("window_attention: what does not fit is said") {
  const V qkv = random_input<Cpu>({2, 4, 12}, 1);
  CHECK_ERROR(window_attention(qkv, random_input<Cpu>({3, 4, 4})), "must divide by 3 x 3 heads");
  CHECK_ERROR(window_attention(qkv, random_input<Cpu>({2, 3, 3})), "the bias fit the window");
  CHECK_ERROR(window_attention(qkv, random_input<Cpu>({2, 4, 4}), random_tensor<double>({3, 4, 4})), "the mask does not fit");
}
