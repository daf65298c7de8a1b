// Normalisation, activations, pixel shuffle, sums of rows and steps of optimizers on the GPU: the fast form
// against PlainCuda.
#include "crisp/nn/batch_norm2d.hpp"
#include "crisp/nn/conv2d.hpp"
#include "crisp/ops/gelu.hpp"
#include "crisp/ops/layer_norm.hpp"
#include "crisp/ops/pixel_shuffle.hpp"
#include "crisp/ops/prelu.hpp"
#include "crisp/ops/reduce.hpp"
#include "crisp/ops/softmax.hpp"
#include "crisp/optim/adam.hpp"
#include "crisp/optim/sgd.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

template <class T, class D>
Var<T, D> leaf(Shape shape, std::uint64_t seed, T scale = 1, T shift = 0) {
  std::vector<T> values = random_tensor<T, D>(shape, seed).to_host();
  for (T& v : values) v = v * scale + shift;
  return Var<T, D>(Tensor<T, D>(shape, values), true);
}

// f(inputs...): its value, and the gradient of each input.
template <class T, class D, class F, class... V>
std::vector<std::vector<T>> results(F f, const V&... inputs) {
  const Var<T, D> y = f(inputs...);
  y.backward(leaf<T, D>(y.shape(), 77).value());
  std::vector<std::vector<T>> all{y.value().to_host()};
  (all.push_back(inputs.grad().to_host()), ...);
  return all;
}

template <class T>
void check_equal(const std::vector<std::vector<T>>& fast, const std::vector<std::vector<T>>& plain,
                 double tolerance = 1e-5) {
  REQUIRE(fast.size() == plain.size());
  for (std::size_t i = 0; i < fast.size(); ++i) {
    INFO("result " << i);
    CHECK(relative_error(fast[i], plain[i]) < tolerance);
  }
}

template <class T, class D>
auto layer_normed(Index rows, Index C, T offset) {
  return results<T, D>([](const auto& x, const auto& w, const auto& b) { return layer_norm(x, w, b, 1e-3); },
                       leaf<T, D>({rows, C}, 1, 1, offset), leaf<T, D>({C}, 2), leaf<T, D>({C}, 3));
}

template <class D>
auto batch_normed(Index rows, Index C, bool of_batch) {
  const auto norm = [=](const auto& x, const auto& w, const auto& b) {
    const ChannelStatistics<float, D> s =
        of_batch ? channel_statistics(x.value())
                 : ChannelStatistics<float, D>{leaf<float, D>({C}, 5).value(),
                                               leaf<float, D>({C}, 6, 0.1f, 1).value()};
    return batch_norm(x, w, b, s, of_batch, 1e-3);
  };
  return results<float, D>(norm, leaf<float, D>({rows, C}, 1, 1, 3), leaf<float, D>({C}, 2),
                           leaf<float, D>({C}, 3));
}

template <class D>
auto prelued(Index rows, Index C, Index slopes) {
  return results<float, D>([](const auto& x, const auto& slope) { return prelu(x, slope); },
                           leaf<float, D>({rows, C}, 1), leaf<float, D>({slopes}, 2, 0.1f, 0.3f));
}

template <class T, class D>
std::vector<T> sums(Index rows, Index C) {
  return detail::sum_rows<T, D>(leaf<T, D>({rows, C}, 1).value().data(), rows, C).to_host();
}

template <class T, class D>
struct Net {
  nn::Conv2d<T, D> a{2, 3, 3}, b{3, 5, 1};
  std::vector<nn::Conv2d<T, D>> many;
  Var<T, D> operator()(const Var<T, D>& x) const {
    Var<T, D> y = b(a(x));
    for (const auto& conv : many) y = conv(y);
    return y;
  }
  CRISP_PARAMS(a, b, many)
};

// All weights after a few steps.
template <class D, class MakeOptimizer>
std::vector<std::vector<float>> trained(MakeOptimizer make) {
  seed(3);
  Net<float, D> net;
  for (int i = 0; i < 34; ++i) net.many.emplace_back(5, 5, 1);  // more weights than one launch takes
  auto optimizer = make(net);
  for (int step = 0; step < 2; ++step) {
    mean(net(leaf<float, D>({1, 3, 3, 2}, 1))).backward();
    optimizer.step();
  }
  std::vector<std::vector<float>> all;
  net.each_param([&](const std::string&, auto& p) {
    all.push_back(p.value().to_host());
    CHECK_FALSE(p.grad().defined());
  });
  return all;
}

}  // namespace

TEST_CASE("layer_norm on the GPU: rows shorter and longer than a warp, gradients included") {
  for (const Index C : {1, 2, 31, 32, 33, 60, 180}) {
    check_equal(layer_normed<float, Cuda>(11, C, 0), layer_normed<float, PlainCuda>(11, C, 0));
    check_equal(layer_normed<double, Cuda>(5, C, 0), layer_normed<double, PlainCuda>(5, C, 0), 1e-12);
  }
  check_equal(layer_normed<float, Cuda>(300, 5, 0), layer_normed<float, PlainCuda>(300, 5, 0));
  check_equal(layer_normed<float, Cuda>(20, 60, 1000), layer_normed<float, PlainCuda>(20, 60, 1000), 1e-3);
  check_equal(layer_normed<float, Cuda>(3, 800, 0),
              layer_normed<float, PlainCuda>(3, 800, 0));  // more channels than it has room for
}

