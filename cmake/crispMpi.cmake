# crisp::mpi: MPI for crisp/distributed/mpi_ranks.hpp and the crisp program, where CRISP_MPI (AUTO, ON or OFF) wants it; else there is no such
# target, and a training is one process.
set(CRISP_MPI AUTO CACHE STRING "Train on several processes, by MPI: AUTO (where it is found), ON or OFF")
set_property(CACHE CRISP_MPI PROPERTY STRINGS AUTO ON OFF)
if(CRISP_MPI AND NOT TARGET crisp::mpi)
  set(MPI_CXX_SKIP_MPICXX ON)  # not its old C++ interface
  find_package(MPI QUIET COMPONENTS CXX)
  if(MPI_CXX_FOUND)
    add_library(crisp_mpi INTERFACE)
    add_library(crisp::mpi ALIAS crisp_mpi)
    target_link_libraries(crisp_mpi INTERFACE MPI::MPI_CXX)
    target_compile_definitions(crisp_mpi INTERFACE CRISP_MPI)
  elseif(CRISP_MPI STREQUAL "AUTO")
    message(STATUS "crisp: MPI was not found, so the crisp program trains on one process (Debian, Ubuntu: apt-get install libopenmpi-dev openmpi-bin)")
  else()
    crisp_missing("MPI, as CRISP_MPI is ${CRISP_MPI}," "libopenmpi-dev openmpi-bin")
  endif()
endif()
