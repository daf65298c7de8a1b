// How many processors this process may use: those of its affinity mask, and no more than the CPU quota of its
// container grants.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#if defined(__linux__)
#include <sched.h>
#endif

#include "crisp/core/error.hpp"
#include "crisp/core/text.hpp"

namespace crisp {

/// A number of threads, and what it follows from, such as "the affinity mask of this process".
struct Processors {
  int count;
  std::string reason;
};

namespace detail {

inline std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// What "200000 100000" of cgroup v2, or its two numbers in two files of v1, grant: 2 processors. Infinite
// without a limit.
inline double processors_of(const std::string& quota, const std::string& period) {
  // "max" and "-1" are no limit, and so is a missing file.
  const double q = number_of(quota).value_or(0), p = number_of(period).value_or(0);
  return q > 0 && p > 0 ? q / p : INFINITY;
}

// The limit of one control group, given its folder, in v2 or v1.
inline double quota_of_group(const std::string& folder) {
  std::istringstream both(first_line(folder + "/cpu.max"));
  std::string quota, period;
  both >> quota >> period;
  return std::min(processors_of(quota, period), processors_of(first_line(folder + "/cpu.cfs_quota_us"),
                                                              first_line(folder + "/cpu.cfs_period_us")));
}

// Calls visit(folder) for this process's control group of a controller, such as "cpu", and for those above
// it, in v2 and v1. Within a container the path may be that of the host, which is not there: then the
// container's own group is the root of what is mounted. `root` stands before /proc and /sys, for tests.
template <class Visit>
void for_control_groups(const std::string& root, const std::string& controller, const Visit& visit) {
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "0::/path" in v2, "4:cpu,cpuacct:/path" in v1
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && ("," + controllers + ",").find("," + controller + ",") == std::string::npos)
      continue;
    for (std::string path = line.substr(second + 1);; path.erase(path.rfind('/'))) {
      for (const std::string& mount : {std::string(), "/" + controllers, "/" + controller})
        visit(root + "/sys/fs/cgroup" + mount + path);
      if (path.find('/') == std::string::npos) break;
    }
  }
}

// The smallest limit of them.
inline double processor_quota(const std::string& root = "") {
  double least = INFINITY;
  for_control_groups(root, "cpu",
                     [&](const std::string& folder) { least = std::min(least, quota_of_group(folder)); });
  return least;
}

// Of so many processors as many as a quota grants, rounded, and at least one.
inline int within_quota(int count, double quota) {
  return quota < count ? std::clamp(int(std::lround(quota)), 1, count) : count;
}

inline int processors_of_affinity() {
#if defined(__linux__)
  for (std::size_t limit = 1024; limit <= 1 << 20; limit *= 2) {
    cpu_set_t* mask = CPU_ALLOC(limit);
    const std::size_t size = CPU_ALLOC_SIZE(limit);
    const bool fits = mask && sched_getaffinity(0, size, mask) == 0;
    const int count = fits ? CPU_COUNT_S(size, mask) : 0;
    if (mask) CPU_FREE(mask);
    if (count > 0) return count;
  }
#endif
  return std::max(1, int(std::thread::hardware_concurrency()));
}

// What the environment asks for: "4", or "4,2" for nested regions, of which the first counts; 0 where it says
// nothing that can be read.
inline int threads_of_environment() {
  const char* text = std::getenv("OMP_NUM_THREADS");
  return text ? int(std::clamp<long>(std::strtol(text, nullptr, 10), 0, 4096)) : 0;
}

}  // namespace detail

/// How many threads are of use here: OMP_NUM_THREADS if it is set, else the processors of the affinity mask,
/// and no more than the quota of the container (cgroup v1 or v2), rounded, grants.
template <class = void>  // for compiled.hpp
Processors usable_processors() {
  if (const int asked = detail::threads_of_environment()) return {asked, "OMP_NUM_THREADS"};
  const int allowed = detail::processors_of_affinity();
  const int all = std::max(allowed, int(std::thread::hardware_concurrency()));
  const double quota = detail::processor_quota();
  if (const int granted = detail::within_quota(allowed, quota); granted < allowed)
    return {granted, str("the CPU quota of the container, ", quota, " of ", allowed)};
  if (allowed < all) return {allowed, str("the affinity mask of this process, ", allowed, " of ", all)};
  return {allowed, "all processors"};
}

}  // namespace crisp
