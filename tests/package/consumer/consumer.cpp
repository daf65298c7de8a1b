// A program of somebody else's: it uses the headers through CMake alone.
#include <crisp/backend/cpu.hpp>
#include <crisp/data/image_io.hpp>
#include <crisp/models/srcnn.hpp>
#include <crisp/train/checkpoint.hpp>
#include <cstdio>

int main() {
  crisp::models::Srcnn<float, crisp::Cpu> net;
  const auto y = net(crisp::Tensor<float, crisp::Cpu>({1, 8, 8, 1}, 0.5f));
  std::printf("%lld parameters, output %s\n", static_cast<long long>(crisp::nn::parameter_count(net).trained), crisp::str(y.shape()).c_str());
}
