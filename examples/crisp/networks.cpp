// The networks of the program, compiled once for each device, here.
#include "crisp/backend/device.hpp"
#include "crisp/zoo/any_model.hpp"

template class crisp::zoo::AnyModel<float, crisp::DefaultDevice>;
#if defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA)
template class crisp::zoo::AnyModel<crisp::bfloat16, crisp::Cuda>;  // --precision bf16
#endif
