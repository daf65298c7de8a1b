// A network at work on the device that --device names. networks.cpp, running.cpp, training.cpp and
// srgan_training.cpp are compiled for the CPU and, where crisp is built with CUDA, by nvcc once more for the
// GPU; everything else knows networks on the CPU alone.
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

/// What a network does, wherever that is.
struct Running {
  infer::Upscaler upscaler;  // enlarges a small image, to be scored
  std::function<void(const data::Image&, Index scale, const infer::Options&, const infer::RowSink&)> upscale;
  std::function<io::HostTensor(const io::HostTensor&)> forward;  // (N, C, H, W), 0..1 -> (N, C, H, W)
};

/// The network at work on D with values of type T.
template <class T, class D>
Running running(std::shared_ptr<const Network> net);

}  // namespace crisp::program
