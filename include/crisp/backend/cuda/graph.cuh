// CapturedStep: work that the stream was given once, as a CUDA graph, to be repeated by a single call.
#pragma once
#include <utility>

#include "crisp/backend/cuda/graph_memory.cuh"
#include "crisp/core/scoped.hpp"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

class CapturedStep {
 public:
  /// Calls step(), whose kernels, copies and matrix products are captured and not run. What it throws
  /// ends the capture.
  template <class F>
  explicit CapturedStep(const F& step) : memory_(std::make_shared<GraphMemory>()) {
    const Session& session = Session::get();
    cuda_check(cudaStreamSynchronize(Turn().stream), "waiting for the GPU");
    cuda_check(cudaMemPoolTrimTo(session.pool, 0),
               "giving back memory");  // what the steps before it used is free for the graph's own memory
    const Capture capture;
    // Relaxed: cudaMalloc is permitted, and other threads may do what they like on streams of their own, such
    // as copies of the next batches.
    cuda_check(cudaStreamBeginCapture(session.stream, cudaStreamCaptureModeRelaxed), "beginning a graph");
    cudaGraph_t graph = nullptr;
    try {
      const Scoped memory(GraphMemory::current(), memory_.get());
      step();
    } catch (...) {
      static_cast<void>(cudaStreamEndCapture(session.stream, &graph));
      if (graph) static_cast<void>(cudaGraphDestroy(graph));
      static_cast<void>(cudaGetLastError());  // the capture may be spoiled; what the step threw says why
      memory_->close();
      throw;
    }
    cudaError_t error = cudaStreamEndCapture(session.stream, &graph);
    if (error == cudaSuccess) error = cudaGraphInstantiate(&graph_, graph, 0);
    if (graph) static_cast<void>(cudaGraphDestroy(graph));
    if (error != cudaSuccess) memory_->close();
    cuda_check(error, "making a graph");
  }
  CapturedStep(const CapturedStep&) = delete;
  CapturedStep& operator=(const CapturedStep&) = delete;
  ~CapturedStep() {
    static_cast<void>(cudaGraphExecDestroy(graph_));  // after its last run
    memory_->close();
  }

  /// Runs it once more, after all work before it.
  void replay() { cuda_check(cudaGraphLaunch(graph_, Turn().stream), "running a graph"); }

 private:
  const std::shared_ptr<GraphMemory> memory_;
  cudaGraphExec_t graph_ = nullptr;
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
