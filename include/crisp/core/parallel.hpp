// parallel_for: the only place where crisp's CPU code becomes multi-threaded.
#pragma once
#include "crisp/core/thread_pool.hpp"

// CRISP_INDEPENDENT stands before a loop whose passes are independent of each other: the compiler may run
// several at once, as vectors. A header with such loops lies between CRISP_INDEPENDENT_BEGIN and
// CRISP_INDEPENDENT_END: clang would warn of each loop that stays as it is.
#if defined(__clang__)
#define CRISP_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#define CRISP_INDEPENDENT_BEGIN \
  _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wpass-failed\"")
#define CRISP_INDEPENDENT_END _Pragma("clang diagnostic pop")
#else
#define CRISP_INDEPENDENT _Pragma("GCC ivdep")
#define CRISP_INDEPENDENT_BEGIN
#define CRISP_INDEPENDENT_END
#endif

namespace crisp {

/// How many threads parallel_for uses; at first usable_processors() of processors.hpp.
inline int threads() { return detail::ThreadPool::get().threads(); }

/// Sets how many threads parallel_for uses. Results do not depend on it. Throws Error for less than one.
inline void set_threads(int count) {
  check(count >= 1, "set_threads: ", count, " threads were asked for; at least 1 is needed");
  detail::ThreadPool::get().set_threads(count);
}

/// Calls f(i) for i in [0, count), on several threads when `parallel`. f must not throw, and the calls must
/// be independent of each other: then the result is the same for any number of threads.
template <class F>
void parallel_for(Index count, bool parallel, const F& f) {
  const auto chunk = [&f](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) f(i);
  };
  if (parallel) detail::ThreadPool::get().run(count, chunk);
  else chunk(0, count);
}

}  // namespace crisp
