// The calls of the CUDA runtime that crisp makes, on the emulated GPU. All work in crisp's own stream is done
// when a call returns.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>

#include "emulation/block.hpp"
#include "emulation/graph.hpp"
#include "emulation/memory.hpp"
#include "emulation/streams.hpp"

enum cudaError_t : int {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorInsufficientDriver = 35,
  cudaErrorInvalidDeviceFunction = 98,
  cudaErrorInvalidDevice = 101,
  cudaErrorNoKernelImageForDevice = 209,
  cudaErrorNotReady = 600,
  cudaErrorLaunchFailure = 719,
  cudaErrorStreamCaptureUnsupported = 900,
  cudaErrorStreamCaptureInvalidated = 901
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum cudaMemPoolAttr {
  cudaMemPoolAttrReleaseThreshold,
  cudaMemPoolAttrReservedMemHigh,
  cudaMemPoolAttrUsedMemCurrent
};
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize };
enum cudaDeviceAttr { cudaDevAttrMultiProcessorCount, cudaDevAttrMaxSharedMemoryPerBlockOptin };
constexpr unsigned cudaStreamNonBlocking = 1;
using cudaMemPool_t = struct crisp_emulated_pool*;
struct cudaUUID_t {
  char bytes[16];
};
struct cudaDeviceProp {
  char name[256];
  cudaUUID_t uuid;
  std::size_t totalGlobalMem;
  int major, minor, multiProcessorCount;
};

namespace crisp::emulation {

inline thread_local cudaError_t last_error = cudaSuccess;
inline thread_local std::string last_failure;  // what a kernel did wrong

inline cudaError_t result(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

// A call that must not be made while the stream is captured: it spoils the capture.
inline cudaError_t outside_capture(cudaStream_t stream) {
  return Captures::get().spoil(stream) ? result(cudaErrorStreamCaptureUnsupported) : cudaSuccess;
}

// What cudaMalloc has given lies outside of every pool.
class OutsidePools {
 public:
  static OutsidePools& get() {
    static OutsidePools* blocks = new OutsidePools;  // never destroyed, as static tensors may be freed late
    return *blocks;
  }
  void add(void* p, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    blocks_[p] = bytes;
    bytes_ += bytes;
  }
  bool remove(void* p) {  // false where it lies in a pool
    const std::lock_guard lock(mutex_);
    const auto block = blocks_.find(p);
    if (block == blocks_.end()) return false;
    bytes_ -= block->second;
    blocks_.erase(block);
    return true;
  }
  std::size_t bytes() {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  std::mutex mutex_;
  std::map<void*, std::size_t> blocks_;
  std::size_t bytes_ = 0;
};

// The bytes of dynamic shared memory that a kernel may have beyond 48 KiB.
inline std::map<const void*, int>& shared_limits() {
  static std::map<const void*, int> limits;
  return limits;
}

template <class F>
cudaError_t launch(const void* kernel, dim3 grid, dim3 block, std::size_t shared, F body) {
  const std::size_t threads = std::size_t(block.x) * block.y * block.z;
  if (threads == 0 || threads > 1024 || block.z > 64 || grid.x == 0 || grid.x > 2147483647u || grid.y == 0 ||
      grid.y > 65535 || grid.z == 0 || grid.z > 65535)
    return result(cudaErrorInvalidConfiguration);
  const DeviceMemory::Access open;
  const auto limit = shared_limits().find(kernel);
  if (shared > std::size_t(limit == shared_limits().end() ? 48 * 1024 : limit->second))
    return result(cudaErrorInvalidValue);
  Block& runner = Block::current();
  runner.begin_launch();
  std::string failure;
  for (unsigned z = 0; z < grid.z && failure.empty(); ++z)
    for (unsigned y = 0; y < grid.y && failure.empty(); ++y)
      for (unsigned x = 0; x < grid.x && failure.empty(); ++x)
        failure = runner.run(grid, {x, y, z}, block, shared, body);
  runner.end_launch();
  if (failure.empty()) return cudaSuccess;
  last_failure = failure;
  return result(cudaErrorLaunchFailure);
}

}  // namespace crisp::emulation

inline const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInvalidConfiguration:
      return "invalid configuration argument";
    case cudaErrorInsufficientDriver:
      return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorInvalidDeviceFunction:
      return "invalid device function";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    case cudaErrorNoKernelImageForDevice:
      return "no kernel image is available for execution on the device";
    case cudaErrorNotReady:
      return "device not ready";
    case cudaErrorStreamCaptureUnsupported:
      return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureInvalidated:
      return "operation failed due to a previous error during capture";
    case cudaErrorLaunchFailure:
      return crisp::emulation::last_failure.c_str();
  }
  return "unknown error";
}
inline cudaError_t cudaGetLastError() { return std::exchange(crisp::emulation::last_error, cudaSuccess); }

