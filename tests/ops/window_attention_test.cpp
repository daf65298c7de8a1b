// window_attention, of windows and of an image, and its position bias: against plain loops, gradients,
// errors.
#include "crisp/ops/window_attention.hpp"
#include "crisp/testing/gradcheck.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using testing::gradcheck;
using testing::random_input;
using V = Var<double, Device>;

// The definition, for one query after the other.
static std::vector<double> plain_attention(const Tensor<double, Device>& qkv,
                                           const Tensor<double, Device>& bias,
                                           const Tensor<double, Device>& mask) {
  const Index B = qkv[0], n = qkv[1], heads = bias[0], C = qkv[2] / 3, d = C / heads;
  const auto X = qkv.to_host(), P = bias.to_host(),
             M = mask.defined() ? mask.to_host() : std::vector<double>(std::size_t(n * n));
  const Index G = mask.defined() ? mask[0] : 1;
  std::vector<double> y(std::size_t(B * n * C));
  for (Index b = 0; b < B; ++b)
    for (Index h = 0; h < heads; ++h)
      for (Index i = 0; i < n; ++i) {
        const auto at = [&](Index token, Index part, Index k) {
          return X[std::size_t((b * n + token) * 3 * C + part * C + h * d + k)];
        };
        std::vector<double> weight;
        double total = 0;
        for (Index j = 0; j < n; ++j) {
          double score = 0;
          for (Index k = 0; k < d; ++k) score += at(i, 0, k) * at(j, 1, k);
          weight.push_back(std::exp(score / std::sqrt(double(d)) + P[std::size_t((h * n + i) * n + j)] +
                                    M[std::size_t((b % G * n + i) * n + j)]));
          total += weight.back();
        }
        for (Index k = 0; k < d; ++k)
          for (Index j = 0; j < n; ++j)
            y[std::size_t((b * n + i) * C + h * d + k)] += weight[std::size_t(j)] / total * at(j, 2, k);
      }
  return y;
}

TEST_CASE("window_attention equals the definition, with and without a mask") {
  Rng rng(5);
  for (int round = 0; round < 30; ++round) {
    const Index G = rng.below(3) + 1, B = G * (rng.below(3) + 1), n = rng.below(9) + 1,
                heads = rng.below(3) + 1, d = rng.below(4) + 1;
    const auto qkv = random_tensor<double>({B, n, 3 * heads * d}, std::uint64_t(round)),
               bias = random_tensor<double>({heads, n, n}, 8);
    const auto mask = rng.below(2) ? random_tensor<double>({G, n, n}, 9) : Tensor<double, Device>();
    INFO("B " << B << " n " << n << " heads " << heads << " d " << d << " masked " << mask.defined());
    CHECK(relative_error(window_attention(V(qkv), bias, mask).value().to_host(),
                         plain_attention(qkv, bias, mask)) < 1e-12);
  }
}

TEST_CASE("window_attention: gradients of queries, keys, values and bias") {
  const auto mask = random_tensor<double>({2, 4, 4}, 3);
  CHECK(gradcheck([&](const auto& x, const auto& b) { return window_attention(x, b, mask); },
                  random_input<Device>({4, 4, 12}, 1), random_input<Device>({2, 4, 4}, 2)));
  CHECK(gradcheck([](const auto& x, const auto& b) { return window_attention(x, b); },
                  random_input<Device>({1, 3, 9}, 1), random_input<Device>({1, 3, 3}, 2)));
  CHECK(gradcheck([](const auto& x, const auto& b) { return window_attention(x, b); },
                  random_input<Device>({2, 1, 6}, 1), random_input<Device>({2, 1, 1}, 2)));
}

TEST_CASE("shifted_window_mask: pixels from opposite edges do not see each other") {
  const auto mask = shifted_window_mask<double, Device>(4, 6, 2, 1);
  CHECK(mask.shape() == Shape{6, 4, 4});
  const auto m = mask.to_host();
  const auto row = [&](int window, int query) {
    return std::vector<double>(m.begin() + window * 16 + query * 4, m.begin() + window * 16 + query * 4 + 4);
  };
  CHECK(row(0, 0) == std::vector<double>{0, 0, 0, 0});  // inside the image
  // The last column of windows: left and right do not meet.
  CHECK(row(2, 1) == std::vector<double>{-100, 0, -100, 0});
  CHECK(row(3, 0) == std::vector<double>{0, 0, -100, -100});     // the last row: above and below
  CHECK(row(5, 3) == std::vector<double>{-100, -100, -100, 0});  // the corner: four parts
}

