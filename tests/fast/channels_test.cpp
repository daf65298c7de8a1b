// Batch normalisation, PReLU, pixel shuffle, and sums of rows: the fast form against EigenCpu, values and
// gradients.
#include "crisp/backend/cpu/eigen.hpp"
#include "crisp/nn/batch_norm2d.hpp"
#include "crisp/ops/pixel_shuffle.hpp"
#include "crisp/ops/prelu.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

// The same numbers for every T.
template <class D, class T = float>
Var<T, D> leaf(Shape shape, std::uint64_t seed, float scale = 1, float shift = 0) {
  std::vector<float> values = random_tensor<float>(shape, seed).to_host();
  for (float& v : values) v = v * scale + shift;
  return Var<T, D>(Tensor<T, D>(shape, std::vector<T>(values.begin(), values.end())), true);
}

template <class T, class D>
std::vector<float> floats(const Tensor<T, D>& x) {
  const std::vector<T> values = x.to_host();
  return {values.begin(), values.end()};
}

// f(inputs...) on device D: its value, and the gradient of each input.
template <class D, class T = float, class F, class... V>
std::vector<std::vector<float>> results(F f, const V&... inputs) {
  const Var<T, D> y = f(inputs...);
  y.backward(leaf<D, T>(y.shape(), 77).value());
  std::vector<std::vector<float>> all{floats(y.value())};
  (all.push_back(floats(inputs.grad())), ...);
  return all;
}

void check_equal(const std::vector<std::vector<float>>& fast, const std::vector<std::vector<float>>& plain) {
  REQUIRE(fast.size() == plain.size());
  for (std::size_t i = 0; i < fast.size(); ++i) {
    INFO("result " << i);
    CHECK(relative_error(fast[i], plain[i]) < 2e-5);
  }
}

template <class D>
auto normalised(Index N, Index H, Index W, Index C, bool of_batch) {
  const auto norm = [=](const auto& x, const auto& w, const auto& b) {
    const ChannelStatistics<float, D> s =
        of_batch ? channel_statistics(x.value())
                 : ChannelStatistics<float, D>{leaf<D>({C}, 5).value(), leaf<D>({C}, 6, 0.1f, 1).value()};
    return batch_norm(x, w, b, s, of_batch);
  };
  return results<D>(norm, leaf<D>({N, H, W, C}, 1, 0.5f, 3), leaf<D>({C}, 2), leaf<D>({C}, 3));
}

template <class D, class T = float>
auto with_prelu(Index rows, Index C, bool shared, float shift) {
  return results<D, T>([](const auto& x, const auto& s) { return prelu(x * 1.0, s); },
                       leaf<D, T>({rows, C}, 1), leaf<D, T>({shared ? 1 : C}, 2, 0.05f, shift));
}

}  // namespace

TEST_CASE("batch normalisation, with the statistics of the batch and with given ones") {
  Rng rng(1);
  for (int round = 0; round < 30; ++round) {
    const Index N = rng.below(3) + 1, H = rng.below(30) + 2, W = rng.below(30) + 1, C = rng.below(130) + 1;
    INFO(N << " " << H << " " << W << " " << C);
    check_equal(normalised<Cpu>(N, H, W, C, true), normalised<EigenCpu>(N, H, W, C, true));
    check_equal(normalised<Cpu>(N, H, W, C, false), normalised<EigenCpu>(N, H, W, C, false));
  }
  check_threads([] { return normalised<Cpu>(3, 40, 37, 60, true); });
}

TEST_CASE("the variance keeps its digits far from zero") {
  std::vector<float> values;
  for (int i = 0; i < 100000; ++i) values.push_back(i % 2 ? 1000.5f : 999.5f);
  const auto s = channel_statistics(Tensor<float, Cpu>({100000, 1}, values));
  CHECK(std::abs(s.mean.item() - 1000) < 1e-3);
  CHECK(std::abs(s.variance.item() - 0.25f) < 1e-5);
}

TEST_CASE("PReLU: one slope or one each, positive, where y takes the place of x, and negative") {
  Rng rng(2);
  for (int round = 0; round < 40; ++round) {
    const Index rows = rng.below(900) + 1, C = rng.below(130) + 1;
    const bool shared = rng.below(2);
    for (const float shift : {0.3f, 0.0f, -0.3f}) {
      INFO(rows << " " << C << " shared " << shared << " shift " << shift);
      check_equal(with_prelu<Cpu>(rows, C, shared, shift),
                  with_prelu<EigenCpu, double>(rows, C, shared, shift));
    }
  }
  check_threads([] { return with_prelu<Cpu>(5000, 33, false, 0.3f); });
}

TEST_CASE("pixel shuffle and its inverse") {
  Rng rng(3);
  for (int round = 0; round < 30; ++round) {
    const Index N = rng.below(3) + 1, H = rng.below(20) + 1, W = rng.below(20) + 1, C = rng.below(70) + 1,
                r = rng.below(4) + 1;
    const auto shuffle = [=](const auto& x) { return pixel_shuffle(x, r); };
    const auto unshuffle = [=](const auto& x) { return pixel_unshuffle(x, r); };
    CHECK(results<Cpu>(shuffle, leaf<Cpu>({N, H, W, C * r * r}, 1)) ==
          results<EigenCpu>(shuffle, leaf<EigenCpu>({N, H, W, C * r * r}, 1)));
    CHECK(results<Cpu>(unshuffle, leaf<Cpu>({N, H * r, W * r, C}, 1)) ==
          results<EigenCpu>(unshuffle, leaf<EigenCpu>({N, H * r, W * r, C}, 1)));
  }
}
