# CUDA, where a project has it among its languages: crisp::cuda is what files need that nvcc compiles, besides crisp::crisp. Used here
# with CRISP_CUDA, and by find_package(crisp).

# What of CUDA a program of crisp uses: the runtime (static, by CMake's own choice) and cuBLAS.
find_package(CUDAToolkit 12 QUIET)
if(NOT TARGET CUDA::cublas)
  crisp_missing("the CUDA toolkit 12 or newer with cuBLAS, from NVIDIA's package repository" cuda-toolkit)
endif()

if(NOT TARGET crisp::cuda)
  add_library(crisp_cuda INTERFACE)
  add_library(crisp::cuda ALIAS crisp_cuda)
  target_link_libraries(crisp_cuda INTERFACE CUDA::cublas)
  # -std by hand: CMake 3.25 knows no C++20 for CUDA, and the cxx_std_20 of crisp::crisp does not reach it. nvcc knows no gnu++20, where g++
  # joins a multiplication and an addition; so that the CPU computes the same in all files, g++ is told.
  target_compile_options(crisp_cuda INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20> $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-ffp-contract=fast>)
endif()