TEST_CASE("window_attention of an image: what a pixel sees, pixel by pixel") {
  Rng rng(6);
  for (int round = 0; round < 20; ++round) {
    const Index M = rng.below(4) + 1, shift = rng.below(M), heads = rng.below(2) + 1,
                C = heads * (rng.below(3) + 1), N = 2, H = M * (rng.below(3) + 1), W = M * (rng.below(3) + 1);
    const auto qkv = random_tensor<double>({N, H, W, 3 * C}, std::uint64_t(round)),
               bias = random_tensor<double>({heads, M * M, M * M}, 8);
    // The windows put together by hand, each with a mask of its own: pixels of the window at (top, left) of
    // the rolled image.
    const auto X = qkv.to_host();
    std::vector<double> windows, mask;
    std::vector<Index> from;  // the pixel of the image
    for (Index n = 0; n < N; ++n)
      for (Index top = 0; top < H; top += M)
        for (Index left = 0; left < W; left += M) {
          std::vector<std::pair<bool, bool>> crossed;  // beyond the lower and the right edge
          for (Index i = 0; i < M * M; ++i) {
            const Index h = top + i / M + shift, w = left + i % M + shift;
            crossed.push_back({h >= H, w >= W});
            from.push_back((n * H + h % H) * W + w % W);
            windows.insert(windows.end(), X.begin() + from.back() * 3 * C,
                           X.begin() + (from.back() + 1) * 3 * C);
          }
          for (Index i = 0; i < M * M; ++i)
            for (Index j = 0; j < M * M; ++j)
              mask.push_back(crossed[std::size_t(i)] == crossed[std::size_t(j)] ? 0 : -100);
        }
    const Index B = N * (H / M) * (W / M), n = M * M;
    const auto rows = plain_attention(Tensor<double, Device>({B, n, 3 * C}, windows), bias,
                                      Tensor<double, Device>({B, n, n}, mask));
    std::vector<double> expected(rows.size());
    for (std::size_t p = 0; p < from.size(); ++p)
      std::copy_n(rows.begin() + Index(p) * C, C, expected.begin() + from[p] * C);
    INFO("windows of " << M << ", shift " << shift << ", " << H << " x " << W << ", " << heads << " heads, "
                       << C << " channels");
    CHECK(relative_error(window_attention(V(qkv), bias, Windows{M, shift}).value().to_host(), expected) <
          1e-12);
  }
}

TEST_CASE("window_attention of an image: gradients, and the ops that an exporter sees") {
  for (const Index shift : {0, 1})
    CHECK(gradcheck(
        [=](const auto& x, const auto& b) {
          return window_attention(x, b, Windows{2, shift});
        },
        random_input<Device>({2, 4, 2, 12}, 1), random_input<Device>({2, 4, 4}, 2)));
  const Var<float, Device> qkv(random_tensor<float>({1, 4, 4, 12}, 1)),
      bias(random_tensor<float>({2, 4, 4}, 2));
  std::string ops;
  Var<float, Device> y;
  const auto steps = expanded(steps_of<float, Device>([&] {
    y = window_attention(qkv, bias, Windows{2, 1});
  }));
  for (const auto& step : steps) ops += step.op + " ";
  CHECK(ops == "roll reshape permute reshape window_attention reshape permute reshape roll ");
  CHECK(window_attention(qkv, bias, Windows{2, 1}).value().to_host() == y.value().to_host());
  CHECK(steps.back().result.node() == y.node());
}

TEST_CASE("relative_position_bias: pairs at the same distance share a value") {
  const V table = random_input<Device>({9, 2}, 1);  // a window of 2 x 2
  const auto T = table.value().to_host(), b = relative_position_bias(table, 2).value().to_host();
  CHECK(b[0 * 4 + 0] == T[4 * 2]);            // distance (0, 0)
  CHECK(b[16 + 3 * 4 + 3] == T[4 * 2 + 1]);   // the same, second head
  CHECK(b[0 * 4 + 3] == T[0]);                // the key one below and one to the right: (-1, -1)
  CHECK(b[2 * 4 + 0] == T[(2 * 3 + 1) * 2]);  // the key above: (1, 0)
  CHECK(gradcheck([](const auto& t) { return relative_position_bias(t, 3); },
                  random_input<Device>({25, 3}, 2)));
  CHECK(
      gradcheck([](const auto& t) { return relative_position_bias(t, 1); }, random_input<Device>({1, 2}, 2)));
  CHECK_ERROR(relative_position_bias(table, 3), "a window of 3 x 3 needs 25 distances");
}

TEST_CASE("window_attention: what does not fit is said") {
  const V qkv = random_input<Device>({2, 4, 12}, 1);
  CHECK_ERROR(window_attention(qkv, random_input<Device>({3, 4, 4})), "must divide by 3 x 3 heads");
  CHECK_ERROR(window_attention(qkv, random_input<Device>({2, 3, 3})), "the bias fit the window");
  CHECK_ERROR(window_attention(qkv, random_input<Device>({2, 4, 4}), random_tensor<double>({3, 4, 4})),
              "the mask does not fit");

  const V image = random_input<Device>({1, 4, 6, 12}, 1);
  CHECK_ERROR(window_attention(image, random_input<Device>({2, 9, 9}), Windows{3}),
              "windows of 3 x 3 pixels, moved by 0, do not fill the image");
  CHECK_ERROR(window_attention(image, random_input<Device>({2, 4, 4}), Windows{2, 2}),
              "windows of 2 x 2 pixels, moved by 2, do not fill the image");
  CHECK_ERROR(window_attention(qkv, random_input<Device>({2, 4, 4}), Windows{2}), "do not fill the image");
  CHECK_ERROR(window_attention(image, random_input<Device>({3, 4, 4}), Windows{2}),
              "must divide by 3 x 3 heads");
  CHECK_ERROR(window_attention(image, random_input<Device>({2, 9, 9}), Windows{2}),
              "the bias fit the window");
}
