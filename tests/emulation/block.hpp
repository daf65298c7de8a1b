// Block: runs the threads of one CUDA block, one after the other on the host. A thread goes on until it ends
// or waits: for all others at a barrier, or for those of its warp at a shuffle. What a GPU would not forgive,
// or forgive on some days, is an error here.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "emulation/fiber.hpp"

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

// As on a GPU: who the thread is that runs.
inline constinit thread_local uint3 threadIdx{}, blockIdx{};
inline constinit thread_local dim3 blockDim{}, gridDim{};

namespace crisp::emulation {

enum class Order { forward, backward };  // in which the threads of a block run, between barriers

struct Options {
  Order order = Order::forward;
  int devices = std::getenv("CRISP_EMULATED_GPUS") ? std::atoi(std::getenv("CRISP_EMULATED_GPUS"))
                                                   : 1;            // how many GPUs there seem to be
  std::size_t static_shared = 48 * 1024, all_shared = 227 * 1024;  // bytes that a block may have
};
inline Options& options() {
  static Options o;
  return o;
}

// Where in the source (std::source_location, which clang 14 lacks).
struct Place {
  const char* file;
  unsigned line;
  static constexpr Place here(const char* file = __builtin_FILE(), unsigned line = __builtin_LINE()) {
    return {file, line};
  }
  bool operator==(const Place& other) const { return line == other.line && !std::strcmp(file, other.file); }
};

class Block {
 public:
  // The one that runs on this thread of the host.
  static Block& current() {
    static thread_local Block block;
    return block;
  }

  // Runs body() in each thread. Returns what went wrong, "" for nothing.
  template <class F>
  std::string run(dim3 grid, uint3 index, dim3 size, std::size_t dynamic_bytes, F& body) {
    const Unobserved guard;
    body_ = &body;
    call_ = [](void* b) { (*static_cast<F*>(b))(); };
    begin(grid, index, size, dynamic_bytes);
    schedule();
    if (!failure_.empty()) abandon();
    return failure_;
  }

  // Around all blocks of a launch: blocks are in no order with each other, launches are.
  void begin_launch() { signal_at(&launch_begins_); }
  void end_launch() { wait_at(&launch_ends_); }

  // ---- what kernels call

  void synchronize(Place place) {
    const Unobserved guard;
    Thread& me = running();
    if (done_ > 0) fail("__syncthreads() after threads of the block have returned", place);
    me.place = place;
    ++me.barriers;
    me.state = State::at_barrier;
    ++at_barrier_;
    signal_at(&barrier_signals_[set_]);
    pause();
    wait_at(&barrier_signals_[set_]);
  }

  // All lanes of `mask` meet here; the last one calls complete(arguments), an array of 32, null for who is
  // not here.
  template <class Argument, class F>
  void meet_warp(unsigned mask, const char* what, Argument& argument, bool is_barrier, Place place,
                 F complete) {
    const Unobserved guard;
    Thread& me = running();
    Warp& warp = warps_[current_ / 32];
    const unsigned lane = current_ % 32, first = current_ - lane;
    if (!(mask >> lane & 1)) fail(": the mask leaves out the calling lane", place, what);
    if (mask & ~warp.lanes) fail(": the mask names lanes that the block does not have", place, what);
    if (mask & warp.returned) fail(": the mask names a lane that has returned", place, what);
    me.place = place;
    me.mask = mask;
    me.what = what;
    me.argument = &argument;
    me.state = State::in_warp;
    warp.waiting |= 1u << lane;
    if (is_barrier) signal_at(&warp.signals[set_]);
    bool all = (warp.waiting & mask) == mask;
    for (unsigned m = mask; all && m; m &= m - 1) {
      const Thread& other = threads_[first + unsigned(std::countr_zero(m))];
      all = other.mask == mask && (other.what == what || !std::strcmp(other.what, what));
    }
    if (all) {
      Argument* arguments[32] = {};
      for (unsigned m = mask; m; m &= m - 1) {
        Thread& other = threads_[first + unsigned(std::countr_zero(m))];
        arguments[std::countr_zero(m)] = static_cast<Argument*>(other.argument);
        other.state = State::ready;
      }
      warp.waiting &= ~mask;
      me.state = State::running;
      complete(arguments);
    } else {
      pause();
    }
    if (is_barrier) wait_at(&warp.signals[set_]);
  }

