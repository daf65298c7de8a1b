// The entry point of every test program. Those that nvcc compiles run nothing, and say so, where there is no
// GPU.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#if defined(__CUDACC__)
#include <iostream>

#include "crisp/backend/cuda.cuh"
#endif

int main(int argc, char** argv) {
#if defined(__CUDACC__)
  if (!crisp::cuda_available()) {
    std::cout << "no NVIDIA GPU: the CUDA tests are skipped\n";
    return 77;
  }
#endif
  return doctest::Context(argc, argv).run();
}
