// A short training with the factors of all products rounded to TF32 or bf16: it comes to the loss that the
// exact one comes to.
#include "crisp/nn/conv2d.hpp"
#include "crisp/ops/conv2d.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/ops/relu.hpp"
#include "crisp/optim/adam.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

template <class T, class D>
struct Net {
  nn::Conv2d<T, D> conv1{1, 16, 3, {.padding = 1}}, conv2{16, 1, 3, {.padding = 1}};
  Var<T, D> operator()(const Var<T, D>& x) const { return conv2(relu(conv1(x))); }
  CRISP_PARAMS(conv1, conv2)
};

// The losses of a training that learns a blur.
std::vector<double> losses(Math math) {
  seed(1);
  Net<float, Cuda> net;
  optim::Adam adam(net, {.lr = 1e-2});
  const Var<float, Cuda> x = random_tensor<float, Cuda>({2, 12, 12, 1}, 2),
                         blur = Tensor<float, Cuda>({1, 3, 3, 1}, 1.0f / 9);
  // (2, 12, 12, 1)
  const Var<float, Cuda> target = no_grad([&] { return conv2d(x, blur, {}, {.padding = 1}); });
  Cuda::set_math(math);
  std::vector<double> all;
  for (int step = 0; step < 60; ++step) {
    const auto loss = mse_loss(net(x), target);
    all.push_back(double(loss.item()));
    loss.backward();
    adam.step();
  }
  Cuda::set_math(Math::fp32);
  return all;
}

}  // namespace

TEST_CASE("a training in tf32 and in bf16 comes to the loss of one in fp32") {
  const std::vector<double> exact = losses(Math::fp32), tf32 = losses(Math::tf32), bf16 = losses(Math::bf16);
  for (const auto* of : {&exact, &tf32, &bf16})
    MESSAGE("first loss " << of->front() << ", last " << of->back());
  CHECK(exact.back() < 0.1 * exact.front());
  // A factor of bf16 is wrong by up to 2^-9 of itself, one of TF32 by 2^-12; the gradient is a sum of many
  // such products, whose errors mostly cancel. So the path down is the same, and the losses along it differ
  // by a few times these parts.
  CHECK(std::abs(tf32.back() / exact.back() - 1) < 0.01);
  CHECK(std::abs(bf16.back() / exact.back() - 1) < 0.05);
  CHECK(bf16 != exact);  // or nothing was rounded
}
