// CUDA graphs on the emulated GPU. While a stream is captured, its kernels, copies and matrix products are
// written down with the arguments that they have then, and a replay runs them with these: it shows what the
// host decided only once, and memory that others got meanwhile.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

enum cudaError_t : int;  // runtime.hpp
using cudaStream_t = struct crisp_emulated_stream*;
enum cudaStreamCaptureMode {
  cudaStreamCaptureModeGlobal,
  cudaStreamCaptureModeThreadLocal,
  cudaStreamCaptureModeRelaxed
};
struct crisp_emulated_graph {
  std::vector<std::function<cudaError_t()>> work;
};
struct crisp_emulated_graph_exec {
  std::vector<std::function<cudaError_t()>> work;
};
using cudaGraph_t = crisp_emulated_graph*;
using cudaGraphExec_t = crisp_emulated_graph_exec*;

namespace crisp::emulation {

class Captures {
 public:
  static Captures& get() {
    static Captures* captures = new Captures;  // never destroyed, as static tensors may be freed late
    return *captures;
  }

  bool begin(cudaStream_t stream, cudaStreamCaptureMode mode) {
    const std::lock_guard lock(mutex_);
    return open_.emplace(stream, Capture{{}, mode, false}).second;
  }
  // What was written down; nullptr where nothing was begun, or the capture was spoiled.
  cudaGraph_t end(cudaStream_t stream) {
    const std::lock_guard lock(mutex_);
    const auto capture = open_.find(stream);
    if (capture == open_.end()) return nullptr;
    const cudaGraph_t graph =
        capture->second.spoiled ? nullptr : new crisp_emulated_graph{std::move(capture->second.work)};
    open_.erase(capture);
    return graph;
  }

  bool capturing(cudaStream_t stream) {
    const std::lock_guard lock(mutex_);
    return open_.count(stream) > 0;
  }
  // Whether the stream is captured; then the work is written down.
  bool write_down(cudaStream_t stream, std::function<cudaError_t()> work) {
    const std::lock_guard lock(mutex_);
    const auto capture = open_.find(stream);
    if (capture == open_.end()) return false;
    capture->second.work.push_back(std::move(work));
    return true;
  }

  // For what must not be done to a stream that is captured, or beside a capture in any but the relaxed mode:
  // whether there is one, which is then of no use any more.
  bool spoil(cudaStream_t stream) {
    const std::lock_guard lock(mutex_);
    const auto capture = open_.find(stream);
    return capture != open_.end() && (capture->second.spoiled = true);
  }
  bool spoil_strict() {
    const std::lock_guard lock(mutex_);
    bool any = false;
    for (auto& [stream, capture] : open_)
      if (capture.mode != cudaStreamCaptureModeRelaxed) any = capture.spoiled = true;
    return any;
  }

 private:
  struct Capture {
    std::vector<std::function<cudaError_t()>> work;
    cudaStreamCaptureMode mode;
    bool spoiled;
  };

  std::mutex mutex_;
  std::map<cudaStream_t, Capture> open_;
};

}  // namespace crisp::emulation
