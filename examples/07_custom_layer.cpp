// Layers of your own: a struct with operator() and one line, CRISP_PARAMS. It nests, repeats, trains and
// saves.
#include <crisp/backend/cpu.hpp>
#include <crisp/io/weights.hpp>
#include <crisp/nn/conv2d.hpp>
#include <crisp/ops/arithmetic.hpp>
#include <crisp/ops/loss.hpp>
#include <crisp/ops/relu.hpp>
#include <crisp/optim/adam.hpp>
#include <cstdio>

using namespace crisp;

// [snippet:layer]
template <class T, class D>
struct ResBlock {  // x + conv2(relu(conv1(x)))
  nn::Conv2d<T, D> conv1, conv2;
  explicit ResBlock(Index channels) : conv1(channels, channels, 3), conv2(channels, channels, 3) {}
  Var<T, D> operator()(const Var<T, D>& x) const { return x + conv2(relu(conv1(x))); }
  CRISP_PARAMS(conv1, conv2)
};
// [/snippet]

// [snippet:network]
template <class T, class D>
struct Net {
  nn::Conv2d<T, D> head{1, 8, 3}, tail{8, 1, 3};
  // Three blocks of 8 channels, each its own.
  std::vector<ResBlock<T, D>> body = nn::repeat<ResBlock<T, D>>(3, 8);
  Var<T, D> operator()(const Var<T, D>& x) const {
    auto h = head(x);
    for (const auto& block : body) h = block(h);
    return tail(h);
  }
  CRISP_PARAMS(head, body, tail)
};
// [/snippet]

int main() {
  // [snippet:use]
  Net<float, Cpu> net;
  net.each_param([](const std::string& name, const auto& p) {
    std::printf("%-22s %s\n", name.c_str(), str(p.shape()).c_str());
  });
  std::printf("%lld parameters\n", static_cast<long long>(nn::parameter_count(net).trained));

  const Tensor<float, Cpu> x({2, 8, 8, 1}, 0.3f), target({2, 8, 8, 1}, 0.7f);
  optim::Adam adam(net, {.lr = 1e-3});
  for (int step = 0; step < 50; ++step) {
    const auto loss = mse_loss(net(x), target);
    loss.backward();
    adam.step();
    if (step % 10 == 0) std::printf("step %d  loss %.5f\n", step, loss.item());
  }
  io::save("net.safetensors", net);
  Net<float, Cpu> again;
  io::load("net.safetensors", again);
  // [/snippet]
  return again(x).value().to_host() == net(x).value().to_host() ? 0 : 1;
}
