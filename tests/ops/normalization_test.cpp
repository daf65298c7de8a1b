// gelu, prelu, softmax, layer_norm, batch_norm, dropout, bce: values, gradients, errors; batch_norm against
// plain loops.
#include "crisp/ops/batch_norm.hpp"
#include "crisp/ops/bce_loss.hpp"
#include "crisp/ops/dropout.hpp"
#include "crisp/ops/gelu.hpp"
#include "crisp/ops/layer_norm.hpp"
#include "crisp/ops/prelu.hpp"
#include "crisp/ops/softmax.hpp"
#include "crisp/testing/gradcheck.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using testing::gradcheck;
using testing::random_input;
using V = Var<double, Device>;

static const Shape shapes[] = {{1}, {7}, {1, 1, 1, 1}, {2, 3}, {1, 5, 3, 2}, {3, 1, 7, 5}};

TEST_CASE("gelu and bce_with_logits_loss: values of PyTorch, gradients, large values") {
  const V x = Tensor<double, Device>({3}, {-1.0, 0.0, 2.0});
  CHECK(gelu(x).value().to_host()[0] == doctest::Approx(-0.15865525393145707));
  CHECK(gelu(x).value().to_host()[2] == doctest::Approx(1.9544997361036416));
  CHECK(bce_with_logits_loss(x, 1).item() ==
        doctest::Approx((1.3132616875 + 0.6931471806 + 0.1269280110) / 3));
  CHECK(bce_with_logits_loss(V(Tensor<double, Device>({2}, 1000.0)), 0).item() == 1000);
  CHECK(bce_with_logits_loss(V(Tensor<double, Device>({2}, -1000.0)), 0).item() == 0);
  for (const Shape& s : shapes) {
    CHECK(gradcheck([](const auto& v) { return gelu(v); }, random_input<Device>(s, 1)));
    CHECK(gradcheck([](const auto& v) { return bce_with_logits_loss(v, 0.3); }, random_input<Device>(s, 1)));
  }
  CHECK_ERROR(bce_with_logits_loss(x, 2), "must lie in 0..1, not 2");
}

TEST_CASE("prelu: one slope or one a channel") {
  const V x = Tensor<double, Device>({2, 2}, {-1, -2, 3, -4}), each = Tensor<double, Device>({2}, {0.1, 0.5});
  CHECK(prelu(x, each).value().to_host() == std::vector<double>{-0.1, -1, 3, -2});
  for (const Shape& s : shapes) {
    CHECK(gradcheck([](const auto& v, const auto& a) { return prelu(v, a); }, random_input<Device>(s, 1),
                    random_input<Device>({s[-1]}, 2)));
    CHECK(gradcheck([](const auto& v, const auto& a) { return prelu(v, a); }, random_input<Device>(s, 1),
                    random_input<Device>({1}, 2)));
  }
  CHECK_ERROR(prelu(x, V(Tensor<double, Device>({3}, 0.1))), "needs 2 slopes or a single one");
}

TEST_CASE("softmax: rows sum to 1, large values do not overflow") {
  const V x = Tensor<double, Device>({2, 3}, {1, 2, 3, 1000, 1000, 1000});
  const auto y = softmax(x).value().to_host();
  CHECK(y[2] == doctest::Approx(0.6652409557748219));
  CHECK(y[4] == doctest::Approx(1.0 / 3));
  for (const Shape& s : shapes)
    CHECK(gradcheck([](const auto& v) { return softmax(v); }, random_input<Device>(s, 1)));
  CHECK_ERROR(softmax(V(Tensor<double, Device>({2, 0}))), "the last axis has no elements");
}

TEST_CASE("layer_norm: mean 0 and variance 1 before weight and bias; gradients") {
  const V x = Tensor<double, Device>({1, 4}, {1, 2, 3, 6}), w = Tensor<double, Device>({4}, 2.0),
          b = Tensor<double, Device>({4}, 1.0);
  CHECK(layer_norm(x, w, b, 0).value().to_host()[3] == doctest::Approx(1 + 2 * 3 / std::sqrt(3.5)));
  for (const Shape& s : shapes)
    CHECK(gradcheck([](const auto& v, const auto& a, const auto& c) { return layer_norm(v, a, c, 1e-2); },
                    random_input<Device>(s, 1), random_input<Device>({s[-1]}, 2),
                    random_input<Device>({s[-1]}, 3)));
  CHECK_ERROR(layer_norm(x, b, V(Tensor<double, Device>({3}, 1.0))), "one value for each of the 4 channels");
}

