# crisp_add_program(NAME SOURCE...): a program that uses crisp, for the CPU; and where the project has CUDA
# among its languages, NAME_cuda from the same sources, compiled by nvcc, where crisp::DefaultDevice is the
# GPU. Both are compiled for speed, see crisp_optimise; the one for the CPU is linked to crisp::compiled.
function(crisp_add_program name)
  if(CRISP_DISPATCH)
    crisp_add_program_of_several(${name} ${ARGN})
    return()
  endif()
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE crisp::crisp)
  crisp_optimise(${name})
  if(CRISP_COMPILED)
    crisp_add_compiled()
    target_link_libraries(${name} PRIVATE crisp::compiled)
  endif()
  if(CRISP_PRECOMPILE)
    target_precompile_headers(${name} PRIVATE <crisp/crisp.hpp>)
  endif()
  if(TARGET crisp::cuda)
    add_executable(${name}_cuda)
    crisp_cuda_sources(${name}_cuda ${ARGN})
    target_link_libraries(${name}_cuda PRIVATE crisp::crisp)
    crisp_optimise(${name}_cuda)
  endif()
endfunction()

set(crisp_compiled_by_default ON)
if(CRISP_BUILD_TESTS OR CRISP_SANITIZE)  # crisp's own tests: each compiles all that it tests
  set(crisp_compiled_by_default OFF)
endif()
option(CRISP_COMPILED
  "Compile what most programs use once, so that a program of crisp_add_program compiles in a third of the time after a change"
  ${crisp_compiled_by_default})

# With crisp::compiled, a fifth of the time after a change goes into reading crisp.hpp. Not by default: a macro that a source defines before
# its includes then has no effect on them, and each program takes 180 MB more on the disk.
option(CRISP_PRECOMPILE "Give each program of crisp_add_program a precompiled crisp.hpp: less time after a change, more on the disk" OFF)

# crisp_add_compiled(): the library crisp::compiled, see crisp/compiled.hpp. It is optimised in every build type: in one for a debugger
# the networks run at full speed, and the program's own functions line by line.
function(crisp_add_compiled)
  if(TARGET crisp_compiled)
    return()
  endif()
  add_library(crisp_compiled STATIC EXCLUDE_FROM_ALL ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/crispCompiled.cpp)
  add_library(crisp::compiled ALIAS crisp_compiled)
  target_link_libraries(crisp_compiled PUBLIC crisp::crisp)
  target_compile_definitions(crisp_compiled PRIVATE NDEBUG INTERFACE CRISP_COMPILED)
  crisp_optimise(crisp_compiled)
  target_compile_options(crisp_compiled PRIVATE -O3)
endfunction()

option(CRISP_DISPATCH
  "Compile programs for x86-64 processors without and with AVX2 and AVX-512; each is several files, and starts as the right one" OFF)

# As crisp_add_program with CRISP_DISPATCH: NAME-x86-64, NAME-x86-64-v3 (AVX2) and NAME-x86-64-v4 (AVX-512), and NAME, which
# starts the best that its processor can run. The four files belong together.
function(crisp_add_program_of_several name)
  add_executable(${name} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/crispDispatch.cpp)
  set_target_properties(${name} PROPERTIES CXX_STANDARD 17)
  foreach(kind x86-64 x86-64-v3 x86-64-v4)
    add_executable(${name}-${kind} ${ARGN})
    target_compile_options(${name}-${kind} PRIVATE -march=${kind})
    target_link_libraries(${name}-${kind} PRIVATE crisp::crisp)
    crisp_optimise(${name}-${kind})
    add_dependencies(${name} ${name}-${kind})
  endforeach()
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