  unsigned lane() const { return current_ % 32; }

  // The memory of the shared array that `tag` stands for: a heap block of its own, full of NaN at first.
  void* shared(const void* tag, std::size_t bytes, std::size_t alignment, Place place) {
    const Unobserved guard;
    for (const Shared& s : shared_)
      if (s.tag == tag) return s.memory.get();
    static_bytes_ += bytes;
    if (static_bytes_ > options().static_shared) fail("more than 48 KiB of static shared memory", place);
    if (static_bytes_ + dynamic_bytes_ > options().all_shared)
      fail("more shared memory than a GPU has", place);
    shared_.push_back({tag, fresh(bytes, alignment)});
    return shared_.back().memory.get();
  }
  void* dynamic_shared() const { return dynamic_.get(); }

  // cp.async: the copy lands when the thread waits for it, so that a missing wait shows as NaN. What is not
  // `valid` becomes zero.
  void copy_async(void* to, const void* from, unsigned bytes, bool valid, Place place) {
    const Unobserved guard;
    if (reinterpret_cast<std::uintptr_t>(to) % bytes ||
        (valid && reinterpret_cast<std::uintptr_t>(from) % bytes))
      fail("cp.async: an address is not aligned", place);
    running().copies.push_back({to, from, bytes, valid});
  }
  void commit_copies() {
    const Unobserved guard;
    running().groups.push_back(running().copies.size());
  }
  void wait_for_copies(int pending) {  // all groups but the newest `pending` land
    std::vector<Copy> landing;
    {
      const Unobserved guard;
      Thread& me = running();
      const std::size_t landed = me.groups.size() > std::size_t(pending)
                                     ? me.groups[me.groups.size() - std::size_t(pending) - 1]
                                     : 0;
      landing.assign(me.copies.begin(), me.copies.begin() + std::ptrdiff_t(landed));
      me.copies.erase(me.copies.begin(), me.copies.begin() + std::ptrdiff_t(landed));
      if (me.groups.size() > std::size_t(pending))
        me.groups.erase(me.groups.begin(), me.groups.end() - pending);
      for (std::size_t& end : me.groups) end -= landed;
    }
    for (const Copy& c : landing) {
      if (c.valid) std::memcpy(c.to, c.from, c.bytes);
      else std::memset(c.to, 0, c.bytes);
    }
  }

  // Ends the launch with an error. Does not return: the stacks of all threads are abandoned, with what lives
  // on them.
  [[noreturn]] void fail(const char* what, Place place, const char* operation = "") {
    failure_ = std::string(operation) + what + " at " + place.file + ":" + std::to_string(place.line) + ", " +
               name_of(running());
    stop_ = true;
    pause();
    std::abort();
  }

 private:
  enum class State : unsigned char { fresh, ready, running, at_barrier, in_warp, done };
  struct Copy {
    void* to;
    const void* from;
    unsigned bytes;
    bool valid;
  };
  struct Thread {
    uint3 index{};
    State state = State::fresh;
    Fiber* fiber = nullptr;
    Place place{};          // where it waits
    unsigned barriers = 0;  // how many it has reached
    unsigned mask = 0;      // of the lanes that it waits for
    const char* what = "";
    void* argument = nullptr;
    std::vector<Copy> copies;         // under way
    std::vector<std::size_t> groups;  // where each group of them ends
  };
  struct Warp {
    unsigned lanes = 0, returned = 0, waiting = 0;
    long signals[2] = {};
  };
  struct Free {
    void operator()(char* p) const { std::free(p); }
  };
  using Memory = std::unique_ptr<char, Free>;
  struct Shared {
    const void* tag;
    Memory memory;
  };

