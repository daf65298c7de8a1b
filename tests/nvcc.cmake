# That nvcc compiles every test, every example and the program, where it is found: for one kind of GPU, without optimising, to no object.
# Programs for a GPU come from the preset cuda.
find_program(CRISP_NVCC nvcc HINTS /usr/local/cuda/bin)
if(CRISP_NVCC)
  execute_process(COMMAND ${CRISP_NVCC} --version OUTPUT_VARIABLE version ERROR_QUIET)
  string(REGEX MATCH "release ([0-9]+)" version "${version}")
endif()
if(NOT CRISP_NVCC OR CMAKE_MATCH_1 LESS 12)
  message(STATUS "nvcc 12 or newer was not found: that it compiles the tests and examples is not checked")
  return()
endif()

set(checked)
function(crisp_nvcc_compiles name source target)  # with what `target` needs
  set(stamp ${CMAKE_CURRENT_BINARY_DIR}/nvcc/${name}.checked)
  set(includes $<FILTER:$<REMOVE_DUPLICATES:$<TARGET_PROPERTY:${target},INTERFACE_INCLUDE_DIRECTORIES>>,EXCLUDE,^${PROJECT_SOURCE_DIR}|^/usr/include$>)
  set(definitions $<TARGET_PROPERTY:${target},INTERFACE_COMPILE_DEFINITIONS>)
  add_custom_command(OUTPUT ${stamp} DEPENDS ${source} DEPFILE ${stamp}.d COMMENT "Compiling ${name} by nvcc" VERBATIM COMMAND_EXPAND_LISTS
    COMMAND ${CRISP_NVCC} -std=c++20 -x cu -arch=compute_80 -O0 -Xcicc -O0 -Xcompiler=-Wall,-Wextra,-Werror,-fsyntax-only -Werror=all-warnings
      "-isystem;$<JOIN:${includes},;-isystem;>" -I${PROJECT_SOURCE_DIR}/include -I${PROJECT_SOURCE_DIR}/tests
      "$<$<BOOL:${definitions}>:-D$<JOIN:${definitions},;-D>>" -MD -MF ${stamp}.d -MT ${stamp} -c ${source} -o ${stamp}.o ${ARGN}
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp})
  set(checked ${checked} ${stamp} PARENT_SCOPE)
endfunction()

file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/nvcc)
foreach(area core autograd ops nn optim models testing cuda)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${area}/*_test.cpp)
  list(FILTER files EXCLUDE REGEX "/core/(gemm|threads)_test|/cuda/emulation_test")  # about the CPU, and about the emulation
  crisp_join(file ${area}_nvcc ${files})
  crisp_nvcc_compiles(${area} ${file} crisp_test)
endforeach()
if(CRISP_BUILD_EXAMPLES)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/[0-9]*.cpp)
  crisp_join(file examples_nvcc ${files})
  crisp_nvcc_compiles(examples ${file} crisp_test -diag-suppress=940 -Xcompiler=-Wno-return-type)  # a main in a namespace has to return something
  foreach(name networks running srgan_training training device)
    crisp_nvcc_compiles(program_${name} ${PROJECT_SOURCE_DIR}/examples/crisp/${name}.cpp crisp_commands -I${PROJECT_SOURCE_DIR}/examples/crisp)
  endforeach()
endif()
add_custom_target(nvcc_compiles ALL DEPENDS ${checked})
