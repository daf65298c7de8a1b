// The calls of the CUDA runtime for events and for pinned memory of the host, on the emulated GPU.
#pragma once
#include "emulation/runtime.hpp"

constexpr unsigned cudaEventBlockingSync = 1, cudaEventDisableTiming = 2, cudaHostAllocDefault = 0;
using cudaEvent_t = crisp::emulation::Streams::Mark*;

inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new crisp::emulation::Streams::Mark;
  return cudaSuccess;
}
inline cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
inline cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  crisp::emulation::Streams::get().record(*event, stream);
  return cudaSuccess;
}
inline cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  crisp::emulation::Streams::get().hold(stream, *event);
  return cudaSuccess;
}
inline cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  crisp::emulation::Streams::get().wait(*event);
  return cudaSuccess;
}

inline cudaError_t cudaHostAlloc(void** p, std::size_t bytes, unsigned) {
  *p = crisp::emulation::Streams::get().pin(bytes);
  return *p ? cudaSuccess : crisp::emulation::result(cudaErrorMemoryAllocation);
}
inline cudaError_t cudaFreeHost(void* p) {
  return crisp::emulation::Streams::get().unpin(p) ? cudaSuccess
                                                   : crisp::emulation::result(cudaErrorInvalidValue);
}
