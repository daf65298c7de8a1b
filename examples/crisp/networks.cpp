// The networks of the program, compiled once for each device, here.
#include "crisp/backend/device.hpp"
#include "crisp/models/srgan.hpp"
#include "crisp/zoo/any_model.hpp"

template class crisp::zoo::AnyModel<float, crisp::DefaultDevice>;
#if defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA)
template class crisp::zoo::AnyModel<crisp::bfloat16, crisp::Cuda>;  // --precision bf16
#else
template struct crisp::models::Discriminator<float, crisp::Cpu>;  // they play in training.cpp
template struct crisp::models::Vgg19<float, crisp::Cpu>;
#endif
