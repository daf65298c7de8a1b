// Batches: prepares batches in background threads and hands them out in order,
// the same for any number of threads.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "crisp/core/processors.hpp"
#include "crisp/data/staging.hpp"

namespace crisp::data {

struct LoaderOptions {
  Index batch = 16;
  Index steps = std::numeric_limits<Index>::max();  // the loop ends before this batch
  std::uint64_t seed = 0;
  int threads = 0;            // in the background; 0: see loader_threads
  Index first_step = 0;       // to go on where an earlier loop stopped
  Index part = 0, parts = 1;  // of each batch the part of this process: one of so many equal ones
};

/// How many threads prepare batches unless it is said: half of the processors, 1 to 8. Batches take a small
/// part of the time that a step takes; the other processors are for the steps.
inline int loader_threads() { return std::clamp(usable_processors().count / 2, 1, 8); }

template <class T, class D>
struct Batch {
  Tensor<T, D> input, target;
};

/// The range behind `for (auto& [input, target] : patches.batches<D>(...))`. It can be walked once.
template <class T, class D>
class Batches {
  struct Shared;

 public:
  /// fill(i, input, target) writes batch i; it is called from several threads, and must depend on i alone.
  using Fill = std::function<void(Index step, T* input, T* target)>;

  /// Throws Error unless batch and threads are at least 1, and the batch can be split as asked.
  Batches(LoaderOptions o, Shape input, Shape target, Fill fill) {
    if (o.threads == 0) o.threads = loader_threads();
    check(o.batch >= 1 && o.threads >= 1, "batches: a batch of ", o.batch, " and ", o.threads,
          " threads were asked for; each must be at least 1");
    check(o.parts >= 1 && o.part >= 0 && o.part < o.parts && o.batch % o.parts == 0, "batches: part ", o.part,
          " (from 0) of a batch of ", o.batch, " in ", o.parts,
          " equal parts was asked for\n  hint: the batch must be a multiple of the parts");
    check(o.first_step >= 0, "batches: the first step must be 0 or more, not ", o.first_step);
    shared_ = std::make_shared<Shared>(o, input, target, std::move(fill));
    for (int i = 0; i < o.threads; ++i) workers_.emplace_back([shared = shared_] { shared->work(); });
  }
  Batches(Batches&&) noexcept = default;
  ~Batches() {
    if (!shared_) return;
    shared_->stop();
    for (std::thread& worker : workers_) worker.join();
  }

  class Iterator {
   public:
    explicit Iterator(Shared* shared) : shared_(shared) { advance(); }
    Batch<T, D>& operator*() { return batch_; }
    Iterator& operator++() {
      advance();
      return *this;
    }
    bool operator!=(std::nullptr_t) const { return shared_ != nullptr; }

   private:
    void advance() {
      if (!shared_->take(batch_)) shared_ = nullptr;
    }
    Shared* shared_;
    Batch<T, D> batch_;
  };

  /// How long the loop has waited for batches that were not ready, in seconds, since it began. Where that is
  /// a good part of the time, the training would be faster with more threads, or pictures in memory.
  double seconds_waited() const { return shared_->seconds_waited.load(std::memory_order_relaxed); }

  Iterator begin() { return Iterator(shared_.get()); }
  std::nullptr_t end() { return nullptr; }

 private:
  // Where a batch is prepared and sent from, again and again.
  struct Host {
    using Staging = typename detail::StagingOf<T, D>::Type;
    Staging input, target;
    Host(const Shape& in, const Shape& out) : input(in.numel()), target(out.numel()) {}
  };
  // A batch on its way. Where it goes no further, the host's part is destroyed first, which
  // waits for the copies into the tensors.
  struct Coming {
    Batch<T, D> batch;
    std::unique_ptr<Host> host;
  };
  // What the loop and the workers share: they prepare batches, a few more than the loop has taken.
  struct Shared {
    LoaderOptions options;
    Shape input, target;
    Fill fill;
    std::mutex mutex;
    std::condition_variable changed;
    std::map<Index, std::unique_ptr<Host>> ready;
    std::vector<std::unique_ptr<Host>> spare;  // as many come into being as are in use at one time
    Index next;                                // the batch that a worker begins next
    Index wanted;                              // the batch that the loop sends next
    bool stopped = false;
    std::exception_ptr failure;
    std::atomic<double> seconds_waited = 0;
    std::optional<Coming> coming;  // of the loop's thread alone

