// The primitives of the CPU: memory, copies, and plain loops over parallel_for.
#pragma once
#include <algorithm>
#include <limits>

#include "crisp/backend/cpu/memory.hpp"
#include "crisp/core/backend.hpp"
#include "crisp/core/parallel.hpp"
#include "crisp/core/rounding.hpp"

CRISP_INDEPENDENT_BEGIN

namespace crisp {

/// All that a device needs but the matrix product. EigenCpu adds Eigen's, and Cpu its own.
struct PlainCpu {
  static constexpr const char* name = "cpu";

  template <class T>
  static T* allocate(Index n) {
    const bool countable = n <= std::numeric_limits<Index>::max() / Index(sizeof(T));
    check(countable, "out of memory: ", n, " elements were asked for");
    return static_cast<T*>(detail::HostPool::instance().allocate(std::size_t(n) * sizeof(T)));
  }
  template <class T>
  static void deallocate(T* p, Index n) noexcept {
    detail::HostPool::instance().deallocate(p, std::size_t(n) * sizeof(T));
  }
  static MemoryUse memory_use() { return detail::HostPool::instance().use(); }
  static void reset_peak() { detail::HostPool::instance().reset_peak(); }

  template <class T>
  static void from_host(T* to, const T* from, Index n) {
    std::copy_n(from, n, to);
  }
  template <class T>
  static void to_host(T* to, const T* from, Index n) {
    std::copy_n(from, n, to);
  }

  template <class F>
  static void for_each(Index n, const F& f) {
    constexpr Index chunk = 4096;
    parallel_for(ceil_div(n, chunk), n > small, [&](Index k) {
      const Index end = std::min(n, (k + 1) * chunk);
      CRISP_INDEPENDENT
      for (Index i = k * chunk; i < end; ++i) f(i);
    });
  }

  template <class F>
  static void for_each(Index rows, Index cols, const F& f) {
    parallel_for(rows, rows * cols > small, [&](Index row) {
      CRISP_INDEPENDENT
      for (Index col = 0; col < cols; ++col) f(row, col);
    });
  }

  template <class Join, class F, class T>
  static void row_reduce(Index rows, Index cols, const F& f, T* y) {
    parallel_for(rows, rows * cols > small, [&](Index row) {
      Wide<T> result = Join::template first<Wide<T>>();
      for (Index col = 0; col < cols; ++col) result = Join::join(result, Wide<T>(f(row, col)));
      y[row] = result;
    });
  }

 private:
  static constexpr Index small = 16384;  // below this many elements threads cost more than they bring
};

}  // namespace crisp

CRISP_INDEPENDENT_END
