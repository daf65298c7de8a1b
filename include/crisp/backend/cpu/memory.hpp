// Host memory for tensors: segments, cut into blocks that are joined again once they are free, since a
// training step asks for the same memory again and again.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>
#include <vector>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "crisp/core/backend.hpp"
#include "crisp/core/error.hpp"
#include "crisp/core/rounding.hpp"

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
    if (allowance >= 0) {
      check(bytes <= std::size_t(allowance), "out of memory: ", double(bytes) / 1048576,
            " MB more were asked for than may be taken");
      allowance -= Index(bytes);
    }
    const std::lock_guard lock(mutex_);
    void* block = take(bytes);
    check(block != nullptr, "out of memory: ", double(bytes) / 1048576,
          " MB more were asked for; use smaller images, patches or batches");
#if defined(CRISP_POISON)
    std::memset(block, 0xff, bytes);
#endif
    use_.now += Index(bytes);
    use_.peak = std::max(use_.peak, use_.now + Index(kept_));
    return block;
  }

  void deallocate(void* block, std::size_t bytes) noexcept {
    bytes = rounded(bytes);
    const std::lock_guard lock(mutex_);
    use_.now -= Index(bytes);
    put_back(block, bytes);
  }

  MemoryUse use() {
    const std::lock_guard lock(mutex_);
    return use_;
  }
  void reset_peak() {
    const std::lock_guard lock(mutex_);
    release();
    use_.peak = use_.now + Index(kept_);
  }

 private:
  static constexpr std::size_t line = 64;  // to which blocks are aligned

  static std::size_t rounded(std::size_t bytes) { return round_up(std::max(bytes, std::size_t(1)), line); }

#if defined(CRISP_NO_POOL)
  void* take(std::size_t bytes) { return ::operator new (bytes, std::align_val_t{line}, std::nothrow); }
  void put_back(void* block, std::size_t) noexcept { ::operator delete (block, std::align_val_t{line}); }
  void release() {}
#else
  static constexpr std::size_t page = 4096;                       // of the system's memory
  static constexpr std::size_t smallest = std::size_t(32) << 20;  // segment
  static constexpr std::size_t limit = std::size_t(1) << 30;      // bytes kept at most

  struct Segment {
    char* at;
    std::size_t bytes;
  };
  // Free memory, of which the last `fresh` bytes are mere addresses: the system has put no memory there yet.
  struct Chunk {
    char* at;
    std::size_t bytes, fresh;
    std::size_t kept() const { return bytes - fresh; }
    char* end() const { return at + bytes; }
  };

  // The first chunk beyond an address.
  std::vector<Chunk>::iterator after(char* at) {
    const auto before = [](const Chunk& p, char* to) { return p.at < to; };
    return std::lower_bound(free_.begin(), free_.end(), at, before);
  }
  bool begins_segment(char* at) const {
    return std::any_of(segments_.begin(), segments_.end(), [at](const Segment& s) { return s.at == at; });
  }

  void* take(std::size_t bytes) {
    const auto room = 2 * (blocks_ + segments_.size() + 2);
    if (free_.capacity() < room / 2) free_.reserve(room);  // put_back must not need memory
    char* block = cut(bytes);
    if (!block && add_segment(bytes)) block = cut(bytes);
    if (block) ++blocks_;
    return block;
  }

  // From the chunk that needs the least new memory; among those, from the smallest.
  char* cut(std::size_t bytes) {
    const auto added = [bytes](const Chunk& p) { return bytes - std::min(bytes, p.kept()); };
    auto best = free_.end();
    const auto cost = [&added](const Chunk& p) { return std::pair(added(p), p.bytes); };
    for (auto p = free_.begin(); p != free_.end(); ++p)
      if (p->bytes >= bytes && (best == free_.end() || cost(*p) < cost(*best))) best = p;
    if (best == free_.end()) return nullptr;
    char* const block = best->at;
    kept_ -= best->kept();
    *best = {block + bytes, best->bytes - bytes, std::min(best->fresh, best->bytes - bytes)};
    kept_ += best->kept();
    if (best->bytes == 0) free_.erase(best);
    return block;
  }

  // As large as all before it, so that there are few: what is not used of it is not taken from the system.
  bool add_segment(std::size_t bytes) {
    const std::size_t needed = round_up(bytes, page);
    std::size_t size = std::max({needed, smallest, reserved_});
    void* at = ::operator new (size, std::align_val_t{page}, std::nothrow);
    if (!at) {
      release();
      at = ::operator new (size = needed, std::align_val_t{page}, std::nothrow);
    }
    if (!at) return false;
    segments_.push_back({static_cast<char*>(at), size});
    reserved_ += size;
    const Chunk chunk{static_cast<char*>(at), size, size};
    free_.insert(after(chunk.at), chunk);
    return true;
  }

  void put_back(void* block, std::size_t bytes) noexcept {
    --blocks_;
    Chunk chunk{static_cast<char*>(block), bytes, 0};
    auto next = after(chunk.at);
    if (next != free_.end() && next->at == chunk.end() && !begins_segment(next->at)) {
      chunk = {chunk.at, bytes + next->bytes, next->fresh};
      kept_ -= next->kept();
      next = free_.erase(next);
    }
    if (next != free_.begin() && next[-1].end() == chunk.at && !begins_segment(chunk.at)) {
      --next;
      kept_ -= next->kept();
      *next = chunk = {next->at, next->bytes + chunk.bytes, chunk.fresh};
    } else {
      next = free_.insert(next, chunk);
    }
    kept_ += chunk.kept();
    if (kept_ > limit) give_back(*next, kept_ - limit);
  }

  // The last `bytes` that the chunk keeps go back to the system, in whole pages; the addresses stay ours.
  void give_back(Chunk& chunk, std::size_t bytes) noexcept {
#if defined(__linux__)
    const auto begin = reinterpret_cast<std::uintptr_t>(chunk.at), end = begin + chunk.bytes;
    const std::uintptr_t from = round_up(begin + chunk.kept() - std::min(bytes, chunk.kept()), page);
    const std::uintptr_t to = end / page * page;
    if (bytes == 0 || from >= to) return;
    if (madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED) != 0) return;
    kept_ -= chunk.kept();
    chunk.fresh = end - from;
    kept_ += chunk.kept();
#else
    static_cast<void>(chunk), static_cast<void>(bytes);
#endif
  }
  void release() noexcept {
    for (Chunk& chunk : free_) give_back(chunk, chunk.kept());
  }

  std::vector<Segment> segments_;
  std::vector<Chunk> free_;  // by address
  std::size_t blocks_ = 0, reserved_ = 0;
#endif

  std::mutex mutex_;
  std::size_t kept_ = 0;
  MemoryUse use_;
};

}  // namespace crisp::detail
