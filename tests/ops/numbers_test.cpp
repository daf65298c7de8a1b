// exp, log, sqrt, abs, pow, clamp, 1 / x, repetition, cross-entropy, argmax, group norm: values, gradients,
// errors.
#include "crisp/nn/group_norm.hpp"
#include "crisp/ops/abs.hpp"
#include "crisp/ops/argmax.hpp"
#include "crisp/ops/clamp.hpp"
#include "crisp/ops/cross_entropy.hpp"
#include "crisp/ops/exp.hpp"
#include "crisp/ops/log.hpp"
#include "crisp/ops/pow.hpp"
#include "crisp/ops/softmax.hpp"
#include "crisp/ops/tensor_arithmetic.hpp"
#include "crisp/testing/gradcheck.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using testing::gradcheck;
using testing::random_input;
using V = Var<double, Device>;

namespace {

V values(const Shape& shape, const std::vector<double>& v) { return Tensor<double, Device>(shape, v); }
std::vector<double> host(const V& x) { return x.value().to_host(); }

// Random numbers from 0.5 on, where all of these ops are smooth.
V positive(const Shape& shape, std::uint64_t seed) {
  V v = random_input<Device>(shape, seed);
  std::vector<double> h = host(v);
  for (double& e : h) e = 0.5 + std::abs(e);
  v.value() = Tensor<double, Device>(shape, h);
  return v;
}

}  // namespace

TEST_CASE("exp, log, sqrt, abs, pow, clamp and 1 / x: values") {
  const V x = values({4}, {0.25, 1, 4, 9});
  CHECK(host(sqrt(x)) == std::vector<double>{0.5, 1, 2, 3});
  CHECK(relative_error(host(log(exp(x))), host(x)) < 1e-14);
  CHECK(host(exp(values({1}, {1})))[0] == doctest::Approx(2.718281828459045));
  CHECK(host(pow(x, 2)) == std::vector<double>{0.0625, 1, 16, 81});
  CHECK(host(pow(values({2}, {-2, 3}), 3)) == std::vector<double>{-8, 27});
  CHECK(host(1.0 / x) == std::vector<double>{4, 1, 0.25, 1.0 / 9});
  const V mixed = values({4}, {-2, -0.5, 0, 3});
  CHECK(host(abs(mixed)) == std::vector<double>{2, 0.5, 0, 3});
  CHECK(host(clamp(mixed, -1, 1)) == std::vector<double>{-1, -0.5, 0, 1});
  for (const auto& y : {log(values({1}, {-1})), sqrt(values({1}, {-1})), clamp(values({1}, {NAN}), 0, 1)})
    CHECK(std::isnan(y.item()));
  CHECK(host(log(values({1}, {0})))[0] == -INFINITY);
  CHECK_ERROR(clamp(x, 2, 1), "clamp: the lower bound 2 is above the upper one, 1");
}

TEST_CASE("exp, log, sqrt, abs, pow, clamp and 1 / x: gradients in every shape") {
  for (const Shape& s : {Shape{}, Shape{1}, Shape{7}, Shape{2, 3}, Shape{1, 5, 3, 2}, Shape{3, 1, 7, 5}}) {
    const V any = random_input<Device>(s, 1), above = positive(s, 2);
    CHECK(gradcheck([](const auto& x) { return exp(x); }, any));
    CHECK(gradcheck([](const auto& x) { return abs(x); }, any));
    CHECK(gradcheck([](const auto& x) { return clamp(x, -0.31, 0.77); }, any));
    CHECK(gradcheck([](const auto& x) { return log(x); }, above));
    CHECK(gradcheck([](const auto& x) { return sqrt(x); }, above));
    CHECK(gradcheck([](const auto& x) { return pow(x, -1.7) + pow(x, 0) + pow(x, 1); }, above));
    CHECK(gradcheck([](const auto& x) { return 2.5 / x; }, above));
    CHECK(gradcheck([](const auto& x) { return exp(x) * x; }, any));  // exp must leave x as it is
  }
}

TEST_CASE("axes of one element are repeated, on either side or on both; the gradient is summed") {
  const V x = values({2, 1, 2}, {1, 2, 3, 4}), b = values({3, 1}, {10, 20, 30});
  CHECK(host(x + b) == std::vector<double>{11, 12, 21, 22, 31, 32, 13, 14, 23, 24, 33, 34});
  CHECK((x + b).shape() == Shape{2, 3, 2});
  CHECK(host(expand(values({2}, {1, 2}), {2, 2})) == std::vector<double>{1, 2, 1, 2});
  const std::pair<Shape, Shape> pairs[] = {{{2, 3, 4, 5}, {2, 1, 1, 5}},
                                           {{2, 1, 1, 5}, {2, 3, 4, 5}},
                                           {{2, 3, 4, 5}, {2, 3, 4, 1}},
                                           {{1, 3, 1, 2}, {4, 1, 5, 1}},
                                           {{3, 1}, {2, 1, 4}},
                                           {{1, 1}, {2, 3}},
                                           {{2, 2, 2, 2, 2, 2}, {2, 1, 2, 1, 2, 1}}};
  for (const auto& [s, t] : pairs) {
    INFO(s << " and " << t);
    CHECK(gradcheck([](const auto& a, const auto& c) { return a + c; }, positive(s, 1), positive(t, 2)));
    CHECK(gradcheck([](const auto& a, const auto& c) { return a - c; }, positive(s, 1), positive(t, 2)));
    CHECK(gradcheck([](const auto& a, const auto& c) { return a * c; }, positive(s, 1), positive(t, 2)));
    CHECK(gradcheck([](const auto& a, const auto& c) { return a / c; }, positive(s, 1), positive(t, 2)));
  }
  CHECK_ERROR(x + values({4, 1, 2}, std::vector<double>(8)), "nor can one be repeated to the other");
  CHECK(expand(values({1}, {7}), {0, 2}).shape() == Shape{0, 2});
  CHECK(gradcheck([](const auto& a, const auto& c) { return a + c; }, positive({1}, 1), positive({3, 0}, 2)));
  CHECK_ERROR(expand(x, {2, 2}), "expand: each axis must be that of the result, or 1");
}

