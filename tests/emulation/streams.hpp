// The order of work on the emulated GPU. The stream that is made first does at once what it is asked for. Any
// other does nothing before something waits for it: as late as a GPU might be, so that a missing wait leaves
// NaN in what should have been copied. Blocks of memory remember which streams used them: a copy to memory,
// or its release, that no event orders behind an earlier use is a failure, and so is pinned memory of the
// host that is written again, or freed, before the host has waited for the copy. Like the errors of a GPU, a
// failure shows later: at the next synchronisation of a stream.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

using cudaStream_t = struct crisp_emulated_stream*;

namespace crisp::emulation {
// Of each stream, how many pieces of its work come before.
using Past = std::map<cudaStream_t, std::uint64_t>;
}  // namespace crisp::emulation

struct crisp_emulated_stream {
  bool at_once;
  std::deque<std::function<void()>> waiting;
  std::uint64_t asked = 0;  // pieces of work, with those that wait
  crisp::emulation::Past after = {};
};

namespace crisp::emulation {

class Streams {
 public:
  struct Mark {  // what an event records
    cudaStream_t stream = nullptr;
    std::uint64_t at = 0;
    Past past = {};
  };

  static Streams& get() {
    static Streams* streams = new Streams;  // never destroyed, as static tensors may be freed late
    return *streams;
  }

  cudaStream_t make() {
    const std::lock_guard lock(mutex_);
    return new crisp_emulated_stream{.at_once = !std::exchange(any_, true), .waiting = {}};
  }

  void ask(cudaStream_t s, std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    if (s) ++s->asked;
    if (!s || s->at_once) work();
    else s->waiting.push_back(std::move(work));
  }
  void record(Mark& mark, cudaStream_t s) {
    const std::lock_guard lock(mutex_);
    mark = {s, s->asked, past(s)};
  }
  void hold(cudaStream_t s, const Mark& mark) {
    const std::lock_guard lock(mutex_);
    add(s->after, mark.past);
    ask(s, [this, mark] { finish(mark.stream, mark.at); });
  }
  void wait(const Mark& mark) {
    const std::lock_guard lock(mutex_);
    finish(mark.stream, mark.at);
    add(host_, mark.past);
  }
  void synchronize(cudaStream_t s) {
    Mark mark;
    const std::lock_guard lock(mutex_);
    ++synchronisations_;
    if (!s) return;
    record(mark, s);
    wait(mark);
  }

  void allocated(void* p, std::size_t bytes, cudaStream_t s) {
    const std::lock_guard lock(mutex_);
    ask(s, [] {});
    blocks_[p] = {bytes, {}};
    if (s) blocks_[p].uses[s] = s->asked;
  }
  // A copy, that is asked for next, to or from the block that holds p.
  void used(const void* p, cudaStream_t s) {
    const std::lock_guard lock(mutex_);
    Block* const block = holding(blocks_, p);
    if (!s || !block) return;
    check_order(block->uses, s,
                "a copy is not ordered behind an earlier use of its memory in another stream");
    block->uses[s] = s->asked + 1;
  }
  void freed(void* p, cudaStream_t s) {
    const std::lock_guard lock(mutex_);
    Block* const block = holding(blocks_, p);
    if (s && block)
      check_order(block->uses, s, "memory is freed, and not ordered behind its use in another stream");
    blocks_.erase(p);
  }

  void* pin(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    void* p = std::malloc(bytes);
    if (p) pinned_[p] = {bytes, {}};
    return p;
  }
  // false where p is no pinned memory.
  bool unpin(void* p) {
    const std::lock_guard lock(mutex_);
    const auto block = pinned_.find(p);
    if (block == pinned_.end()) return false;
    if (!waited_for(block->second.copies))
      return fail("pinned memory is freed, and the host has not waited for the copy of it"),
             true;  // it is kept
    pinned_.erase(block);
    std::free(p);
    return true;
  }
  // A copy of so many bytes of the host to the GPU. What is not pinned is read at once.
  void from_host(const void* from, std::size_t bytes, cudaStream_t s, std::function<void(const void*)> copy) {
    const std::lock_guard lock(mutex_);
    if (!s || s->at_once) return ask(s, [=] { copy(from); });
    const std::string_view text(static_cast<const char*>(from), bytes);
    Pinned* const pinned = holding(pinned_, from);
    if (!pinned) return ask(s, [copy, kept = std::string(text)] { copy(kept.data()); });
    if (!waited_for(pinned->copies))
      fail("pinned memory is copied again, and the host has not waited for the copy before");
    pinned->copies[s] = s->asked + 1;
    ask(s, [=, this, hash = std::hash<std::string_view>()(text)] {
      if (hash != std::hash<std::string_view>()(text))
        fail("pinned memory was written before a copy had read it");
      copy(from);
    });
  }

  // How often the host has waited for a stream.
  long synchronisations() {
    const std::lock_guard lock(mutex_);
    return synchronisations_;
  }

  // What went wrong since the last call; "" for nothing.
  std::string take_failure() {
    const std::lock_guard lock(mutex_);
    return std::exchange(failure_, "");
  }

 private:
  struct Block {  // of the GPU's memory
    std::size_t bytes;
    Past uses;  // of each stream, the last piece of work that used it
  };
  struct Pinned {
    std::size_t bytes;
    Past copies;  // of each stream, the last piece of work that copied it
  };

  // The one that p points into; nullptr for none.
  template <class B>
  static B* holding(std::map<const void*, B>& blocks, const void* p) {
    const auto after = blocks.upper_bound(p);
    if (after == blocks.begin()) return nullptr;
    auto& [begin, block] = *std::prev(after);
    return static_cast<const char*>(p) <
                   static_cast<const char*>(begin) + std::max<std::size_t>(block.bytes, 1)
               ? &block
               : nullptr;
  }
  static void add(Past& to, const Past& from) {
    for (const auto& [stream, pieces] : from) to[stream] = std::max(to[stream], pieces);
  }
  Past past(cudaStream_t s) const {
    Past all = s->after;
    add(all, host_);
    all[s] = s->asked;
    return all;
  }
  void check_order(const Past& uses, cudaStream_t s, const char* what) {
    Past before = past(s);
    for (const auto& [stream, piece] : uses)
      if (stream != s && before[stream] < piece) fail(what);
  }
  bool waited_for(const Past& pieces) {
    return std::all_of(pieces.begin(), pieces.end(),
                       [&](const auto& p) { return host_[p.first] >= p.second; });
  }
  void fail(const char* what) {
    if (failure_.empty()) failure_ = what;
  }

  void finish(cudaStream_t s, std::uint64_t pieces) {
    while (s && s->asked - s->waiting.size() < pieces) run_first(s);
  }
  static void run_first(cudaStream_t s) {
    const std::function<void()> work = std::move(s->waiting.front());
    s->waiting.pop_front();
    work();
  }

  std::recursive_mutex mutex_;
  bool any_ = false;
  long synchronisations_ = 0;
  Past host_;  // the host waited for so much
  std::map<const void*, Block> blocks_;
  std::map<const void*, Pinned> pinned_;
  std::string failure_;
};

}  // namespace crisp::emulation
