// Arithmetic, activations, losses, reductions, reshape, concat: golden values, gradients, errors.
#include "crisp/ops/arithmetic.hpp"
#include "crisp/ops/concat.hpp"
#include "crisp/ops/leaky_relu.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/ops/relu.hpp"
#include "crisp/ops/reshape.hpp"
#include "crisp/ops/sigmoid.hpp"
#include "crisp/ops/tanh.hpp"
#include "crisp/testing/gradcheck.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using testing::gradcheck;
using testing::random_input;
using V = Var<double, Device>;

static const Shape shapes[] = {{}, {1}, {7}, {1, 1, 1, 1}, {2, 3}, {1, 5, 3, 2}, {3, 1, 7, 5}};

TEST_CASE("activations: values and gradients in every shape") {
  const V x = Tensor<double, Device>({4}, {-2.0, -0.5, 0.5, 3.0});
  CHECK(relu(x).value().to_host() == std::vector<double>{0, 0, 0.5, 3});
  CHECK(leaky_relu(x, 0.1).value().to_host() == std::vector<double>{-0.2, -0.05, 0.5, 3});
  CHECK(sigmoid(x).value().to_host()[3] == doctest::Approx(0.9525741268224334));
  CHECK(tanh(x).value().to_host()[0] == doctest::Approx(-0.9640275800758169));
  CHECK(std::isnan(relu(V(Tensor<double, Device>({1}, NAN))).item()));
  for (const Shape& s : shapes) {
    CHECK(gradcheck([](const auto& v) { return relu(v); }, random_input<Device>(s, 1)));
    CHECK(gradcheck([](const auto& v) { return leaky_relu(v, 0.2); }, random_input<Device>(s, 2)));
    CHECK(gradcheck([](const auto& v) { return sigmoid(v); }, random_input<Device>(s, 3)));
    CHECK(gradcheck([](const auto& v) { return tanh(v); }, random_input<Device>(s, 4)));
  }
}

TEST_CASE("arithmetic repeats the trailing axes, on either side") {
  const V x = Tensor<double, Device>({2, 3}, {1, 2, 3, 4, 5, 6}),
          b = Tensor<double, Device>({3}, {10, 20, 30});
  CHECK((x + b).value().to_host() == std::vector<double>{11, 22, 33, 14, 25, 36});
  CHECK((b - x).value().to_host() == std::vector<double>{9, 18, 27, 6, 15, 24});
  CHECK((x * V(Tensor<double, Device>(Shape{}, 2.0))).value().to_host() ==
        std::vector<double>{2, 4, 6, 8, 10, 12});
  CHECK((1.0 - x / 2.0).value().to_host()[5] == -2);
  CHECK((-x + 1.0).value().to_host()[0] == 0);
  CHECK_ERROR(x + V(Tensor<double, Device>({2}, 1.0)), "neither agree, nor can one be repeated");
}

TEST_CASE("arithmetic: gradients, repeated or not, also where both operands are one value") {
  const auto positive = [](Shape s, int seed) {
    V v = random_input<Device>(s, std::uint64_t(seed));
    auto h = v.value().to_host();
    for (double& e : h) e = 0.5 + std::abs(e);
    v.value() = Tensor<double, Device>(s, h);
    return v;
  };
  const std::pair<Shape, Shape> pairs[] = {{{2, 3}, {2, 3}},
                                           {{1, 2, 3, 4}, {4}},
                                           {{4}, {1, 2, 3, 4}},
                                           {{2, 3, 4}, {3, 4}},
                                           {{5, 1}, {1}},
                                           {{3, 2}, {}},
                                           {{}, {}},
                                           {{slow_device ? 30 : 600, 3}, {3}}};
  for (const auto& [s, t] : pairs) {
    CHECK(gradcheck([](const auto& a, const auto& b) { return a + b; }, positive(s, 1), positive(t, 2)));
    CHECK(gradcheck([](const auto& a, const auto& b) { return a - b; }, positive(s, 1), positive(t, 2)));
    CHECK(gradcheck([](const auto& a, const auto& b) { return a * b; }, positive(s, 1), positive(t, 2)));
    CHECK(gradcheck([](const auto& a, const auto& b) { return a / b; }, positive(s, 1), positive(t, 2)));
  }
  CHECK(gradcheck([](const auto& a) { return a * a + a / a - a + 3.0 * a - 1.0; }, positive({3, 5}, 3)));
}

