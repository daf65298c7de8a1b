// Forward declarations: the front door for headers that only name crisp's types.
#pragma once
#include <cstdint>

#include "crisp/version.hpp"

#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ && !defined(CRISP_FINITE_MATH)
#warning \
    "crisp: with -ffast-math, -Ofast or -ffinite-math-only NaN and infinity get lost on the way, \
and a training that diverges may go on unseen; leave the flag out, or add -fno-finite-math-only \
(-DCRISP_FINITE_MATH: as it is, without this warning)"
#endif

// What runs on a GPU and what the tests emulate on the CPU lie in two namespaces, so that no program can mix
// them.
#if defined(CRISP_EMULATE_CUDA)
#define CRISP_CUDA_KIND emulated
#else
#define CRISP_CUDA_KIND gpu
#endif

namespace crisp {

using Index = std::int64_t;  // every size, extent and position

struct Cpu;       // backend/cpu.hpp
struct EigenCpu;  // backend/cpu/eigen.hpp
inline namespace CRISP_CUDA_KIND {
struct Cuda;  // backend/cuda.cuh, in files that nvcc compiles
}

class Shape;
template <class T, class D>
class Tensor;
template <class T, class D>
class Var;

}  // namespace crisp

// Marks a function that runs on the host and, where nvcc compiles it, on the device as well.
#if defined(__CUDACC__)
#define CRISP_HD __host__ __device__
#else
#define CRISP_HD
#endif
