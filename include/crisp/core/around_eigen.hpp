// What stands before and after each #include of Eigen: its settings, and the warnings of g++ 12 that are
// wrong about Eigen's code for AVX-512, and are given for some processors and not for all.
#pragma once

#ifndef EIGEN_NO_CUDA
#define EIGEN_NO_CUDA  // Eigen stays host code, also inside files that nvcc compiles
#endif
#ifndef EIGEN_DONT_PARALLELIZE
#define EIGEN_DONT_PARALLELIZE  // for_each_tile has the threads
#endif

#if defined(__GNUC__) && !defined(__clang__)
#define CRISP_BEFORE_EIGEN                                                                   \
  _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wmaybe-uninitialized\"") \
      _Pragma("GCC diagnostic ignored \"-Wuninitialized\"")
#define CRISP_AFTER_EIGEN _Pragma("GCC diagnostic pop")
#else
#define CRISP_BEFORE_EIGEN
#define CRISP_AFTER_EIGEN
#endif
