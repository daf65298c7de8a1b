// GraphMemory: the memory of one captured step. A graph has the addresses of its tensors in it, so what it
// was captured with stays its own for as long as it lives: nothing else may get that memory between two
// replays.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "crisp/backend/cuda/runtime.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

// cudaMallocAsync and cudaFreeAsync would become a part of the graph; they could not free what was made
// before it, nor leave behind what outlives it, such as the loss. cudaMalloc stays outside of a capture,
// which permits it in the relaxed mode. So each block comes from cudaMalloc once; freed, it is kept for the
// next tensor of about its size. Within the step that is safe, as a replay has the same order.
class GraphMemory : public std::enable_shared_from_this<GraphMemory> {
 public:
  /// That of the step which this thread captures; null while it captures none.
  static GraphMemory*& current() {
    thread_local GraphMemory* memory = nullptr;
    return memory;
  }

  /// nullptr where the GPU has not enough.
  void* allocate(std::size_t bytes) {
    const std::lock_guard lock(all().mutex);
    if (const auto at = free_.lower_bound(bytes); at != free_.end() && at->first <= 2 * bytes) {
      void* const p = at->second;
      free_.erase(at);
      return p;
    }
    void* p = nullptr;
    const cudaError_t error = cudaMalloc(&p, bytes);
    if (error == cudaErrorMemoryAllocation) return static_cast<void>(cudaGetLastError()), nullptr;
    cuda_check(error, "allocating memory for a graph");
    all().blocks[p] = {shared_from_this(), bytes};
    all().bytes += Index(bytes);
    return p;
  }

  /// Takes back a block, of whatever graph; false where p is of none.
  static bool take_back(void* p) noexcept {
    Unused unused;
    {
      const std::lock_guard lock(all().mutex);
      const auto block = all().blocks.find(p);
      if (block == all().blocks.end()) return false;
      const std::shared_ptr<GraphMemory> owner = block->second.owner;
      owner->free_.emplace(block->second.bytes, p);
      if (owner->closed_) unused.blocks = owner->leave_free();
    }
    free_now(std::move(unused));
    return true;
  }

  /// What is freed in the capture, but was made before it: the graph may have read it, so it is freed with
  /// the graph.
  void keep(void* p) noexcept { kept_.pooled.push_back(p); }

  /// The graph is gone. A tensor that still has a block frees it when it goes itself.
  void close() noexcept {
    Unused unused = std::exchange(kept_, {});
    {
      const std::lock_guard lock(all().mutex);
      closed_ = true;
      append(unused.blocks, leave_free());
    }
    free_now(std::move(unused));
  }

  /// Of all graphs together.
  static Index all_bytes() {
    const std::lock_guard lock(all().mutex);
    return all().bytes;
  }

 private:
  // Memory to free: blocks of graphs, which come from cudaMalloc, and what the pool gave, which goes back
  // there: freed by cudaFree it would count as used for ever.
  struct Unused {
    std::vector<void*> blocks, pooled;
  };
  static void append(std::vector<void*>& to, const std::vector<void*>& more) {
    to.insert(to.end(), more.begin(), more.end());
  }

  struct Block {
    std::shared_ptr<GraphMemory> owner;
    std::size_t bytes;
  };
  struct All {
    std::mutex mutex;
    std::map<void*, Block> blocks;
    Index bytes = 0;
  };
  static All& all() {
    static All* a = new All;  // never destroyed: static tensors may outlive any static map
    return *a;
  }

  // The blocks that no tensor has, from now on ours no more.
  std::vector<void*> leave_free() noexcept {
    std::vector<void*> unused;
    for (const auto& [bytes, p] : free_) {
      unused.push_back(p);
      all().bytes -= Index(bytes);
      all().blocks.erase(p);
    }
    free_.clear();
    return unused;
  }
  // Once no kernel uses it. While another step is captured nobody can wait for that: its graph keeps it.
  static void free_now(Unused unused) noexcept {
    if (unused.blocks.empty() && unused.pooled.empty()) return;
    if (GraphMemory* graph = current()) {
      append(graph->kept_.blocks, unused.blocks);
      append(graph->kept_.pooled, unused.pooled);
      return;
    }
    static_cast<void>(cudaStreamSynchronize(Turn().stream));
    for (void* p : unused.blocks) static_cast<void>(cudaFree(p));
    for (void* p : unused.pooled) static_cast<void>(cudaFreeAsync(p, Turn().stream));
  }

  std::multimap<std::size_t, void*> free_;  // by their bytes
  Unused kept_;
  bool closed_ = false;
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
