// How much memory this process may use: that of the machine, and no more than its container grants.
#pragma once
#include <unistd.h>

#include "crisp/core/processors.hpp"

namespace crisp {
namespace detail {

// The limit of one control group, given its folder, in v2 or v1; infinite without one.
inline double memory_of_group(const std::string& folder) {
  double least = INFINITY;
  for (const char* name : {"/memory.max", "/memory.limit_in_bytes"}) {
    const double limit = number_of(first_line(folder + name)).value_or(0);  // "max" is no number
    if (limit > 0) least = std::min(least, limit);
  }
  return least;
}

}  // namespace detail

/// The bytes that this process may use together with others: the memory of the machine, or less where the
/// container (cgroup v1 or v2) grants less. `root` stands before /proc and /sys, for tests.
template <class = void>  // for compiled.hpp
Index usable_memory(const std::string& root = "") {
  double least = double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGE_SIZE));
  detail::for_control_groups(root, "memory", [&](const std::string& folder) {
    least = std::min(least, detail::memory_of_group(folder));
  });
  return Index(least);
}

}  // namespace crisp
