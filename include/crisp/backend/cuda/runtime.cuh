// The CUDA runtime as crisp uses it: which GPUs there are, the one in use, checked calls, launches. This is
// the only header that includes CUDA's own; tests read the same kernels with a plain C++ compiler, and an
// emulation takes the place of CUDA there.
#pragma once
#if defined(__CUDACC__) && defined(CRISP_EMULATE_CUDA)
#error "crisp: nvcc needs no emulation; leave out CRISP_EMULATE_CUDA"
#elif defined(__CUDACC__)
#include <cublas_v2.h>
#include <cuda_runtime.h>
#elif defined(CRISP_EMULATE_CUDA)
#include "emulation/cuda.hpp"
#else
#error "crisp: this device is not available in this file; crisp::Cuda needs a file that nvcc compiles"
#endif
#include <atomic>
#include <shared_mutex>
#include <string>
#include <tuple>
#include <vector>

#include "crisp/core/error.hpp"

// Memory that the threads of a block share, of a type such as float[32][33], 16-byte aligned; and such memory
// whose size the launch gives, as elements of a type. The loop that follows CRISP_UNROLL is written out, so
// that its arrays stay in registers; after CRISP_UNROLL_FEW four rounds of it at a time; after CRISP_ROLLED,
// one, so that what it reads does not take up registers too early.
#if !defined(CRISP_EMULATE_CUDA)
#define CRISP_SHARED(type, name) __shared__ __align__(16)::crisp::cuda::Same<type> name
#define CRISP_DYNAMIC_SHARED(type, name)                                 \
  extern __shared__ __align__(128) unsigned char crisp_dynamic_shared[]; \
  type* const name = reinterpret_cast<type*>(crisp_dynamic_shared)
#define CRISP_UNROLL _Pragma("unroll")
#define CRISP_UNROLL_FEW _Pragma("unroll 4")
#define CRISP_ROLLED _Pragma("unroll 1")
#endif

namespace crisp {

/// A GPU of this machine; 9.0 is version {9, 0}.
struct CudaDevice {
  std::string name;
  Index memory;  // bytes
  int major, minor;
};

inline namespace CRISP_CUDA_KIND {

/// The GPUs that this program can use, none where there is no driver. Throws no error.
inline std::vector<CudaDevice> cuda_devices() {
  int count = 0;
  std::vector<CudaDevice> devices;
  if (cudaGetDeviceCount(&count) != cudaSuccess)
    count = 0;  // without a driver this is an error of several kinds
  for (int i = 0; i < count; ++i) {
    cudaDeviceProp p;
    if (cudaGetDeviceProperties(&p, i) == cudaSuccess)
      devices.push_back({p.name, Index(p.totalGlobalMem), p.major, p.minor});
  }
  static_cast<void>(cudaGetLastError());  // what failed here is no failure of the next call
  return devices;
}

/// Whether there is a GPU that this program can use.
inline bool cuda_available() { return !cuda_devices().empty(); }

}  // namespace CRISP_CUDA_KIND

namespace cuda::inline CRISP_CUDA_KIND {

template <class T>
using Same = T;  // lets float[32] stand before a name

inline const char* hint(cudaError_t error) {
  switch (error) {
    case cudaErrorMemoryAllocation:
      return "\n  hint: use smaller images, patches or batches";
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorInvalidDeviceFunction:
      return "\n  hint: the program was compiled for other GPUs; name this one by -arch, or by "
             "CMAKE_CUDA_ARCHITECTURES";
    case cudaErrorStreamCaptureUnsupported:
    case cudaErrorStreamCaptureInvalidated:
      return "\n  hint: within a step of a Graph nothing may wait for the GPU; do that between the steps";
    default:
      return "\n  hint: an error may show at a later call; the environment CUDA_LAUNCH_BLOCKING=1, or "
             "compute-sanitizer, tells where it began";
  }
}

/// Throws Error, which says what was done, unless a call to the CUDA runtime went well.
inline void cuda_check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());
  throw Error(str("cuda: ", what, " failed: ", cudaGetErrorString(error), hint(error)));
}
inline void cuda_check(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw Error(
      str("cuda: ", what, " failed: ", cublasGetStatusString(status), " (cuBLAS)", hint(cudaGetLastError())));
}

/// Throws Error where there is no GPU that this program can use.
inline void require_gpu() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  static_cast<void>(cudaGetLastError());
  check(error == cudaSuccess && count > 0, "cuda: there is no NVIDIA GPU that this program can use (",
        error == cudaSuccess ? "none was found" : cudaGetErrorString(error),
        ")\n  hint: nvidia-smi shows whether the driver works; crisp::Cpu needs no GPU");
}