    Shared(LoaderOptions o, Shape in, Shape out, Fill f)
        : options(o), input(in), target(out), fill(std::move(f)), next(o.first_step), wanted(o.first_step) {}

    // What each worker does, until all batches are prepared, the loop stops, or a batch fails.
    void work() {
      std::unique_ptr<Host> host;
      while (const std::optional<Index> step = begin_batch(host)) {
        std::exception_ptr error;
        try {
          if (!host) host = std::make_unique<Host>(input, target);
          fill(*step, host->input.data(), host->target.data());
        } catch (...) {
          error = std::current_exception();
        }
        const std::lock_guard lock(mutex);
        if (error) failure = error, stopped = true;
        else ready[*step] = std::move(host);
        changed.notify_all();
        if (error) return;
      }
    }

    // The batch to prepare, and a place for it where one is spare; nothing at the end.
    std::optional<Index> begin_batch(std::unique_ptr<Host>& host) {
      std::unique_lock lock(mutex);
      const Index ahead = 2 * options.threads + 2;
      changed.wait(lock, [&] { return stopped || next >= options.steps || next < wanted + ahead; });
      if (stopped || next >= options.steps) return {};
      if (!spare.empty()) {
        host = std::move(spare.back());
        spare.pop_back();
      }
      return next++;
    }

    // The next batch, on the device; false at the end. Rethrows what a worker threw.
    bool take(Batch<T, D>& batch) {
      batch = {};  // the next one may have its memory
      if (!coming) send_next(true);
      if (!coming) return false;
      coming->host->input.arrive();
      coming->host->target.arrive();
      batch = std::move(coming->batch);
      {
        const std::lock_guard lock(mutex);
        spare.push_back(std::move(coming->host));
      }
      coming.reset();
      // What the loop asks of the device next is the computation with this batch: the copy
      // of the one after goes on beside it.
      if constexpr (detail::StagingOf<T, D>::beside_compute) send_next(false);
      return true;
    }

    // Begins to copy the next batch to the device, unless that was the last;
    // without `wait` only where it is ready.
    void send_next(bool wait) {
      std::unique_ptr<Host> host;
      {
        std::unique_lock lock(mutex);
        if (wanted >= options.steps) return;
        if (!wait && (failure || !ready.count(wanted))) return;
        const auto begun = std::chrono::steady_clock::now();
        changed.wait(lock, [&] { return failure || ready.count(wanted); });
        const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - begun;
        seconds_waited.store(seconds_waited.load() + waited.count());  // this thread alone writes it
        if (failure) std::rethrow_exception(failure);
        host = std::move(ready[wanted]);
        ready.erase(wanted++);
      }
      changed.notify_all();
      coming = Coming{{Tensor<T, D>(input), Tensor<T, D>(target)}, std::move(host)};
      coming->host->input.send(coming->batch.input.data());
      coming->host->target.send(coming->batch.target.data());
    }

    void stop() {
      const std::lock_guard lock(mutex);
      stopped = true;
      changed.notify_all();
    }
  };

  std::shared_ptr<Shared> shared_;
  std::vector<std::thread> workers_;
};

/// What a training takes its batches from. fingerprint() tells one content from another; batch i depends on
/// the seed and i alone, so that a training can be resumed.
template <class Set, class T, class D>
concept BatchSource = requires(const Set& set, LoaderOptions o) {
  { set.template batches<D, T>(o) } -> std::same_as<Batches<T, D>>;
  { set.fingerprint() } -> std::same_as<std::uint64_t>;
};

}  // namespace crisp::data
