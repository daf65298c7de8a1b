// See processes.hpp.
#include "processes.hpp"

#include <memory>

#include "common.hpp"

namespace crisp::program {

namespace {
std::unique_ptr<Processes> joined;
}

Processes& processes() {
  if (joined) return *joined;
#if !defined(CRISP_MPI)
  const Index started = distributed::processes_started();
  use(started == 1, "mpirun started ", started,
      " processes, but this crisp was built without MPI; start one, or build again with an MPI installed, "
      "such as libopenmpi-dev");
#endif
  joined = std::make_unique<Processes>();
  return *joined;
}

void leave_to_first(const std::exception& failure) {
  if (joined) joined->leave_to_first(failure);
}

void end_processes(int status) {
  if (joined) joined->end(status);
}

}  // namespace crisp::program