TEST_CASE("arithmetic may begin with a tensor, and leaves its operands as they are") {
  const Tensor<double, Device> a({2}, {1, 2}), b({2}, {4, 8});
  const V x = V(b, true);
  CHECK((a + b).to_host() == std::vector<double>{5, 10});
  CHECK((a - b).to_host() == std::vector<double>{-3, -6});
  CHECK((a * b / a).to_host() == std::vector<double>{4, 8});
  CHECK((2.0 * a - 1.0 + a / 2.0 + 1.0 / b).to_host() == std::vector<double>{1.75, 4.125});
  const V y = a + x, z = a - x, product = a * x, part = a / x;
  CHECK(host(y) == std::vector<double>{5, 10});
  CHECK(host(z) == std::vector<double>{-3, -6});
  CHECK(host(part) == std::vector<double>{0.25, 0.25});
  sum(product).backward();
  CHECK(x.grad().to_host() == std::vector<double>{1, 2});
  CHECK(a.to_host() == std::vector<double>{1, 2});
  CHECK(b.to_host() == std::vector<double>{4, 8});
}

TEST_CASE("cross-entropy is -log softmax at the label, for logits of any size; argmax") {
  const V logits = random_input<Device>({2, 3, 4}, 3);
  const V labels = values({2, 3}, {0, 3, 1, 2, 2, 0});
  double expected = 0;
  const std::vector<double> p = host(softmax(logits)), label = host(labels);
  for (std::size_t i = 0; i < 6; ++i) expected -= std::log(p[4 * i + std::size_t(label[i])]) / 6;
  CHECK(cross_entropy_loss(logits, labels).item() == doctest::Approx(expected).epsilon(1e-12));
  CHECK(gradcheck([&](const auto& x) { return cross_entropy_loss(x, labels); }, logits));
  CHECK(cross_entropy_loss(values({1, 2}, {1000, -1000}), values({1}, {1})).item() == 2000);
  CHECK_ERROR(cross_entropy_loss(logits, values({3}, {0, 1, 2})), "each row of logits needs one label");
  for (const double wrong : {4.0, -1.0, 0.5, double(NAN)}) {
    const V one = values({2, 3}, {0, 3, wrong, 2, 2, 0});
    if constexpr (HasSynchronize<Device>) CHECK(std::isnan(cross_entropy_loss(logits, one).item()));
    else CHECK_ERROR(cross_entropy_loss(logits, one), "label 2 (from 0) is");
  }
  const V x = values({2, 3}, {1, 5, 5, 4, 2, 0});
  CHECK(argmax(x.value(), -1).to_host() == std::vector<double>{1, 0});
  CHECK(argmax(x.value(), 0).to_host() == std::vector<double>{1, 0, 0});
  CHECK_ERROR(argmax(x.value(), 2), "argmax: axis 2 was asked of a value with 2 axes");
}

TEST_CASE("group norm against plain loops; instance norm is one channel a group") {
  const Index N = 2, P = 3 * 4, C = 6;
  const V x = random_input<Device>({N, 3, 4, C}, 5);
  const std::vector<double> in = host(x);
  for (const Index groups : {1, 2, 3, 6}) {
    nn::GroupNorm<double, Device> norm(groups, C);
    std::vector<double> expected(in.size());
    const Index each = C / groups;
    for (Index n = 0; n < N; ++n)
      for (Index g = 0; g < groups; ++g) {
        const auto over = [&](const auto& f) {
          double sum = 0;
          for (Index p = 0; p < P; ++p)
            for (Index c = g * each; c < (g + 1) * each; ++c) sum += f(std::size_t((n * P + p) * C + c));
          return sum / double(P * each);
        };
        const double m = over([&](std::size_t i) { return in[i]; });
        const double v = over([&](std::size_t i) { return (in[i] - m) * (in[i] - m); });
        over([&](std::size_t i) { return expected[i] = (in[i] - m) / std::sqrt(v + 1e-5); });
      }
    CHECK(relative_error(host(norm(x)), expected) < 1e-12);
    CHECK(gradcheck([&](const auto& v) { return norm(v); }, x));
  }
  nn::InstanceNorm2d<double, Device> instance(C);
  CHECK(host(instance(x)) == host(nn::GroupNorm<double, Device>(C, C)(x)));
  CHECK(nn::parameter_count(instance).trained == 2 * C);
  CHECK_ERROR((nn::GroupNorm<double, Device>(4, 6)), "GroupNorm: 4 groups do not divide 6 channels");
  CHECK_ERROR(instance(random_input<Device>({1, 2, 2, 5}, 1)), "GroupNorm: 6 channels were expected");
}
