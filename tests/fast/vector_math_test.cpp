// exp and the normal distribution on vectors, against std:: in double over the whole range of floats; and
// gelu, which is made of them.
#include "crisp/backend/cpu/simd/vector_math.hpp"
#include "crisp/backend/cpu/eigen.hpp"
#include "crisp/ops/arithmetic.hpp"
#include "crisp/ops/gelu.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using cpu::Floats;

namespace {

constexpr int W = cpu::width<float>;
constexpr float infinity = std::numeric_limits<float>::infinity();

// f of a single float, by way of all lanes.
template <class F>
float one(F f, float x) {
  const Floats y = f(cpu::broadcast(x));
  float values[W];
  cpu::store(values, y);
  for (const float v : values) CHECK((v == values[0] || v != v));
  return values[0];
}

// The largest error of f on [from, to] in units in the last place of the exact result, at least those of the
// smallest normal float.
template <class F, class Exact>
double worst_units(F f, Exact exact, double from, double to) {
  double worst = 0;
  constexpr int steps = 400000;
  for (int i = 0; i < steps; i += W) {
    float x[W], y[W];
    for (int k = 0; k < W; ++k) x[k] = float(from + (to - from) * (i + k) / steps);
    cpu::store(y, f(cpu::load(x)));
    for (int k = 0; k < W; ++k) {
      const double expected = exact(double(x[k])),
                   unit = std::ldexp(1.0, std::max(std::ilogb(expected), -126) - 23);
      worst = std::max(worst, std::abs(double(y[k]) - expected) / unit);
    }
  }
  return worst;
}

const auto vector_exp = [](const Floats& x) { return cpu::exp(x); };
const auto below = [](const Floats& x) { return cpu::normal(x).below; };
const auto exact_exp = [](double x) { return std::exp(x); };
const auto exact_below = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };

}  // namespace

TEST_CASE("exp: 2 units in the last place over its whole range, subnormal results included") {
  for (const auto& range :
       {std::pair{-104.0, 88.7}, {-1.0, 1.0}, {-1e-3, 1e-3}, {-104.0, -87.0}, {87.0, 88.72}}) {
    INFO("from " << range.first << " to " << range.second);
    CHECK(worst_units(vector_exp, exact_exp, range.first, range.second) < 2);
  }
  CHECK(one(vector_exp, 0) == 1);
  CHECK(one(vector_exp, -0.0f) == 1);
}

TEST_CASE("exp: overflow, underflow, infinity and NaN") {
  for (const float x : {88.73f, 89.0f, 100.0f, 1e30f, infinity}) CHECK(one(vector_exp, x) == infinity);
  for (const float x : {-104.0f, -150.0f, -1e30f, -infinity}) CHECK(one(vector_exp, x) == 0);
  for (const float x : {std::nanf(""), -std::nanf(""), std::nanf("77")})
    CHECK(std::isnan(one(vector_exp, x)));
  CHECK(one(vector_exp, -103.0f) > 0);
}

TEST_CASE("exp_of_negative: as exp down to -87, and tiny below") {
  const auto f = [](const Floats& x) { return cpu::exp_of_negative(x); };
  CHECK(worst_units(f, exact_exp, -87, 0) < 2);
  CHECK(one(f, 0) == 1);
  for (const float x : {-87.0f, -88.0f, -1e30f, -infinity}) {
    CHECK(one(f, x) > 0);
    CHECK(one(f, x) < 2e-38f);
  }
  for (const float x : {std::nanf(""), -std::nanf(""), std::nanf("77")}) CHECK(std::isnan(one(f, x)));
}

TEST_CASE("the normal distribution: to 1e-7, and where it is tiny relative to itself") {
  double worst = 0;
  for (int i = -130000; i <= 130000; ++i) {
    const float x = float(i) * 1e-4f;
    float y[W];
    cpu::store(y, below(cpu::broadcast(x)));
    worst = std::max(worst, std::abs(double(y[0]) - exact_below(double(x))));
  }
  INFO("the largest error: " << worst);
  CHECK(worst < 1e-7);
  CHECK(worst_units(below, exact_below, -13, 0) < 1e-5 * std::ldexp(1.0, 24));
  CHECK(one(below, 13) == 1);
  CHECK(std::isnan(one(below, std::nanf(""))));
  CHECK(one([](const Floats& x) { return cpu::normal(x).bell; }, 1) == doctest::Approx(std::exp(-0.5)));
}

TEST_CASE("sums_of: one sum for each vector, in its lane") {
  Floats x[W];
  float sums[W];
  for (int i = 0; i < W; ++i)
    for (int k = 0; k < W; ++k) x[i][k] = float(i * 100 + k * k);
  cpu::store(sums, cpu::sums_of<float>(x));
  for (int i = 0; i < W; ++i) CHECK(sums[i] == float(W * i * 100 + (W - 1) * W * (2 * W - 1) / 6));
}

TEST_CASE("gelu: the fast value and gradient equal the plain ones, for every size, and where x is reused") {
  Rng rng(1);
  for (int round = 0; round < 40; ++round) {
    const Index n = round < 35 ? round : rng.below(50000);
    const auto x = random_tensor<float>({n}, 1).to_host(), g = random_tensor<float>({n}, 2).to_host();
    const auto results = [&]<class D>(D, bool temporary) {
      const Var<float, D> leaf(Tensor<float, D>({n}, x), true);
      const Var<float, D> y = temporary ? gelu(leaf * 3.0) : gelu(leaf);
      y.backward(Tensor<float, D>({n}, g));
      CHECK(leaf.value().to_host() == x);
      return std::pair{y.value().to_host(), leaf.grad().to_host()};
    };
    for (const bool temporary : {false, true}) {
      const auto fast = results(Cpu{}, temporary), plain = results(EigenCpu{}, temporary);
      INFO("n " << n << " temporary " << temporary);
      CHECK(relative_error(fast.first, plain.first) < 1e-6);
      CHECK(relative_error(fast.second, plain.second) < 1e-6);
      const Var<float, Cpu> again(Tensor<float, Cpu>({n}, x));
      CHECK(no_grad([&] { return temporary ? gelu(again * 3.0) : gelu(again); }).value().to_host() ==
            fast.first);
    }
  }
  const Var<float, Cpu> extreme(Tensor<float, Cpu>({6}, {infinity, 1e38f, 20, -20, -1e38f, std::nanf("")}),
                                true),
      z = gelu(extreme);
  z.backward(Tensor<float, Cpu>({6}, 1.0f));
  const auto y = z.value().to_host(), slope = extreme.grad().to_host();
  for (const std::size_t i : {0, 1, 2}) CHECK((y[i] == extreme.value().to_host()[i] && slope[i] == 1));
  for (const std::size_t i : {3, 4}) CHECK((std::abs(y[i]) < 1e-35f && std::abs(slope[i]) < 1e-35f));
  CHECK((std::isnan(y[5]) && std::isnan(slope[5])));
}

TEST_CASE("gelu is the same to the bit for any number of threads") {
  const auto result = [] {
    const Var<float, Cpu> x(random_tensor<float>({50001}, 1), true);
    const Var<float, Cpu> y = gelu(x);
    y.backward(random_tensor<float>({50001}, 2));
    return std::pair{y.value().to_host(), x.grad().to_host()};
  };
  check_threads(result);
}