TEST_CASE("losses: values and gradients of both sides") {
  const V x = Tensor<double, Device>({2, 2}, {1, 2, 3, 4}), t = Tensor<double, Device>({2, 2}, {1, 0, 5, 4});
  CHECK(mse_loss(x, t).item() == 2);
  CHECK(l1_loss(x, t).item() == 1);
  CHECK(charbonnier_loss(x, t, 1e-3).item() == doctest::Approx(1.0005).epsilon(1e-6));
  for (const Shape& s : shapes) {
    const V a = random_input<Device>(s, 1), b = random_input<Device>(s, 2);
    CHECK(gradcheck([](const auto& p, const auto& q) { return mse_loss(p, q); }, a, b));
    CHECK(gradcheck([](const auto& p, const auto& q) { return l1_loss(p, q); }, a, b));
    CHECK(gradcheck([](const auto& p, const auto& q) { return charbonnier_loss(p, q, 0.1); }, a, b));
    CHECK(gradcheck([](const auto& p) { return mse_loss(p, p * 0.5); }, a));
  }
  CHECK_ERROR(mse_loss(x, V(Tensor<double, Device>({4}, 0.0))),
              "the prediction and the target differ in shape");
  CHECK_ERROR(charbonnier_loss(x, t, 0), "epsilon must be above 0, not 0");
  CHECK_ERROR(mse_loss(V(Tensor<double, Device>({0})), V(Tensor<double, Device>({0}))), "no elements");
}

TEST_CASE("reductions over everything and over every axis") {
  const V x = Tensor<double, Device>({2, 3}, {1, 5, 3, 4, 2, 6});
  CHECK(sum(x).item() == 21);
  CHECK(mean(x).item() == 3.5);
  CHECK(sum(x, 0).value().to_host() == std::vector<double>{5, 7, 9});
  CHECK(relative_error(mean(x, 1).value().to_host(), {3, 4}) < 1e-14);
  CHECK(max(x, -1).value().to_host() == std::vector<double>{5, 6});
  CHECK(max(x, -1).shape() == Shape{2});
  for (const Shape& s : shapes) {
    const V v = random_input<Device>(s, 5);
    CHECK(gradcheck([](const auto& a) { return sum(a); }, v));
    CHECK(gradcheck([](const auto& a) { return mean(a * a); }, v));
    for (int axis = -s.rank(); axis < s.rank(); ++axis) {
      CHECK(gradcheck([&](const auto& a) { return sum(a, axis); }, v));
      CHECK(gradcheck([&](const auto& a) { return mean(a, axis); }, v));
      CHECK(gradcheck([&](const auto& a) { return max(a, axis); }, v));
    }
  }
  CHECK(sum(V(Tensor<double, Device>({3, 1500}, 1.0))).item() == 4500);
  CHECK_ERROR(sum(x, 2), "axis 2 was asked of a value with 2 axes");
  CHECK_ERROR(mean(V(Tensor<double, Device>({0}))), "the input has no elements");
  CHECK_ERROR(max(V(Tensor<double, Device>({2, 0})), 1), "axis 1 has no elements");
}

TEST_CASE("reshape and concat") {
  const V a = random_input<Device>({2, 3, 2}, 1), b = random_input<Device>({2, 1, 2}, 2);
  CHECK(gradcheck([](const auto& x) { return reshape(x, {3, 4}) * reshape(x, {3, 4}); }, a));
  CHECK(gradcheck([](const auto& x, const auto& y) { return concat<double, Device>({x, y, x}, 1); }, a, b));
  for (int axis : {0, 1, 2, -1, -2, -3})
    CHECK(gradcheck([&](const auto& x) { return concat<double, Device>({x, x * 2.0}, axis); }, a));
  const V joined = concat<double, Device>(
      {Tensor<double, Device>({2, 1}, {1, 2}), Tensor<double, Device>({2, 2}, {3, 4, 5, 6})});
  CHECK(joined.value().to_host() == std::vector<double>{1, 3, 4, 2, 5, 6});
  CHECK_ERROR(reshape(a, {5}), "(2, 3, 2) holds 12 elements, but (5,) needs 5");
  CHECK_ERROR((concat<double, Device>({a, b}, 0)), "all axes but axis 0 must agree");
  CHECK_ERROR((concat<double, Device>({})), "nothing to join");
  CHECK_ERROR((concat<double, Device>({a}, 3)), "axis 3 was asked of values with 3 axes");
}
