// DefaultDevice: the GPU in files that nvcc compiles, the CPU in all others. For programs; the library itself
// never uses it.
#pragma once
#include "crisp/backend/cpu.hpp"
#if defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA)
#include "crisp/backend/cuda.cuh"
#endif

namespace crisp {

#if defined(__CUDACC__) || defined(CRISP_EMULATE_CUDA)
using DefaultDevice = Cuda;
#else
using DefaultDevice = Cpu;
#endif

}  // namespace crisp
