// Elementwise ops, reductions, losses and moves of bfloat16 against those of float.
#include "bfloat16_cases.hpp"
#include "crisp/ops/bce_loss.hpp"
#include "crisp/ops/concat.hpp"
#include "crisp/ops/dropout.hpp"
#include "crisp/ops/gelu.hpp"
#include "crisp/ops/image_loss.hpp"
#include "crisp/ops/leaky_relu.hpp"
#include "crisp/ops/permute.hpp"
#include "crisp/ops/pixel_shuffle.hpp"
#include "crisp/ops/pool.hpp"
#include "crisp/ops/prelu.hpp"
#include "crisp/ops/roll.hpp"
#include "crisp/ops/scale_channels.hpp"
#include "crisp/ops/sigmoid.hpp"
#include "crisp/ops/softmax.hpp"
#include "crisp/ops/tanh.hpp"
#include "crisp/ops/upsample.hpp"
#include "crisp/ops/window.hpp"

using namespace crisp;
using namespace crisp::test;

TEST_CASE("elementwise ops and arithmetic of bfloat16") {
  for (const Shape& shape : {Shape{1}, Shape{3, 7}, Shape{2, 5, 6, 8}, Shape{1, 9, 11, 60}}) {
    check_op("relu", {shape}, [](auto x) { return relu(x[0]); });
    check_op("leaky_relu", {shape}, [](auto x) { return leaky_relu(x[0], 0.2); });
    check_op("gelu", {shape}, [](auto x) { return gelu(x[0]); });
    check_op("sigmoid", {shape}, [](auto x) { return sigmoid(x[0]); });
    check_op("tanh", {shape}, [](auto x) { return tanh(x[0]); });
    check_op(
        "softmax", {shape}, [](auto x) { return softmax(x[0]); }, 1.2e-2);
    check_op("+", {shape, {shape[-1]}}, [](auto x) { return x[0] + x[1]; });
    check_op("-", {shape, shape}, [](auto x) { return x[0] - x[1]; });
    check_op(
        "*", {shape, {1}}, [](auto x) { return x[0] * x[1]; }, 1.2e-2);
    check_op(
        "/", {shape, shape}, [](auto x) { return x[0] / (x[1] * x[1] + 0.5); }, 3e-2);
    check_op("affine", {shape}, [](auto x) { return (3.14159 * x[0] - 1.0) / 255.0; });
    check_op("prelu", {shape, {shape[-1]}}, [](auto x) { return prelu(x[0], x[1]); });
    check_op("dropout", {shape}, [](auto x) { return dropout(x[0], 0.3, 5); });
  }
}

TEST_CASE("reductions of bfloat16 sum in float") {
  check_op("sum", {{4, 1100}},
           [](auto x) { return sum(x[0] * 0.1 + 1.0); });  // ones: in bfloat16 it would end at 256
  check_op("mean", {{3, 5, 7}}, [](auto x) { return mean(x[0]); });
  check_op("sum of an axis", {{3, 700, 5}}, [](auto x) { return sum(x[0] + 1.0, 1); });
  check_op("mean of an axis", {{3, 5, 300}}, [](auto x) { return mean(x[0], -1); });
  check_op("max", {{3, 5, 70}}, [](auto x) { return max(x[0], -1); });
  check_op("global_avg_pool2d", {{2, 9, 7, 5}}, [](auto x) { return global_avg_pool2d(x[0]); });
  check_op("avg_pool2d", {{2, 9, 7, 5}}, [](auto x) { return avg_pool2d(x[0], 2); });
  check_op("max_pool2d", {{2, 9, 7, 5}}, [](auto x) { return max_pool2d(x[0], 3); });
}

TEST_CASE("ops that move bfloat16") {
  check_op("pad", {{1, 6, 5, 3}}, [](auto x) { return pad(x[0], {1, 2, 3, 1}, Border::reflect); });
  check_op("upsample", {{2, 6, 5, 3}}, [](auto x) { return upsample(x[0], 2, Resampling::bicubic_torch); });
  check_op("pixel_shuffle", {{2, 3, 5, 36}}, [](auto x) { return pixel_shuffle(x[0], 3); });
  check_op("permute", {{2, 3, 5, 4}}, [](auto x) { return permute(x[0], {0, 3, 1, 2}); });
  check_op("reshape, slice, concat", {{2, 3, 5, 4}}, [](auto x) {
    return concat(std::vector{slice(x[0], 3, 1, 2), x[0]}, 3);
  });
  check_op("roll and windows", {{1, 8, 4, 3}},
           [](auto x) { return window_reverse(window_partition(roll(x[0], 1, 2), 4), 4, 8, 4); });
  check_op("scale_channels", {{2, 5, 3, 7}, {2, 1, 1, 7}}, [](auto x) { return scale_channels(x[0], x[1]); });
}

TEST_CASE("a loss of bfloat16 is float, and so is its target") {
  const auto x = random_tensor<bfloat16>({2, 12, 13, 3}, 1);
  const Tensor<float, Device> target = random_tensor<float>({2, 12, 13, 3}, 2);
  const auto check = [&](const std::string& name, const auto& loss) {
    INFO(name);
    const Var<bfloat16, Device> b(x, true);
    const Var<float, Device> f(x.to<float>(), true);
    const Var<float, Device> of_b = loss(b, target), of_f = loss(f, target);
    CHECK(of_b.item() == doctest::Approx(of_f.item()).epsilon(1e-5));
    of_b.backward();
    of_f.backward();
    CHECK(relative_error(b.grad().to<float>().to_host(), f.grad().to_host()) < 4e-3);
  };
  check("mse_loss", [](const auto& x, const auto& t) { return mse_loss(x, t); });
  check("l1_loss", [](const auto& x, const auto& t) { return l1_loss(x, t); });
  check("charbonnier_loss", [](const auto& x, const auto& t) { return charbonnier_loss(x, t); });
  check("tv_loss", [](const auto& x, const auto&) { return tv_loss(x); });
  check("ssim_loss", [](const auto& x, const auto& t) { return ssim_loss(x, t); });
  check("bce_with_logits_loss", [](const auto& x, const auto&) { return bce_with_logits_loss(x, 1); });
}
