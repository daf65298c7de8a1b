// Work that takes much memory, such as decoding a picture: one at a time, while a few wait and others are
// refused.
#pragma once
#include <atomic>
#include <mutex>

#include "request.hpp"

namespace crisp::program {

inline Refused busy() { return Refused(503, "too many pictures wait already; try again when one is done"); }

class Turns {
 public:
  explicit Turns(int limit) : limit_(limit) {}

  /// The result of f(), which is called when those before have ended. Throws Refused (503) where `most` are
  /// there already.
  template <class F>
  auto take(const F& f) {
    const Place place(there_);
    if (there_ > limit_) throw busy();
    const std::lock_guard one_at_a_time(mutex_);
    return f();
  }

 private:
  struct Place {
    explicit Place(std::atomic<int>& places) : there(places) { ++there; }
    ~Place() { --there; }
    std::atomic<int>& there;
  };

  const int limit_;
  std::atomic<int> there_ = 0;
  std::mutex mutex_;
};

}  // namespace crisp::program