inline cudaError_t cudaGetDeviceCount(int* count) {
  *count = crisp::emulation::options().devices;
  return *count > 0 ? cudaSuccess
                    : crisp::emulation::result(cudaErrorInsufficientDriver);  // as without a driver
}
inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int device) {
  if (device >= crisp::emulation::options().devices) return crisp::emulation::result(cudaErrorInvalidDevice);
  *p = {};
  std::snprintf(p->name, sizeof p->name, "emulated GPU %d", device);
  p->uuid.bytes[15] = char(device);
  p->totalGlobalMem = std::size_t(8) << 30;
  p->major = 9;
  p->multiProcessorCount = 4;
  return cudaSuccess;
}
inline cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr which, int) {
  *value = which == cudaDevAttrMultiProcessorCount ? 4 : int(crisp::emulation::options().all_shared);
  return cudaSuccess;
}
inline cudaError_t cudaSetDevice(int device) {
  return device >= 0 && device < crisp::emulation::options().devices
             ? cudaSuccess
             : crisp::emulation::result(cudaErrorInvalidDevice);
}
inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = crisp::emulation::Streams::get().make();
  return cudaSuccess;
}
inline cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (const cudaError_t error = crisp::emulation::outside_capture(stream)) return error;
  auto& streams = crisp::emulation::Streams::get();
  streams.synchronize(stream);
  const std::string failure = streams.take_failure();
  if (failure.empty()) return cudaSuccess;
  crisp::emulation::last_failure = failure;
  return crisp::emulation::result(cudaErrorLaunchFailure);
}
inline cudaError_t cudaStreamQuery(cudaStream_t stream) { return cudaStreamSynchronize(stream); }
inline cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  *pool = nullptr;
  return cudaSuccess;
}
inline cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr which, void*) {
  if (which == cudaMemPoolAttrReservedMemHigh) crisp::emulation::DeviceMemory::get().forget_peak();
  return cudaSuccess;
}
inline cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t, cudaMemPoolAttr which, void* value) {
  const auto& memory = crisp::emulation::DeviceMemory::get();
  const std::size_t bytes = which == cudaMemPoolAttrReservedMemHigh ? memory.peak() : memory.used();
  *static_cast<std::uint64_t*>(value) =
      bytes - std::min(bytes, crisp::emulation::OutsidePools::get().bytes());
  return cudaSuccess;
}
inline cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, std::size_t) {
  crisp::emulation::DeviceMemory::get().trim();
  return cudaSuccess;
}

