// Staging: host memory from which the GPU fetches by itself (pinned), in a second stream, while it computes
// in the first.
#pragma once
#include "crisp/backend/cuda/plain.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

/// A mark in the order of a stream's work, at which another stream or the host can wait. Without a record
/// nothing waits.
class Event {
 public:
  Event() {
    static_cast<void>(Session::get());                                    // this thread uses the right GPU
    const unsigned how = cudaEventDisableTiming | cudaEventBlockingSync;  // a host that waits sleeps
    cuda_check(cudaEventCreateWithFlags(&event_, how), "making an event");
  }
  ~Event() { static_cast<void>(cudaEventDestroy(event_)); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void record(cudaStream_t stream) { cuda_check(cudaEventRecord(event_, stream), "marking a stream"); }
  void hold(cudaStream_t stream) const {
    cuda_check(cudaStreamWaitEvent(stream, event_, 0), "ordering two streams");
  }
  void wait() const { cuda_check(cudaEventSynchronize(event_), "waiting for a copy to the GPU"); }
  void wait_noexcept() const noexcept { static_cast<void>(cudaEventSynchronize(event_)); }

 private:
  cudaEvent_t event_ = nullptr;
};

/// The stream of the copies, which knows no order with the stream of the computations but that of events.
inline cudaStream_t copy_stream() {
  static cudaStream_t const stream = [] {
    static_cast<void>(Session::get());
    cudaStream_t s = nullptr;
    cuda_check(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking), "making a stream");
    return s;
  }();
  return stream;
}

/// n elements of the host on their way to the GPU: data() to fill them, send() and arrive() for the copy.
template <class T>
class Staging {
 public:
  explicit Staging(Index n) : n_(n) {
    void* p = nullptr;
    cuda_check(cudaHostAlloc(&p, std::max<std::size_t>(bytes(), 1), cudaHostAllocDefault),
               "allocating pinned memory of the host");
    values_ = static_cast<T*>(p);
  }
  ~Staging() {
    arrived_.wait_noexcept();
    static_cast<void>(cudaFreeHost(values_));
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  /// The elements, to be written; the host waits until the copy before has read them.
  T* data() {
    arrived_.wait();
    return values_;
  }

  /// Begins a copy to `to`, memory of the GPU with room for n elements that was allocated before this call.
  /// `to` lies in the order of the computations: the pool may have taken it from a tensor that they still
  /// read. So the copy waits for what they were asked before this call, and for nothing that they are asked
  /// after it.
  void send(T* to) {
    allocated_.record(Turn().stream);
    allocated_.hold(copy_stream());
    cuda_check(cudaMemcpyAsync(to, values_, bytes(), cudaMemcpyHostToDevice, copy_stream()),
               "copying to the GPU");
    arrived_.record(copy_stream());
  }

  /// The computations that are asked for from now on, and the release of `to`, come after the copy. The host
  /// does not wait.
  void arrive() { arrived_.hold(Turn().stream); }

 private:
  std::size_t bytes() const { return std::size_t(n_) * sizeof(T); }

  Index n_;
  T* values_ = nullptr;
  Event allocated_, arrived_;
};

/// What the loader of batches asks a device for.
struct CopiesBesideCompute {
  template <class T>
  using Staging = cuda::Staging<T>;
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