TEST_CASE(
    "softmax on the GPU: rows shorter and longer than a warp, large values, a NaN in its row alone; "
    "gradients included") {
  const auto run = []<class T, class D>(T, D, Index rows, Index n, T scale) {
    return results<T, D>([](const auto& x) { return softmax(x); }, leaf<T, D>({rows, n}, 1, scale));
  };
  for (const Index n : {1, 2, 31, 32, 33, 64, 200}) {
    // A gradient is a difference of numbers of about 1, and may itself be nothing but their rounding: so
    // errors are absolute here.
    const auto fast = run(0.0, Cuda{}, 3, n, 300.0), plain = run(0.0, PlainCuda{}, 3, n, 300.0);
    for (std::size_t i = 0; i < fast.size(); ++i)
      for (std::size_t j = 0; j < fast[i].size(); ++j) CHECK(std::abs(fast[i][j] - plain[i][j]) < 1e-12);
    if (n > 1) check_equal(run(0.0f, Cuda{}, 19, n, 1.0f), run(0.0f, PlainCuda{}, 19, n, 1.0f));
  }
  std::vector<float> values = random_tensor<float, Cuda>({3, 40}, 1).to_host();
  values[45] = NAN;
  const std::vector<float> y =
      softmax(Var<float, Cuda>(Tensor<float, Cuda>({3, 40}, values))).value().to_host();
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(std::isnan(y[i]) == (i / 40 == 1));
}

TEST_CASE("batch_norm and prelu on the GPU, gradients included") {
  for (const bool of_batch : {false, true}) {
    check_equal(batch_normed<Cuda>(7, 1, of_batch), batch_normed<PlainCuda>(7, 1, of_batch));
    check_equal(batch_normed<Cuda>(700, 35, of_batch), batch_normed<PlainCuda>(700, 35, of_batch), 2e-5);
  }
  check_equal(prelued<Cuda>(90, 6, 6), prelued<PlainCuda>(90, 6, 6));
  check_equal(prelued<Cuda>(90, 6, 1), prelued<PlainCuda>(90, 6, 1));
}

TEST_CASE("sums of rows on the GPU, in one chunk and in several, and of nothing") {
  for (const auto& size : {std::pair<Index, Index>{1, 1}, {5, 3}, {1000, 3}, {2500, 1}, {300, 70}, {0, 4}}) {
    const Index rows = size.first, C = size.second;
    INFO(rows << " rows of " << C);
    CHECK(relative_error(sums<float, Cuda>(rows, C), sums<float, PlainCuda>(rows, C)) < 1e-5);
    CHECK(relative_error(sums<double, Cuda>(rows, C), sums<double, PlainCuda>(rows, C)) < 1e-13);
  }
}

TEST_CASE("gelu, pixel_shuffle and signs as bits on the GPU") {
  const auto gelus = [](const auto& x) { return gelu(x); };
  check_equal(results<float, Cuda>(gelus, leaf<float, Cuda>({777}, 1, 3)),
              results<float, PlainCuda>(gelus, leaf<float, PlainCuda>({777}, 1, 3)));
  for (const Index r : {1, 2, 3}) {
    const auto there = [=](const auto& x) { return pixel_shuffle(x, r); };
    const auto back = [=](const auto& x) { return pixel_unshuffle(x * 1.0, r); };  // in place
    const Shape small{2, 3, 5, r * r * 3}, large{2, 3 * r, 5 * r, 3};
    CHECK(results<float, Cuda>(there, leaf<float, Cuda>(small, 1)) ==
          results<float, PlainCuda>(there, leaf<float, PlainCuda>(small, 1)));
    CHECK(results<float, Cuda>(back, leaf<float, Cuda>(large, 1)) ==
          results<float, PlainCuda>(back, leaf<float, PlainCuda>(large, 1)));
  }
  for (const Index n : {1, 32, 33, 700})
    CHECK(detail::positive_bits(leaf<float, Cuda>({n}, 1).value()).to_host() ==
          detail::positive_bits(leaf<float, PlainCuda>({n}, 1).value()).to_host());
}

TEST_CASE("optimizers move all weights in few launches, as one by one") {
  const auto adam = [](auto& net) { return optim::Adam(net, {.lr = 1e-2, .weight_decay = 0.1}); };
  const auto sgd = [](auto& net) { return optim::Sgd(net, {.lr = 1e-2, .momentum = 0.9}); };
  check_equal(trained<Cuda>(adam), trained<PlainCuda>(adam),
              1e-3);  // the first steps are about lr long for the smallest gradient too
  check_equal(trained<Cuda>(sgd), trained<PlainCuda>(sgd),
              1e-4);  // 36 layers one after another multiply the rounding of each
}
