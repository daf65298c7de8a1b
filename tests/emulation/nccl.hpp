// NCCL on the CPU, for tests: what crisp calls of it, between processes that mpirun started, whose emulated
// GPUs hold the tensors. As with a communicator of NCCL that does not block, each exchange goes on when its
// call has returned, until ncclCommGetAsyncError says so.
#pragma once
#include <mpi.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <utility>
#include <vector>

#include "emulation/runtime.hpp"

#define NCCL_VERSION(major, minor, patch) ((major)*10000 + (minor)*100 + (patch))
#define NCCL_VERSION_CODE NCCL_VERSION(2, 14, 0)
#define NCCL_CONFIG_INITIALIZER \
  {}

enum ncclResult_t {
  ncclSuccess = 0,
  ncclInvalidArgument = 4,
  ncclInvalidUsage = 5,
  ncclRemoteError = 6,
  ncclInProgress = 7
};
enum ncclDataType_t { ncclFloat32 = 7, ncclFloat64 = 8 };
struct ncclUniqueId {
  char internal[128];
};
struct ncclConfig_t {
  int blocking = 1;
};

namespace crisp::emulation {

struct Communicator {
  MPI_Comm mpi = MPI_COMM_NULL;
  std::vector<MPI_Request> pending;
};

// Sends and receives between ncclGroupStart and ncclGroupEnd wait here for the latter.
struct Group {
  bool open = false;
  std::vector<std::function<void()>> calls;
};
inline Group& group() {
  static Group g;
  return g;
}

inline MPI_Datatype type_of(ncclDataType_t type) { return type == ncclFloat32 ? MPI_FLOAT : MPI_DOUBLE; }

// Where the emulation finds the elements; nullptr unless they all lie in one block of the GPU's memory.
inline void* elements(const void* p, std::size_t count, ncclDataType_t type) {
  auto& memory = DeviceMemory::get();
  return memory.holds(p, count * (type == ncclFloat32 ? 4 : 8)) ? memory.open(p) : nullptr;
}

}  // namespace crisp::emulation

using ncclComm_t = crisp::emulation::Communicator*;

inline const char* ncclGetErrorString(ncclResult_t result) {
  if (result == ncclSuccess) return "no error";
  return result == ncclRemoteError ? "remote process exited" : "invalid argument or usage";
}
inline const char* ncclGetLastError(ncclComm_t) { return ""; }

inline ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  *id = {};
  std::snprintf(id->internal, sizeof id->internal, "%d", int(getpid()));
  return ncclSuccess;
}

inline ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int ranks, ncclUniqueId id, int rank,
                                           ncclConfig_t* config) {
  int size, own;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_rank(MPI_COMM_WORLD, &own);
  ncclUniqueId first = id;
  MPI_Bcast(first.internal, int(sizeof first.internal), MPI_CHAR, 0, MPI_COMM_WORLD);
  if (std::memcmp(first.internal, id.internal, sizeof id.internal) != 0 || ranks != size || rank != own ||
      config->blocking != 0)
    return ncclInvalidArgument;
  *comm = new crisp::emulation::Communicator;
  (*comm)->pending.resize(1);
  MPI_Comm_idup(MPI_COMM_WORLD, &(*comm)->mpi, (*comm)->pending.data());
  return ncclInProgress;
}

inline ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* state) {
  int complete = 0;
  const int code =
      MPI_Testall(int(comm->pending.size()), comm->pending.data(), &complete, MPI_STATUSES_IGNORE);
  *state = complete ? ncclSuccess : ncclInProgress;
  if (code != MPI_SUCCESS) *state = ncclRemoteError;
  if (complete) comm->pending.clear();
  return ncclSuccess;
}

inline ncclResult_t ncclCommAbort(ncclComm_t comm) {
  if (comm->pending.empty()) delete comm;  // else MPI may still write into what is pending
  return ncclSuccess;
}

inline ncclResult_t ncclGroupStart() {
  crisp::emulation::group() = {true, {}};
  return ncclSuccess;
}
inline ncclResult_t ncclGroupEnd() {
  auto group = std::exchange(crisp::emulation::group(), {});
  for (const auto& call : group.calls) call();
  return group.calls.empty() ? ncclSuccess : ncclInProgress;
}

inline ncclResult_t ncclSend(const void* from, std::size_t count, ncclDataType_t type, int to,
                             ncclComm_t comm, cudaStream_t) {
  const void* p = crisp::emulation::elements(from, count, type);
  if (!p || !crisp::emulation::group().open) return ncclInvalidUsage;
  crisp::emulation::group().calls.push_back([=] {
    MPI_Isend(p, int(count), crisp::emulation::type_of(type), to, 0, comm->mpi,
              &comm->pending.emplace_back());
  });
  return ncclSuccess;
}
inline ncclResult_t ncclRecv(void* to, std::size_t count, ncclDataType_t type, int from, ncclComm_t comm,
                             cudaStream_t) {
  void* p = crisp::emulation::elements(to, count, type);
  if (!p || !crisp::emulation::group().open) return ncclInvalidUsage;
  crisp::emulation::group().calls.push_back([=] {
    MPI_Irecv(p, int(count), crisp::emulation::type_of(type), from, 0, comm->mpi,
              &comm->pending.emplace_back());
  });
  return ncclSuccess;
}

inline ncclResult_t ncclBroadcast(const void* from, void* to, std::size_t count, ncclDataType_t type,
                                  int root, ncclComm_t comm, cudaStream_t) {
  void* p = crisp::emulation::elements(to, count, type);
  if (!p || from != to) return ncclInvalidUsage;  // elsewhere is not needed
  MPI_Ibcast(p, int(count), crisp::emulation::type_of(type), root, comm->mpi, &comm->pending.emplace_back());
  return ncclInProgress;
}
