// expect: crisp: this device is not available in this file; crisp::Cuda needs a file that nvcc compiles
#include "crisp/backend/cpu.hpp"
#include "crisp/core/tensor.hpp"
using namespace crisp;

#ifdef MISTAKE
using Device = Cuda;
#else
using Device = Cpu;
#endif

int main() { return int(Tensor<float, Device>({2, 3}).numel()); }
