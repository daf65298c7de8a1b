// The processes of one training: those that mpirun started, where this program was built with MPI; else this
// one.
#pragma once
#include <exception>

#if defined(CRISP_MPI)
#include "crisp/distributed/mpi_ranks.hpp"
#else
#include "crisp/distributed/ranks.hpp"
#endif

namespace crisp::program {

#if defined(CRISP_MPI)
using Processes = distributed::MpiRanks;
#else
using Processes = distributed::OneRank;
#endif

/// Joined at the first call. Throws Error where mpirun started several and they cannot be joined: each would
/// train alone, in the same folder.
Processes& processes();

/// Another process than the first leaves it to that to report what went wrong here, and does not return.
void leave_to_first(const std::exception& failure);

/// The last thing that the program does, with its exit status.
void end_processes(int status);

}  // namespace crisp::program