/// What all of crisp's work on the GPU shares: one stream, in whose order everything happens, the pool of its
/// memory, cuBLAS.
class Session {
 public:
  /// Begins at the first call. Throws Error where there is no GPU.
  static Session& get() {
    static Session* session = new Session;  // never destroyed: static tensors may outlive any static session
    thread_local const bool bound = (cuda_check(cudaSetDevice(session->device), "choosing the GPU"),
                                     true);  // CUDA keeps this for each thread
    static_cast<void>(bound);
    return *session;
  }

  /// The GPU to use, by its place in cuda_devices(). Throws Error where there is no such GPU, or another is
  /// in use already.
  static void choose(int index) {
    const int count = int(cuda_devices().size());
    check(index >= 0 && index < count, "cuda: GPU ", index, " was asked for, but there are ", count,
          ", counted from 0");
    check(!begun() || chosen() == index, "cuda: GPU ", chosen(),
          " is in use already\n  hint: choose before the first tensor is made");
    chosen() = index;
  }

  int device;
  cudaStream_t stream = nullptr;  // to be given work through a Turn
  cudaMemPool_t pool = nullptr;
  cublasHandle_t blas = nullptr;
  mutable std::shared_mutex order;  // held alone by the thread that captures the stream: what another gave it
                                    // then would fall into the graph

 private:
  Session() : device(chosen()) {
    require_gpu();
    cuda_check(cudaSetDevice(device), "choosing the GPU");
    cuda_check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
    cuda_check(cudaDeviceGetDefaultMemPool(&pool, device), "asking for the memory pool");
    std::uint64_t keep = ~std::uint64_t(0);  // all freed blocks are kept for reuse
    cuda_check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep),
               "setting up the memory pool");
    cuda_check(cublasCreate(&blas), "starting cuBLAS");
    cuda_check(cublasSetStream(blas, stream), "starting cuBLAS");
    // A fixed one, so that no product needs memory of its own, which a graph could not give it.
    void* workspace = nullptr;
    cuda_check(cudaMallocAsync(&workspace, blas_workspace, stream), "starting cuBLAS");
    cuda_check(cublasSetWorkspace(blas, workspace, blas_workspace), "starting cuBLAS");
    begun() = true;
  }

#if defined(CRISP_EMULATE_CUDA)
  static constexpr std::size_t blas_workspace = 256;  // bytes, of which the emulation needs none
#else
  static constexpr std::size_t blas_workspace = std::size_t(32)
                                                << 20;  // bytes, as NVIDIA advises for the H100
#endif

  static std::atomic<int>& chosen() {
    static std::atomic<int> index = 0;
    return index;
  }
  static std::atomic<bool>& begun() {
    static std::atomic<bool> yes = false;
    return yes;
  }
};

inline thread_local bool captures = false;  // whether this thread captures the stream

/// Gives the stream one piece of work: cudaMemsetAsync(p, 0, bytes, Turn().stream). Waits while another
/// thread captures it.
class Turn {
 public:
  Turn() : session_(Session::get()), locked_(!captures), stream(session_.stream) {
    if (locked_) session_.order.lock_shared();
  }
  ~Turn() {
    if (locked_) session_.order.unlock_shared();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  const Session& session_;
  const bool locked_;

 public:
  const cudaStream_t stream;
};

/// While it lives, no other thread gives the stream work.
class Capture {
 public:
  Capture() {
    Session::get().order.lock();
    captures = true;
  }
  ~Capture() {
    captures = false;
    Session::get().order.unlock();
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
};

/// Runs a kernel on a grid of blocks, each with so many bytes of dynamic shared memory, after all work before
/// it. `what` names it in errors.
template <class... P, class... A>
void launch(const char* what, void (*kernel)(P...), dim3 grid, dim3 block, std::size_t shared,
            const A&... arguments) {
  static_assert(sizeof...(P) == sizeof...(A));
  const Turn turn;
  if (shared > 48 * 1024)
    cuda_check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(shared)), what);
  std::tuple<std::remove_cv_t<P>...> values(static_cast<P>(arguments)...);
  std::apply(
      [&](auto&... value) {
        void* pointers[] = {static_cast<void*>(&value)..., nullptr};
        cuda_check(cudaLaunchKernel(kernel, grid, block, pointers, shared, turn.stream), what);
      },
      values);
}

}  // namespace cuda::inline CRISP_CUDA_KIND
}  // namespace crisp
