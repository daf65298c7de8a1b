// The memory of the emulated GPU: a part of the address space that faults when the host touches it, but for
// copies and launches. New blocks are full of NaN; around them and in what was freed the address sanitizer
// allows no access. The emulation itself reaches the same memory at other addresses, where it is always open.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <new>

#include "emulation/sanitizers.hpp"

namespace crisp::emulation {

class DeviceMemory {
 public:
  static DeviceMemory& get() {
    static DeviceMemory* memory = new DeviceMemory;  // never destroyed, as static tensors may be freed late
    return *memory;
  }

  // Opens the memory for what runs on the GPU, while it lives.
  class Access {
   public:
    Access() : lock_(get().mutex_) {
      if (get().depth_++ == 0) get().open_to_all();
    }
    ~Access() {
      if (--get().depth_ == 0) get().close_to_host();
    }
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;

   private:
    std::lock_guard<std::recursive_mutex> lock_;
  };

  // nullptr where there is not enough.
  void* allocate(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const std::size_t whole = rounded(bytes);
    if (bytes > size || whole > size) return nullptr;
    auto gap = std::find_if(gaps_.begin(), gaps_.end(), [&](const auto& g) { return g.second >= whole; });
    std::size_t at = top_;
    if (gap != gaps_.end()) {
      at = gap->first;
      if (gap->second > whole) gaps_[at + whole] = gap->second - whole;
      gaps_.erase(gap);
    } else {
      if (top_ + whole > size) return nullptr;
      top_ += whole;
      forbid(begin_ + at, pages(top_) - at);
    }
    blocks_[at] = bytes;
    used_ += bytes;
    reserved_ = std::max(reserved_, used_);
    peak_ = std::max(peak_, reserved_);
    allow(begin_ + at, bytes);
    std::memset(open_ + at, 0xff, bytes);
    return begin_ + at;
  }

  // false where p is no block.
  bool release(void* p) {
    const std::lock_guard lock(mutex_);
    const auto block = blocks_.find(std::size_t(static_cast<char*>(p) - begin_));
    if (block == blocks_.end()) return false;
    std::size_t at = block->first, whole = rounded(block->second);
    forbid(begin_ + at, whole);
    used_ -= block->second;
    blocks_.erase(block);
    auto next = gaps_.lower_bound(at);  // joined with the gaps before and behind it
    if (next != gaps_.end() && next->first == at + whole) {
      whole += next->second;
      next = gaps_.erase(next);
    }
    if (next != gaps_.begin() && std::prev(next)->first + std::prev(next)->second == at) {
      at = std::prev(next)->first;
      whole += std::prev(next)->second;
      gaps_.erase(std::prev(next));
    }
    if (at + whole == top_) top_ = at;
    else gaps_[at] = whole;
    return true;
  }

  // Whether so many bytes from p on lie in one block.
  bool holds(const void* p, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (p < begin_ || p >= begin_ + size) return false;
    const std::size_t at = std::size_t(static_cast<const char*>(p) - begin_);
    const auto block = blocks_.upper_bound(at);
    return block != blocks_.begin() && at + bytes <= std::prev(block)->first + std::prev(block)->second;
  }

  // Where the emulation itself finds what the GPU has at p.
  void* open(const void* p) const { return open_ + (static_cast<const char*>(p) - begin_); }

  // As the attributes of CUDA's pool count: what is used, and the most that was reserved since trim() and
  // forget_peak().
  std::size_t used() const { return used_; }
  std::size_t peak() const { return peak_; }
  void trim() { reserved_ = used_; }
  void forget_peak() { peak_ = reserved_; }

 private:
  static constexpr std::size_t size = std::size_t(8) << 30, red_zone = 64;

  DeviceMemory() {
    const int file = memfd_create("emulated GPU", 0);
    if (file < 0 || ftruncate(file, off_t(size))) throw std::bad_alloc();
    begin_ = map(file, PROT_NONE);
    open_ = map(file, PROT_READ | PROT_WRITE);
    close(file);
  }
  static char* map(int file, int how) {
    void* p = mmap(nullptr, size, how, MAP_SHARED | MAP_NORESERVE, file, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    return static_cast<char*>(p);
  }
  static std::size_t rounded(std::size_t bytes) { return (bytes + red_zone + 255) / 256 * 256; }
  static std::size_t pages(std::size_t bytes) { return (bytes + 4095) / 4096 * 4096; }
  void open_to_all() {
    if (pages(top_) > opened_) mprotect(begin_ + opened_, pages(top_) - opened_, PROT_READ | PROT_WRITE);
    opened_ = std::max(opened_, pages(top_));
  }
  void close_to_host() {  // for much memory this takes long, and tests that use little find the same mistakes
    if (opened_ == 0 || top_ > (1 << 20)) return;
    mprotect(begin_, opened_, PROT_NONE);
    opened_ = 0;
  }

  std::recursive_mutex mutex_;
  char *begin_ = nullptr, *open_ = nullptr;
  std::size_t top_ = 0, opened_ = 0, used_ = 0, reserved_ = 0, peak_ = 0;
  int depth_ = 0;
  std::map<std::size_t, std::size_t> blocks_, gaps_;  // offset -> bytes
};

}  // namespace crisp::emulation