inline cudaError_t cudaMallocAsync(void** p, std::size_t bytes, cudaStream_t stream) {
  if (const cudaError_t error = crisp::emulation::outside_capture(stream))
    return error;  // CUDA makes it a part of the graph, which crisp wants nowhere
  *p = crisp::emulation::DeviceMemory::get().allocate(bytes);
  if (*p) crisp::emulation::Streams::get().allocated(*p, bytes, stream);
  return *p ? cudaSuccess : crisp::emulation::result(cudaErrorMemoryAllocation);
}
inline cudaError_t cudaFreeAsync(void* p, cudaStream_t stream) {
  if (const cudaError_t error = crisp::emulation::outside_capture(stream)) return error;
  crisp::emulation::Streams::get().freed(p, stream);
  return !p || crisp::emulation::DeviceMemory::get().release(p)
             ? cudaSuccess
             : crisp::emulation::result(cudaErrorInvalidValue);
}
inline cudaError_t cudaMalloc(void** p, std::size_t bytes) {
  if (crisp::emulation::Captures::get().spoil_strict())
    return crisp::emulation::result(cudaErrorStreamCaptureUnsupported);
  *p = crisp::emulation::DeviceMemory::get().allocate(bytes);
  if (!*p) return crisp::emulation::result(cudaErrorMemoryAllocation);
  crisp::emulation::OutsidePools::get().add(*p, bytes);
  crisp::emulation::Streams::get().allocated(*p, bytes, nullptr);
  return cudaSuccess;
}
inline cudaError_t cudaFree(void* p) {
  if (crisp::emulation::Captures::get().spoil_strict())
    return crisp::emulation::result(cudaErrorStreamCaptureUnsupported);
  if (!p || !crisp::emulation::OutsidePools::get().remove(p))
    return cudaSuccess;  // a block of a pool: a GPU goes on counting it as used
  crisp::emulation::Streams::get().freed(p, nullptr);
  return crisp::emulation::DeviceMemory::get().release(p) ? cudaSuccess
                                                          : crisp::emulation::result(cudaErrorInvalidValue);
}
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                                   cudaStream_t stream) {
  auto& memory = crisp::emulation::DeviceMemory::get();
  auto& streams = crisp::emulation::Streams::get();
  const bool to_gpu = kind != cudaMemcpyDeviceToHost, from_gpu = kind != cudaMemcpyHostToDevice;
  if (bytes == 0) return cudaSuccess;
  if (memory.holds(to, bytes) != to_gpu || memory.holds(from, bytes) != from_gpu)
    return crisp::emulation::result(cudaErrorInvalidValue);
  if (crisp::emulation::Captures::get().write_down(
          stream, [=] { return cudaMemcpyAsync(to, from, bytes, kind, stream); }))
    return cudaSuccess;
  if (to_gpu) streams.used(to, stream);
  if (from_gpu) streams.used(from, stream);
  const auto copy = [=, &memory](const void* source) {
    std::memcpy(to_gpu ? memory.open(to) : to, source, bytes);
  };
  if (from_gpu) streams.ask(stream, [=, &memory] { copy(memory.open(from)); });
  else streams.from_host(from, bytes, stream, copy);
  return cudaSuccess;
}
inline cudaError_t cudaMemsetAsync(void* p, int value, std::size_t bytes, cudaStream_t stream) {
  auto& memory = crisp::emulation::DeviceMemory::get();
  if (bytes > 0 && !memory.holds(p, bytes)) return crisp::emulation::result(cudaErrorInvalidValue);
  if (crisp::emulation::Captures::get().write_down(stream,
                                                   [=] { return cudaMemsetAsync(p, value, bytes, stream); }))
    return cudaSuccess;
  if (bytes > 0) std::memset(memory.open(p), value, bytes);
  return cudaSuccess;
}

template <class... P>
cudaError_t cudaFuncSetAttribute(void (*kernel)(P...), cudaFuncAttribute, int bytes) {
  if (bytes < 0 || std::size_t(bytes) > crisp::emulation::options().all_shared)
    return crisp::emulation::result(cudaErrorInvalidValue);
  const crisp::emulation::DeviceMemory::Access lock;
  crisp::emulation::shared_limits()[reinterpret_cast<const void*>(kernel)] = bytes;
  return cudaSuccess;
}
template <class... P>
cudaError_t cudaLaunchKernel(void (*kernel)(P...), dim3 grid, dim3 block, void** arguments,
                             std::size_t shared, cudaStream_t stream) {
  const auto run = [=](const std::remove_cv_t<P>&... values) {
    return crisp::emulation::launch(reinterpret_cast<const void*>(kernel), grid, block, shared,
                                    [&] { kernel(values...); });
  };
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    auto& captures = crisp::emulation::Captures::get();
    if (captures.capturing(stream)) {  // with the arguments as they are now
      std::tuple<std::remove_cv_t<P>...> values(*static_cast<std::remove_cv_t<P>*>(arguments[i])...);
      captures.write_down(stream, [=] { return std::apply(run, values); });
      return cudaSuccess;
    }
    return run(*static_cast<std::remove_cv_t<P>*>(arguments[i])...);
  }
  (std::index_sequence_for<P...>());
}

// ---- graphs

inline cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  return crisp::emulation::Captures::get().begin(stream, mode)
             ? cudaSuccess
             : crisp::emulation::result(cudaErrorInvalidValue);
}
inline cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = crisp::emulation::Captures::get().end(stream);
  return *graph ? cudaSuccess : crisp::emulation::result(cudaErrorStreamCaptureInvalidated);
}
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long = 0) {
  *exec = new crisp_emulated_graph_exec{graph->work};
  return cudaSuccess;
}
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  if (const cudaError_t error = crisp::emulation::outside_capture(stream)) return error;
  for (const auto& work : exec->work)
    if (const cudaError_t error = work()) return error;
  return cudaSuccess;
}
inline cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) { return delete exec, cudaSuccess; }
inline cudaError_t cudaGraphDestroy(cudaGraph_t graph) { return delete graph, cudaSuccess; }
