// Every op on values stored as bfloat16 against the same op on float: it computes with float and rounds once, or twice, what it stores.
#include "crisp/ops/batch_norm.hpp"
#include "crisp/ops/bce_loss.hpp"
#include "crisp/ops/concat.hpp"
#include "crisp/ops/conv_transpose2d.hpp"
#include "crisp/ops/dropout.hpp"
#include "crisp/ops/gelu.hpp"
#include "crisp/ops/grouped_conv2d.hpp"
#include "crisp/ops/image_loss.hpp"
#include "crisp/ops/layer_norm.hpp"
#include "crisp/ops/leaky_relu.hpp"
#include "crisp/ops/linear.hpp"
#include "crisp/ops/pixel_shuffle.hpp"
#include "crisp/ops/pool.hpp"
#include "crisp/ops/prelu.hpp"
#include "crisp/ops/scale_channels.hpp"
#include "crisp/ops/sigmoid.hpp"
#include "crisp/ops/tanh.hpp"
#include "crisp/ops/upsample.hpp"
#include "crisp/ops/window_attention.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

using F = Var<float, Device>;
using B = Var<bfloat16, Device>;

// op(x...) and its gradients, given a random gradient of its result, for values that bfloat16 holds exactly.
template <class T, class Op>
std::vector<std::vector<float>> values_and_gradients(const Op& op, const std::vector<Tensor<bfloat16, Device>>& inputs) {
  std::vector<Var<T, Device>> x;
  for (const auto& input : inputs) x.emplace_back(input.to<T>(), true);
  const Var<T, Device> y = op(x);
  std::vector<std::vector<float>> all{y.value().template to<float>().to_host()};
  y.backward(random_tensor<bfloat16>(y.shape(), 77).template to<T>());
  for (const auto& v : x)
    if (v.grad().defined()) all.push_back(v.grad().template to<float>().to_host());
  return all;
}

template <class Op>
void check_op(const std::string& name, std::vector<Shape> shapes, const Op& op, double tolerance = 8e-3) {
  std::vector<Tensor<bfloat16, Device>> inputs;
  for (const Shape& shape : shapes) inputs.push_back(random_tensor<bfloat16>(shape, inputs.size() + 1));
  const auto exact = values_and_gradients<float>(op, inputs), rounded = values_and_gradients<bfloat16>(op, inputs);
  REQUIRE(exact.size() == rounded.size());
  for (std::size_t i = 0; i < exact.size(); ++i) {
    INFO(name << (i ? ", gradient " : ", value ") << int(i) << ", " << int(exact[i].size()) << " elements");
    CHECK(relative_error(rounded[i], exact[i]) < tolerance);
  }
}

}  // namespace

TEST_CASE("elementwise ops and arithmetic of bfloat16") {
  for (const Shape& shape : {Shape{1}, Shape{3, 7}, Shape{2, 5, 6, 8}, Shape{1, 9, 11, 60}}) {
    check_op("relu", {shape}, [](auto x) { return relu(x[0]); });
    check_op("leaky_relu", {shape}, [](auto x) { return leaky_relu(x[0], 0.2); });
    check_op("gelu", {shape}, [](auto x) { return gelu(x[0]); });
    check_op("sigmoid", {shape}, [](auto x) { return sigmoid(x[0]); });
    check_op("tanh", {shape}, [](auto x) { return tanh(x[0]); });
    check_op("softmax", {shape}, [](auto x) { return softmax(x[0]); }, 1.2e-2);
    check_op("+", {shape, {shape[-1]}}, [](auto x) { return x[0] + x[1]; });
    check_op("-", {shape, shape}, [](auto x) { return x[0] - x[1]; });
    check_op("*", {shape, {1}}, [](auto x) { return x[0] * x[1]; }, 1.2e-2);
    check_op("/", {shape, shape}, [](auto x) { return x[0] / (x[1] * x[1] + 0.5); }, 3e-2);
    check_op("affine", {shape}, [](auto x) { return (3.14159 * x[0] - 1.0) / 255.0; });
    check_op("prelu", {shape, {shape[-1]}}, [](auto x) { return prelu(x[0], x[1]); });
    check_op("dropout", {shape}, [](auto x) { return dropout(x[0], 0.3, 5); });
  }
}

