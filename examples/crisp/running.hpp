// A network at work on the device that --device names. networks.cpp, running.cpp and training.cpp are compiled for the CPU and, where crisp
// is built with CUDA, by nvcc once more for the GPU; everything else knows networks on the CPU alone.
#pragma once
#include <utility>

#include "common.hpp"
#include "crisp/backend/device.hpp"
#include "crisp/infer/evaluate.hpp"

#if defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA)
extern template class crisp::zoo::AnyModel<float, crisp::Cuda>;  // in networks.cpp
extern template class crisp::zoo::AnyModel<crisp::bfloat16, crisp::Cuda>;
#endif

namespace crisp::program {

/// What a network does, wherever that is. Shares or copies the weights, and may outlive the network.
struct Running {
  infer::Upscaler upscaler;  // enlarges a small image, to be scored
  std::function<void(const data::Image&, Index scale, const infer::Options&, const infer::RowSink&)> upscale;
  std::function<io::HostTensor(const io::HostTensor&)> forward;  // (N, C, H, W), 0..1 -> (N, C, H, W)
};

/// The network at work on D with values of type T.
template <class T, class D> Running running(const Network& net);

/// The network on D with values of type T: itself, where it is one, else a copy with the same weights, which are float in all.
template <class T, class D, class Net>
zoo::AnyModel<T, D> moved_to(const Net& net) {
  if constexpr (std::same_as<Net, zoo::AnyModel<T, D>>) {
    return net;
  } else {
    const Rng random = nn::detail::generator;  // the weights that the copy begins with are overwritten: they draw nothing
    auto copy = zoo::AnyModel<T, D>::create(net.settings());
    nn::detail::generator = random;
    std::map<std::string, std::vector<float>> weights;
    net.each_param([&](const std::string& name, const auto& p) { weights.emplace(name, p.value().to_host()); });
    copy.each_param([&](const std::string& name, auto& p) { p.value().copy_(Tensor<float, D>(p.shape(), weights.at(name))); });
    return copy;
  }
}

}  // namespace crisp::program
