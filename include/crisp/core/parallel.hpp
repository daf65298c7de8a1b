// parallel_for: the only place where crisp's CPU code becomes multi-threaded (OpenMP, where it is found).
#pragma once
#include <algorithm>

#include "crisp/core/error.hpp"
#if defined(_OPENMP)
#include <omp.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <thread>
#include <vector>
#endif

// Before a loop whose passes are independent of each other: the compiler may run several at once, as vectors.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"  // a loop that stays as it is deserves no warning in every file that includes this
#define CRISP_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define CRISP_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace crisp {

/// How many threads parallel_for uses.
inline int threads() {
#if defined(_OPENMP)
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// Sets how many threads parallel_for uses. Results do not depend on it. Throws Error for less than one.
inline void set_threads(int count) {
  check(count >= 1, "set_threads: ", count, " threads were asked for; at least 1 is needed");
#if defined(_OPENMP)
  omp_set_num_threads(count);
#endif
}

/// Calls f(i) for i in [0, count), on several threads when `parallel`. f must not throw, and the calls must
/// be independent of each other: then the result is the same for any number of threads.
template <class F>
void parallel_for(Index count, bool parallel, const F& f) {
#if defined(__SANITIZE_THREAD__)  // it does not see how OpenMP's threads wait for each other
  const Index workers = parallel ? std::min<Index>(threads(), count) : 1;
  std::vector<std::thread> others;
  for (Index w = 1; w < workers; ++w)
    others.emplace_back([&, w] {
      for (Index i = w * count / workers; i < (w + 1) * count / workers; ++i) f(i);
    });
  for (Index i = 0; i < (workers > 0 ? count / workers : 0); ++i) f(i);
  for (std::thread& other : others) other.join();
  return;
#endif
#if defined(_OPENMP)
#pragma omp parallel for schedule(static) if (parallel && count > 1)
#endif
  for (Index i = 0; i < count; ++i) f(i);
  static_cast<void>(parallel);
}

}  // namespace crisp
