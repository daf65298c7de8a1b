# crisp_add_program(NAME SOURCE...): a program that uses crisp, for the CPU.
function(crisp_add_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE crisp::crisp)
endfunction()
