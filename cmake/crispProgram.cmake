# crisp_add_program(NAME SOURCE...): a program that uses crisp, for the CPU; and where the project has CUDA
# among its languages, NAME_cuda from the same sources, compiled by nvcc, where crisp::DefaultDevice is the
# GPU. Both are compiled for speed, see crisp_optimise.
function(crisp_add_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE crisp::crisp)
  crisp_optimise(${name})
  if(TARGET crisp::cuda)
    add_executable(${name}_cuda)
    crisp_cuda_sources(${name}_cuda ${ARGN})
    target_link_libraries(${name}_cuda PRIVATE crisp::crisp)
    crisp_optimise(${name}_cuda)
  endif()
endfunction()

# crisp_cuda_sources(TARGET SOURCE...): C++ sources, compiled by nvcc. A file has one language in CMake, and these have two: nvcc is
# given a file that consists of them.
function(crisp_cuda_sources target)
  foreach(source ${ARGN})
    get_filename_component(path ${source} ABSOLUTE)
    file(RELATIVE_PATH name ${CMAKE_CURRENT_SOURCE_DIR} ${path})
    string(REGEX REPLACE "[^A-Za-z0-9_]+" "_" name ${name})
    set(file ${CMAKE_CURRENT_BINARY_DIR}/cuda/${name}.cu)
    file(CONFIGURE OUTPUT ${file} CONTENT "#include \"${path}\"\n")
    target_sources(${target} PRIVATE ${file})
  endforeach()
  target_link_libraries(${target} PRIVATE crisp::cuda)
endfunction()
