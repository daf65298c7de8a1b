// Convolutions, products, normalisation and attention of bfloat16 against those of float.
#include "bfloat16_cases.hpp"
#include "crisp/ops/batch_norm.hpp"
#include "crisp/ops/conv_transpose2d.hpp"
#include "crisp/ops/grouped_conv2d.hpp"
#include "crisp/ops/layer_norm.hpp"
#include "crisp/ops/linear.hpp"
#include "crisp/ops/window_attention.hpp"

using namespace crisp;
using namespace crisp::test;

TEST_CASE("products and convolutions of bfloat16 sum in float") {
  check_op("matmul", {{3, 17, 70}, {3, 70, 9}}, [](auto x) { return matmul(x[0], x[1]); });
  check_op("linear", {{5, 7, 60}, {33, 60}, {33}}, [](auto x) { return linear(x[0], x[1], x[2]); });
  for (const Index C : {1, 3, 6, 8, 20})
    check_op("conv2d", {{2, 9, 11, C}, {10, 3, 3, C}, {10}}, [](auto x) { return conv2d(x[0], x[1], x[2]); });
  check_op("conv2d_relu", {{1, 9, 11, 4}, {8, 3, 5, 4}, {8}},
           [](auto x) { return conv2d_relu(x[0], x[1], x[2]); });
  check_op("conv2d_add", {{1, 9, 11, 4}, {7, 1, 1, 4}, {7}, {1, 9, 11, 7}},
           [](auto x) { return conv2d_add(x[0], x[1], x[2], x[3]); });
  check_op("conv2d with a stride", {{2, 9, 11, 5}, {6, 3, 3, 5}, {6}},
           [](auto x) { return conv2d(x[0], x[1], x[2], {.stride = 2, .padding = 1}); });
  check_op("conv_transpose2d", {{2, 5, 4, 6}, {6, 4, 4, 5}, {5}},
           [](auto x) { return conv_transpose2d(x[0], x[1], x[2], {.stride = 2, .padding = 1}); });
  check_op("grouped_conv2d", {{1, 6, 5, 6}, {9, 3, 3, 2}, {9}},
           [](auto x) { return grouped_conv2d(x[0], x[1], x[2], 3); });
}

TEST_CASE("normalisation of bfloat16 with statistics in float") {
  for (const Index C : {1, 3, 60, 64}) {
    check_op(
        "layer_norm", {{7, 5, C}, {C}, {C}}, [](auto x) { return layer_norm(x[0], x[1], x[2]); },
        C == 1 ? 1.0 : 2e-2);
    check_op(
        "batch_norm", {{4, 7, 5, C}, {C}, {C}},
        [](auto x) {
          return batch_norm(x[0] * 0.5, x[1], x[2], channel_statistics((x[0] * 0.5).value()), true);
        },
        2e-2);
  }
  const Tensor<bfloat16, Device> far({2000, 1},
                                     bfloat16(300));  // a mean of bfloat16 would be wrong by up to 1
  CHECK(channel_statistics(far).mean.item() == doctest::Approx(300));
  CHECK(channel_statistics(far).variance.item() == doctest::Approx(0));
}

TEST_CASE("window attention of bfloat16") {
  for (const Index M : {4, 8})
    for (const Index d : {5, 10}) {
      const Index C = 2 * d;
      check_op(
          "window_attention", {{1, 2 * M, M, 3 * C}, {2, M * M, M * M}},
          [=](auto x) {
            return window_attention(x[0], x[1], Windows{M, M / 2});
          },
          2e-2);
    }
  check_op(
      "window_attention of windows", {{3, 9, 24}, {2, 9, 9}},
      [](auto x) { return window_attention(x[0], x[1]); }, 2e-2);
  check_op("relative_position_bias", {{49, 3}}, [](auto x) { return relative_position_bias(x[0], 4); });
}
