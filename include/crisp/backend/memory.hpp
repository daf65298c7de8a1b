// Host memory for tensors: aligned blocks that are kept for reuse, since a training step asks for the same sizes again.
#pragma once
#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_map>
#include <vector>

#include "crisp/core/backend.hpp"
#include "crisp/core/error.hpp"

// The address sanitizer must see every release. CRISP_POISON fills new blocks with NaN, to show reads of
// elements that were never written.
#if defined(__SANITIZE_ADDRESS__) && !defined(CRISP_NO_POOL)
#define CRISP_NO_POOL
#endif

namespace crisp::detail {

class HostPool {
 public:
  static HostPool& instance() {
    static HostPool* pool = new HostPool;  // never destroyed: static tensors may outlive any static pool
    return *pool;
  }

  void* allocate(std::size_t bytes) {
    bytes = rounded(bytes);
    void* block = reuse(bytes);
    if (!block) block = ::operator new(bytes, alignment, std::nothrow);
    if (!block) {
      release();
      block = ::operator new(bytes, alignment, std::nothrow);
    }
    check(block != nullptr, "out of memory: ", bytes / 1048576.0, " MB more were asked for; use smaller images, patches or batches");
#if defined(CRISP_POISON)
    std::memset(block, 0xff, bytes);
#endif
    const std::lock_guard lock(mutex_);
    use_.now += Index(bytes);
    use_.peak = std::max(use_.peak, use_.now + Index(kept_));
    return block;
  }

  void deallocate(void* block, std::size_t bytes) noexcept {
    bytes = rounded(bytes);
    const std::lock_guard lock(mutex_);
    use_.now -= Index(bytes);
#if !defined(CRISP_NO_POOL)
    if (kept_ + bytes <= limit) {
      try {
        free_[bytes].push_back(block);
        kept_ += bytes;
        return;
      } catch (...) {  // no memory for the list: give the block back instead
      }
    }
#endif
    ::operator delete(block, alignment);
  }

  /// Returns all kept blocks to the system.
  void release() {
    const std::lock_guard lock(mutex_);
    for (auto& [bytes, blocks] : free_)
      for (void* block : blocks) ::operator delete(block, alignment);
    free_.clear();
    kept_ = 0;
  }

  MemoryUse use() {
    const std::lock_guard lock(mutex_);
    return use_;
  }
  void reset_peak() {
    release();
    const std::lock_guard lock(mutex_);
    use_.peak = use_.now;
  }

 private:
  static constexpr std::align_val_t alignment{64};
  static constexpr std::size_t limit = std::size_t(1) << 30;  // bytes kept at most

  static std::size_t rounded(std::size_t bytes) { return (bytes + 63) / 64 * 64 + (bytes == 0 ? 64 : 0); }

  void* reuse(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const auto found = free_.find(bytes);
    if (found == free_.end() || found->second.empty()) return nullptr;
    void* block = found->second.back();
    found->second.pop_back();
    kept_ -= bytes;
    return block;
  }

  std::mutex mutex_;
  std::unordered_map<std::size_t, std::vector<void*>> free_;
  std::size_t kept_ = 0;
  MemoryUse use_;
};

}  // namespace crisp::detail
