# The tests of ops, layers and networks, compiled by nvcc: crisp::DefaultDevice is the GPU there. For one kind of GPU, that of this machine
# where it has one: that is enough to run them, or to see that they compile.
set(crisp_gpu ${CMAKE_CUDA_ARCHITECTURES})
list(FILTER crisp_gpu INCLUDE REGEX "real")
if(NOT crisp_gpu)
  set(crisp_gpu ${CMAKE_CUDA_ARCHITECTURES})
endif()
list(GET crisp_gpu -1 CMAKE_CUDA_ARCHITECTURES)

add_library(crisp_test_main_cuda OBJECT)
crisp_cuda_sources(crisp_test_main_cuda main.cpp)
target_link_libraries(crisp_test_main_cuda PRIVATE crisp_test)
add_custom_target(gpu_kit)  # what tests/gpu_kit.sh takes to a machine with a GPU
if(CRISP_BUILD_BENCH AND CRISP_BUILD_EXAMPLES)
  add_dependencies(gpu_kit bench_workloads bench_workloads_cuda 13_graph_cuda)
endif()
foreach(area core autograd ops nn optim models testing cuda)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${area}/*_test.cpp)
  list(FILTER files EXCLUDE REGEX "/core/(gemm|threads)_test|/cuda/emulation_test")  # about the CPU, and about the emulation
  if(CRISP_JOIN_TESTS)
    crisp_join(files ${area}_cuda ${files})
  endif()
  add_executable(test_${area}_cuda $<TARGET_OBJECTS:crisp_test_main_cuda>)
  crisp_cuda_sources(test_${area}_cuda ${files})
  target_link_libraries(test_${area}_cuda PRIVATE crisp_test)
  target_link_options(test_${area}_cuda PRIVATE -Wl,--as-needed)  # so that it runs on machines without the libraries for files
  add_dependencies(gpu_kit test_${area}_cuda)
  add_test(NAME ${area}_cuda COMMAND test_${area}_cuda)
  set_tests_properties(${area}_cuda PROPERTIES LABELS gpu SKIP_RETURN_CODE 77 RUN_SERIAL ON)  # 77: there is no GPU
endforeach()

# Two files that nvcc compiles, and that include everything, link into one program too.
add_executable(test_odr_cuda)
crisp_cuda_sources(test_odr_cuda odr/one.cpp odr/two.cpp)
target_link_libraries(test_odr_cuda PRIVATE crisp_own)
add_test(NAME odr_cuda COMMAND test_odr_cuda)