  static Memory fresh(std::size_t bytes, std::size_t alignment) {
    if (bytes == 0) return nullptr;
    void* p = nullptr;
    if (posix_memalign(&p, std::max<std::size_t>(alignment, 16), bytes)) throw std::bad_alloc();
    std::memset(p, 0xff, bytes);
    return Memory(static_cast<char*>(p));
  }

  void begin(dim3 grid, uint3 index, dim3 size, std::size_t dynamic_bytes) {
    gridDim = grid;
    blockIdx = index;
    blockDim = size;
    count_ = size.x * size.y * size.z;
    if (thread_sanitizer)
      set_ ^= 1;  // neighbouring blocks run on different stacks: then races between them show
    if (threads_.size() < count_) threads_.resize(count_);
    for (unsigned i = 0; i < count_; ++i) {
      threads_[i].index = {i % size.x, i / size.x % size.y, i / size.x / size.y};
      threads_[i].state = State::fresh;
      threads_[i].barriers = 0;
      threads_[i].copies.clear();
      threads_[i].groups.clear();
    }
    for (unsigned w = 0; w < (count_ + 31) / 32; ++w) {
      const unsigned lanes = std::min(32u, count_ - w * 32);
      warps_[w].lanes = lanes == 32 ? ~0u : (1u << lanes) - 1;
      warps_[w].returned = warps_[w].waiting = 0;
    }
    shared_.clear();
    static_bytes_ = 0;
    dynamic_bytes_ = dynamic_bytes;
    dynamic_ = fresh(dynamic_bytes, 128);
    failure_.clear();
    begun_ = done_ = at_barrier_ = 0;
    taken_ = 0;
    stop_ = false;
  }

  // Starts every thread, then continues those that need not wait any more, until all have ended or none can
  // go on.
  void schedule() {
    while (begun_ < count_ && !stop_) {
      Fiber* const fiber = take_fiber();
      begin_next(fiber);
      host_.switch_to(*fiber);  // returns when a thread waits, or all have been started
    }
    while (!stop_ && done_ < count_) {
      bool moved = false;
      for (unsigned i = 0; i < count_ && !stop_; ++i) {
        Thread& t = threads_[position(i)];
        if (t.state != State::ready) continue;
        moved = true;
        current_ = position(i);
        t.state = State::running;
        threadIdx = t.index;
        host_.switch_to(*t.fiber);
      }
      if (moved || stop_) continue;
      if (at_barrier_ > 0 && at_barrier_ + done_ == count_) open_barrier();
      else stuck("threads wait for others that never come");
    }
  }

  void open_barrier() {
    const Thread* first = nullptr;
    for (unsigned i = 0; i < count_; ++i) {
      Thread& t = threads_[i];
      if (t.state != State::at_barrier) continue;
      if (!first) first = &t;
      if (!(t.place == first->place) || t.barriers != first->barriers)
        return stuck("the threads of a block wait at different barriers", &t);
    }
    if (done_ > 0) return stuck("threads have returned while others wait at a barrier");
    for (unsigned i = 0; i < count_; ++i) threads_[i].state = State::ready;
    at_barrier_ = 0;
  }

  // The failure of a block in which nothing goes on: one waiting thread stands for all, and one more where
  // they differ.
  void stuck(const char* what, const Thread* other = nullptr) {
    failure_ = std::string(what) + ": " + std::to_string(done_) + " have returned";
    const Thread *barrier = nullptr, *warp = nullptr;
    for (unsigned i = 0; i < count_; ++i) {
      if (!barrier && threads_[i].state == State::at_barrier) barrier = &threads_[i];
      if (!warp && threads_[i].state == State::in_warp) warp = &threads_[i];
    }
    char mask[24] = "";
    if (warp) std::snprintf(mask, sizeof mask, " with mask %08x", warp->mask);
    if (barrier) failure_ += ", __syncthreads() at " + waiting(*barrier);
    if (other) failure_ += ", another at " + waiting(*other);
    if (warp) failure_ += std::string(", ") + warp->what + mask + " at " + waiting(*warp);
    stop_ = true;
  }
  static std::string waiting(const Thread& t) {
    return std::string(t.place.file) + ":" + std::to_string(t.place.line) + ", " + name_of(t);
  }
  static std::string name_of(const Thread& t) {
    return "block " + text(blockIdx) + " thread " + text(t.index);
  }
  static std::string text(uint3 i) {
    return "(" + std::to_string(i.x) + ", " + std::to_string(i.y) + ", " + std::to_string(i.z) + ")";
  }

