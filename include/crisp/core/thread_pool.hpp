// The threads behind parallel_for. They share out a range of numbers, and sleep soon after they have nothing
// to do, so that other programs get the processor.
#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <system_error>
#include <thread>

#include "crisp/core/processors.hpp"

namespace crisp::detail {

// How long a thread looks for work before it sleeps. To wake one takes longer than the gap between two ops,
// so a little waiting pays; more would take time from others. OMP_WAIT_POLICY and GOMP_SPINCOUNT, which users
// know from OpenMP, change it; 100 rounds are a microsecond.
inline std::chrono::nanoseconds time_to_spin() {
  using namespace std::chrono_literals;
  if (const char* rounds = std::getenv("GOMP_SPINCOUNT")) {
    if (*rounds == 'i' || *rounds == 'I') return 24h;  // "infinite"
    return std::chrono::nanoseconds(10 *
                                    std::clamp(std::strtoll(rounds, nullptr, 10), 0ll, 1'000'000'000'000ll));
  }
  const char* policy = std::getenv("OMP_WAIT_POLICY");
  if (policy && (*policy == 'a' || *policy == 'A')) return 10ms;
  if (policy && (*policy == 'p' || *policy == 'P')) return 0ns;
  return 50us;
}

inline void pause_processor() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits until x is no longer `value`: awake for a while, then asleep.
inline void wait_while(const std::atomic<int>& x, int value, std::chrono::nanoseconds awake) {
  if (awake.count() > 0) {
    const auto begin = std::chrono::steady_clock::now();
    do
      for (int i = 0; i < 64; ++i) {
        if (x.load(std::memory_order_acquire) != value) return;
        pause_processor();
      }
    while (std::chrono::steady_clock::now() - begin < awake);
  }
  x.wait(value, std::memory_order_acquire);
}

// One job at a time: f(begin, end) for chunks of [0, count). Each thread begins with a share of its own, so
// that it finds in its cache what it wrote in the op before, and then takes chunks of the others' shares. So
// nobody waits for a thread that the system has not woken yet, or that another program keeps from running,
// except for the one chunk that it is at.
class ThreadPool {
 public:
  // Never destroyed: static objects may compute at the end of the program.
  static ThreadPool& get() {
    static ThreadPool* pool = new ThreadPool;
    return *pool;
  }

  int threads() const { return threads_.load(std::memory_order_relaxed); }
  void set_threads(int count) { threads_.store(count, std::memory_order_relaxed); }

  // Within a job, or beside one of another thread, the caller does all of it alone.
  template <class F>
  void run(Index count, const F& f) {
    const int sharers = int(std::min<Index>(threads(), count));
    if (sharers <= 1 || busy_.test_and_set(std::memory_order_acquire)) return f(Index(0), count);
    call_ = [](const void* context, Index begin, Index end) {
      (*static_cast<const F*>(context))(begin, end);
    };
    context_ = &f;
    share_out(count, sharers);
    generation_.fetch_add(1);  // odd: open
    generation_.notify_all();
    work(0);
    generation_.fetch_add(1);  // even: nobody begins any more
    for (int inside = inside_.load(); inside > 0; inside = inside_.load()) wait_while(inside_, inside, spin_);
    busy_.clear(std::memory_order_release);
  }

 private:
  struct alignas(64) Share {  // each in a cache line of its own
    std::atomic<Index> next{0};
    Index end = 0, chunk = 1;
  };

  ThreadPool() : threads_(usable_processors().count) {}

  void share_out(Index count, int sharers) {
    while (workers_ < sharers - 1 && begin_worker()) {
    }
    sharers_ = std::min(sharers, workers_ + 1);
    if (capacity_ < sharers_) {
      shares_ = std::make_unique<Share[]>(std::size_t(sharers_));
      capacity_ = sharers_;
    }
    for (int s = 0; s < sharers_; ++s) {
      const Index begin = s * count / sharers_, end = (s + 1) * count / sharers_;
      shares_[std::size_t(s)].next.store(begin, std::memory_order_relaxed);
      shares_[std::size_t(s)].end = end;
      shares_[std::size_t(s)].chunk = std::max<Index>(1, (end - begin) / 8);
    }
  }

  // Whether the system gave another thread, which lives as long as the program. Under a limit on threads the
  // others do its work.
  bool begin_worker() {
    try {
      std::thread([this, number = workers_ + 1] { serve(number); }).detach();
      ++workers_;
      return true;
    } catch (const std::system_error&) {
      return false;
    }
  }

  // The life of a worker. It counts itself in before it looks whether the job is still open: so the one who
  // closes it either sees it inside and waits, or is seen.
  void serve(int number) {
    for (int seen = 0;;) {
      const int now = generation_.load();
      if (now == seen || now % 2 == 0) {
        wait_while(generation_, now, spin_);
        continue;
      }
      seen = now;
      inside_.fetch_add(1);
      if (generation_.load() == now && number < sharers_) work(number);
      if (inside_.fetch_sub(1) == 1) inside_.notify_all();
    }
  }

  void work(int first) {
    for (int s = 0; s < sharers_; ++s) {
      Share& share = shares_[std::size_t((first + s) % sharers_)];
      for (;;) {
        const Index begin = share.next.fetch_add(share.chunk, std::memory_order_relaxed);
        if (begin >= share.end) break;
        call_(context_, begin, std::min(share.end, begin + share.chunk));
      }
    }
  }

  const std::chrono::nanoseconds spin_ = time_to_spin();
  std::atomic<int> threads_;
  std::atomic_flag busy_;
  std::unique_ptr<Share[]> shares_;
  int workers_ = 0, capacity_ = 0;
  int sharers_ = 0;
  void (*call_)(const void*, Index, Index) = nullptr;
  const void* context_ = nullptr;
  alignas(64) std::atomic<int> generation_{0};
  alignas(64) std::atomic<int> inside_{0};
};

}  // namespace crisp::detail