TEST_CASE("reductions of bfloat16 sum in float") {
  check_op("sum", {{4, 1100}}, [](auto x) { return sum(x[0] * 0.1 + 1.0); });  // ones: in bfloat16 it would end at 256
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
  check_op("reshape, slice, concat", {{2, 3, 5, 4}}, [](auto x) { return concat(std::vector{slice(x[0], 3, 1, 2), x[0]}, 3); });
  check_op("roll and windows", {{1, 8, 4, 3}}, [](auto x) { return window_reverse(window_partition(roll(x[0], 1, 2), 4), 4, 8, 4); });
  check_op("scale_channels", {{2, 5, 3, 7}, {2, 1, 1, 7}}, [](auto x) { return scale_channels(x[0], x[1]); });
}

TEST_CASE("products and convolutions of bfloat16 sum in float") {
  check_op("matmul", {{3, 17, 70}, {3, 70, 9}}, [](auto x) { return matmul(x[0], x[1]); });
  check_op("linear", {{5, 7, 60}, {33, 60}, {33}}, [](auto x) { return linear(x[0], x[1], x[2]); });
  for (const Index C : {1, 3, 6, 8, 20})
    check_op("conv2d", {{2, 9, 11, C}, {10, 3, 3, C}, {10}}, [](auto x) { return conv2d(x[0], x[1], x[2]); });
  check_op("conv2d_relu", {{1, 9, 11, 4}, {8, 3, 5, 4}, {8}}, [](auto x) { return conv2d_relu(x[0], x[1], x[2]); });
  check_op("conv2d_add", {{1, 9, 11, 4}, {7, 1, 1, 4}, {7}, {1, 9, 11, 7}}, [](auto x) { return conv2d_add(x[0], x[1], x[2], x[3]); });
  check_op("conv2d with a stride", {{2, 9, 11, 5}, {6, 3, 3, 5}, {6}}, [](auto x) { return conv2d(x[0], x[1], x[2], {.stride = 2, .padding = 1}); });
  check_op("conv_transpose2d", {{2, 5, 4, 6}, {6, 4, 4, 5}, {5}}, [](auto x) { return conv_transpose2d(x[0], x[1], x[2], {.stride = 2, .padding = 1}); });
  check_op("grouped_conv2d", {{1, 6, 5, 6}, {9, 3, 3, 2}, {9}}, [](auto x) { return grouped_conv2d(x[0], x[1], x[2], 3); });
}

TEST_CASE("normalisation of bfloat16 with statistics in float") {
  for (const Index C : {1, 3, 60, 64}) {
    check_op("layer_norm", {{7, 5, C}, {C}, {C}}, [](auto x) { return layer_norm(x[0], x[1], x[2]); }, C == 1 ? 1.0 : 2e-2);
    check_op("batch_norm", {{4, 7, 5, C}, {C}, {C}}, [](auto x) { return batch_norm(x[0] * 0.5, x[1], x[2], channel_statistics((x[0] * 0.5).value()), true); }, 2e-2);
  }
  const Tensor<bfloat16, Device> far({2000, 1}, bfloat16(300));  // a mean of bfloat16 would be wrong by up to 1
  CHECK(channel_statistics(far).mean.item() == doctest::Approx(300));
  CHECK(channel_statistics(far).variance.item() == doctest::Approx(0));
}

TEST_CASE("window attention of bfloat16") {
  for (const Index M : {4, 8})
    for (const Index d : {5, 10}) {
      const Index C = 2 * d;
      check_op("window_attention", {{1, 2 * M, M, 3 * C}, {2, M * M, M * M}}, [=](auto x) { return window_attention(x[0], x[1], Windows{M, M / 2}); }, 2e-2);
    }
  check_op("window_attention of windows", {{3, 9, 24}, {2, 9, 9}}, [](auto x) { return window_attention(x[0], x[1]); }, 2e-2);
  check_op("relative_position_bias", {{49, 3}}, [](auto x) { return relative_position_bias(x[0], 4); });
}

TEST_CASE("a loss of bfloat16 is float, and so is its target") {
  const auto x = random_tensor<bfloat16>({2, 12, 13, 3}, 1);
  const Tensor<float, Device> target = random_tensor<float>({2, 12, 13, 3}, 2);
  const auto check = [&](const std::string& name, const auto& loss) {
    INFO(name);
    const B b(x, true);
    const F f(x.to<float>(), true);
    const F of_b = loss(b, target), of_f = loss(f, target);
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