  // On the stack of a fiber: thread after thread, as long as none has to wait. So a kernel without barriers
  // is a plain loop.
  static void run_threads() {
    ignore_from_here();
    Block& block = current();
    block.running().fiber->arrived();
    for (;;) {
      Fiber* const fiber = block.running().fiber;
      wait_at(&block.launch_begins_);
      block.call_body();
      signal_at(&block.launch_ends_);
      Thread& me = block.running();
      if (!me.copies.empty())
        block.fail("a thread returned before its cp.async copies had landed", Place::here());
      block.let_go();
      if (!thread_sanitizer && block.begun_ < block.count_) {
        block.begin_next(fiber);
        continue;
      }
      fiber->switch_to(block.host_);
    }
  }
  // The thread that runs has ended. Others of its warp must not wait for it.
  void let_go() {
    running().state = State::done;
    ++done_;
    Warp& warp = warps_[current_ / 32];
    warp.returned |= 1u << current_ % 32;
    for (unsigned lanes = warp.waiting; lanes; lanes &= lanes - 1) {
      const Thread& other = threads_[current_ / 32 * 32 + unsigned(std::countr_zero(lanes))];
      if (other.mask & warp.returned)
        fail(": the mask names a lane that has returned", other.place, other.what);
    }
  }
  void call_body() {
    std::string error;
    observe_from_here();
    try {
      call_(body_);
    } catch (const std::exception& e) {
      error = e.what();
    }
    ignore_from_here();
    if (error.empty()) return;
    failure_ = "the kernel threw: " + error + ", " + name_of(running());
    stop_ = true;
    std::string().swap(error);
    pause();
  }

  void begin_next(Fiber* fiber) {
    current_ = position(begun_++);
    running().fiber = fiber;
    running().state = State::running;
    threadIdx = running().index;
  }

  // The next stack that this block has not used: the thread sanitizer takes what runs on one stack as done in
  // that order.
  Fiber* take_fiber() {
    std::deque<Fiber>& fibers = fibers_[set_];
    if (taken_ == fibers.size()) fibers.emplace_back(&Block::run_threads);
    return &fibers[taken_++];
  }

  // After a failure: every stack begins anew. What its threads owned is lost.
  void abandon() {
    for (Fiber& fiber : fibers_[set_]) {
      fiber.in_the_name_of([this] { signal_at(&launch_ends_); });
      fiber.reset();
    }
  }

  void pause() { running().fiber->switch_to(host_); }

  Thread& running() { return threads_[current_]; }
  unsigned position(unsigned i) const { return options().order == Order::forward ? i : count_ - 1 - i; }

  std::vector<Thread> threads_;
  Warp warps_[32];
  std::vector<Shared> shared_;
  Memory dynamic_;
  std::size_t static_bytes_ = 0, dynamic_bytes_ = 0;

  Fiber host_;
  std::deque<Fiber> fibers_[2];  // stay where they are: suspended stacks refer to them
  std::size_t taken_ = 0;
  int set_ = 0;

  unsigned count_ = 0, begun_ = 0, done_ = 0, at_barrier_ = 0, current_ = 0;  // threads; the one that runs
  bool stop_ = false;
  std::string failure_;
  void* body_ = nullptr;
  void (*call_)(void*) = nullptr;
  long barrier_signals_[2] = {}, launch_begins_ = 0,
       launch_ends_ = 0;  // what the thread sanitizer is told about
};

}  // namespace crisp::emulation