TEST_CASE("batch_norm: the batch's statistics, value and all gradients, against plain loops") {
  constexpr Index rows = 3 * 4 * 5, C = 3;
  const double eps = 1e-3;
  const V x = random_input<Device>({3, 4, 5, C}, 1), w = random_input<Device>({C}, 2),
          b = random_input<Device>({C}, 3);
  const auto g = random_tensor<double>(x.shape(), 4);
  const auto stats = channel_statistics(x.value());
  const V y = batch_norm(x, w, b, stats, true, eps);
  sum(y * V(g)).backward();

  const auto X = x.value().to_host(), W = w.value().to_host(), B = b.value().to_host(), G = g.to_host();
  std::vector<double> value(X.size()), dx(X.size()), dw(C), db(C);
  for (Index c = 0; c < C; ++c) {
    double mean = 0, variance = 0;
    for (Index r = 0; r < rows; ++r) mean += X[std::size_t(r * C + c)] / rows;
    for (Index r = 0; r < rows; ++r) variance += std::pow(X[std::size_t(r * C + c)] - mean, 2) / rows;
    CHECK(stats.mean.to_host()[std::size_t(c)] == doctest::Approx(mean));
    CHECK(stats.variance.to_host()[std::size_t(c)] == doctest::Approx(variance));
    const double s = std::sqrt(variance + eps);
    double dvariance = 0, dmean = 0;  // the chain rule, term by term
    for (Index r = 0; r < rows; ++r) {
      const std::size_t i = std::size_t(r * C + c);
      const double d = X[i] - mean;
      value[i] = W[std::size_t(c)] * d / s + B[std::size_t(c)];
      dw[std::size_t(c)] += G[i] * d / s;
      db[std::size_t(c)] += G[i];
      dvariance += G[i] * W[std::size_t(c)] * d * -0.5 / (s * s * s);
      dmean -= G[i] * W[std::size_t(c)] / s;
    }
    for (Index r = 0; r < rows; ++r) {
      const std::size_t i = std::size_t(r * C + c);
      dx[i] = G[i] * W[std::size_t(c)] / s + dvariance * 2 * (X[i] - mean) / rows + dmean / rows;
    }
  }
  CHECK(relative_error(y.value().to_host(), value) < 1e-12);
  CHECK(relative_error(x.grad().to_host(), dx) < 1e-10);
  CHECK(relative_error(w.grad().to_host(), dw) < 1e-10);
  CHECK(relative_error(b.grad().to_host(), db) < 1e-10);
}

TEST_CASE("batch_norm: gradients by differences, with the batch's statistics and with given ones") {
  for (const Shape& s : {Shape{2, 3}, Shape{4, 1}, Shape{1, 5, 3, 2}, Shape{3, 1, 7, 5}, Shape{1, 1, 1, 2}}) {
    const V x = random_input<Device>(s, 1), w = random_input<Device>({s[-1]}, 2),
            b = random_input<Device>({s[-1]}, 3);
    CHECK(gradcheck(
        [](const auto& v, const auto& a, const auto& c) {
          return batch_norm(v, a, c, channel_statistics(v.value()), true, 1e-2);
        },
        x, w, b));
    const ChannelStatistics<double, Device> given{random_tensor<double>({s[-1]}, 4),
                                                  Tensor<double, Device>({s[-1]}, 2.0)};
    CHECK(gradcheck(
        [&](const auto& v, const auto& a, const auto& c) { return batch_norm(v, a, c, given, false); }, x, w,
        b));
  }
  CHECK_ERROR(channel_statistics(Tensor<double, Device>({0, 3})), "needs a batch and channels");
}

TEST_CASE(
    "dropout: about p of the values vanish, the mean stays, a key gives the same each time; drop_path takes "
    "whole samples") {
  const V x(Tensor<double, Device>({40, 500}, 1.0));
  const auto y = dropout(x, 0.25, 3).value().to_host();
  Index zeros = 0;
  for (const double v : y) {
    zeros += v == 0;
    CHECK((v == 0 || v == doctest::Approx(4.0 / 3)));
  }
  CHECK(double(zeros) / double(y.size()) == doctest::Approx(0.25).epsilon(0.05));
  CHECK(dropout(x, 0.25, 3).value().to_host() == y);
  CHECK(dropout(x, 0.25, 4).value().to_host() != y);
  CHECK(dropout(x, 0, 3).value().to_host() == x.value().to_host());
  const auto z = drop_path(x, 0.5, 7).value().to_host();
  Index samples = 0;
  for (std::size_t n = 0; n < 40; ++n) {
    samples += z[n * 500] == 0;
    for (std::size_t i = 0; i < 500; ++i) CHECK(z[n * 500 + i] == z[n * 500]);
  }
  CHECK(samples > 8);
  CHECK(samples < 32);
  CHECK(gradcheck([](const auto& v) { return dropout(v, 0.4, 5); }, random_input<Device>({3, 7}, 1)));
  CHECK(gradcheck([](const auto& v) { return drop_path(v, 0.4, 5); }, random_input<Device>({5, 2, 3}, 1)));
  CHECK_ERROR(dropout(x, 1, 0), "at least 0 and below 1, not 1");
}
