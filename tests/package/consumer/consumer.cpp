// A program of somebody else's, which uses the headers through CMake or pkg-config alone. It trains a colour
// towards white, so that it compiles sooner than with a network; with an argument, by a learning rate at
// which that diverges.
#include <crisp/backend/cpu.hpp>
#include <crisp/data/image_io.hpp>
#include <crisp/nn/module.hpp>
#include <crisp/nn/non_finite.hpp>
#include <crisp/ops/loss.hpp>
#include <crisp/optim/sgd.hpp>
#include <crisp/train/running_loss.hpp>
#include <cstdio>
#include <string_view>
using namespace crisp;

#if defined(EXPECTED_VERSION)
static_assert(std::string_view(CRISP_VERSION) == EXPECTED_VERSION,
              "the package's version is not that of the headers");
#endif

template <class T, class D>
struct Colour {
  nn::Param<T, D> value = Tensor<T, D>({3}, 0.5f);
  CRISP_PARAMS(value)
};

int main(int argc, char**) {
  Colour<float, Cpu> colour;
  optim::Sgd sgd(colour, {.lr = argc > 1 ? 1e30 : 0.1});
  train::RunningLoss<float, Cpu> losses(1);
  const auto loss_of = [&] { return mse_loss(colour.value, Tensor<float, Cpu>({3}, 1.0f)); };
  for (int step = 0; step < 4; ++step) {
    const auto loss = loss_of();
    losses.add(loss.value());
    if (losses.read()) {
      std::printf("diverged: %s\n", nn::first_non_finite(colour, loss_of).c_str());
      return 1;
    }
    loss.backward();
    sgd.step();
  }
  std::printf("red is %.3f\n", double(colour.value.value().to_host()[0]));
}
