// The networks of the program, compiled once for each device, here.
#include "crisp/zoo/networks.hpp"

#include "crisp/backend/device.hpp"
#include "crisp/models/srgan.hpp"

template class crisp::zoo::AnyModel<float, crisp::DefaultDevice>;
#if defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA)
template class crisp::zoo::AnyModel<crisp::bfloat16, crisp::Cuda>;  // --precision bf16
#else
template const std::vector<crisp::zoo::KnownNetwork>& crisp::zoo::known_networks<void>();
template struct crisp::models::Discriminator<float, crisp::Cpu>;  // they play in srgan_training.cpp
template struct crisp::models::Vgg19<float, crisp::Cpu>;
#endif
