// The trace: which ops it holds, fused or expanded, and that to be traced changes no result.
#include "crisp/autograd/trace.hpp"

#include "crisp/nn/swin_block.hpp"
#include "crisp/ops/linear.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using V = Var<float, Device>;
using Steps = std::vector<Step<float, Device>>;

namespace {

std::string names(const Steps& steps) {
  std::string list;
  for (const auto& step : steps)
    if (step.op != "relative_position_bias") list += step.op + " ";  // anywhere before the attention
  return list;
}

}  // namespace

TEST_CASE("a trace holds the fused ops with their attributes; expanded, the plain ops in their places") {
  const V x(random_tensor<float>({1, 5, 4, 2}, 1)), w(random_tensor<float>({3, 3, 3, 2}, 2));
  const V b(random_tensor<float>({3}, 3)), v(random_tensor<float>({3, 3}, 4));
  V y, z, u;
  const Steps steps = steps_of<float, Device>([&] {
    y = conv2d_relu(x, w, b, {.border = Border::replicate});
    z = conv2d_add(x, w, b, y);
    u = linear_add(z, v, b, z);
  });
  CHECK(names(steps) == "pad conv2d_relu conv2d_add linear_add ");
  CHECK(steps[2].attributes.at("top") == 1);
  CHECK(steps[2].inputs.size() == 4);

  const Steps plain = expanded(steps);
  CHECK(names(plain) == "pad conv2d relu conv2d add linear add ");
  CHECK(plain[1].inputs[0].node() == plain[0].result.node());
  CHECK(plain[2].result.node() == y.node());  // what conv2d_add takes
  CHECK(plain[4].inputs[1].node() == y.node());
  CHECK(plain[6].result.node() == u.node());
  for (const auto& step : plain) CHECK_FALSE(step.expand);
}

TEST_CASE("a Swin layer in inference is traced as it runs, and expanded to the ops of its parts") {
  seed(1);
  const nn::SwinBlock<float, Device> block({.channels = 16, .heads = 2, .window = 4, .shift = 2});
  const V x(random_tensor<float>({1, 8, 8, 16}, 1));
  const NoGrad guard;
  V y;
  const Steps steps = steps_of<float, Device>([&] { y = block(x); });
  CHECK(y.value().to_host() == block(x).value().to_host());
  const std::string windows = "roll reshape permute reshape window_attention reshape permute reshape roll ";
  const Steps plain = expanded(steps);
  CHECK(names(plain) == "layer_norm linear " + windows + "linear add layer_norm linear gelu linear add ");
  CHECK(plain.back().result.node() == y.node());
}

TEST_CASE("the first op whose result is not finite") {
  const V x(Tensor<float, Device>({2}, 3e38f));
  const auto steps = steps_of<float, Device>([&] { (x * 0.5) * 4.0; });
  REQUIRE(steps.size() == 2);
  CHECK(first_non_finite(steps) == &steps[1]);
  CHECK(first_non_finite(Steps{steps[0]}) == nullptr);
}
