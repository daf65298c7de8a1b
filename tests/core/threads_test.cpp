// parallel_for and its threads: every number once, whatever the threads do; how many threads there are by
// default.
#include <atomic>
#include <fstream>
#include <thread>

#include "crisp/core/parallel.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text << "\n";
}

// How often parallel_for calls each number.
std::vector<int> calls(Index count) {
  std::vector<std::atomic<int>> called(static_cast<std::size_t>(count));
  parallel_for(count, true, [&](Index i) { ++called[std::size_t(i)]; });
  return {called.begin(), called.end()};
}

struct KeepThreads {
  int before = threads();
  ~KeepThreads() { set_threads(before); }
};

}  // namespace

TEST_CASE("parallel_for calls each number once, for any number of numbers and threads") {
  const KeepThreads keep;
  for (const int count : {1, 2, 3, 7, 16})
    for (const Index n : {0, 1, 2, 3, 5, 8, 15, 64, 1000}) {
      set_threads(count);
      CHECK(calls(n) == std::vector<int>(std::size_t(n), 1));
    }
}

TEST_CASE("thousands of short jobs one after another, with pauses in which the threads fall asleep") {
  const KeepThreads keep;
  set_threads(4);
  Index wrong = 0;
  for (int job = 0; job < 5000; ++job) {
    std::vector<Index> y(5, -1);  // no atomics: what a job wrote is there when parallel_for returns
    parallel_for(5, true, [&](Index i) { y[std::size_t(i)] = job + i; });
    for (Index i = 0; i < 5; ++i) wrong += y[std::size_t(i)] != job + i;
    if (job % 500 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  CHECK(wrong == 0);
}

TEST_CASE("a job within a job, and jobs of several threads at once, are complete") {
  const KeepThreads keep;
  set_threads(3);
  std::atomic<Index> sum = 0;
  parallel_for(10, true, [&](Index) { parallel_for(100, true, [&](Index i) { sum += i; }); });
  CHECK(sum == 10 * 4950);
  std::vector<std::thread> others;
  for (int t = 0; t < 4; ++t)
    others.emplace_back([&] {
      for (int job = 0; job < 300; ++job) parallel_for(50, true, [&](Index i) { sum += i; });
    });
  for (std::thread& other : others) other.join();
  CHECK(sum == 10 * 4950 + 4 * 300 * 1225);
}

TEST_CASE("a thread that is held up keeps nobody from the rest of its share") {
  const KeepThreads keep;
  set_threads(2);
  std::atomic<Index> done = 0;
  std::atomic<bool> seen = false;
  parallel_for(16, true, [&](Index i) {
    if (i == 8) {  // the first number of the second share waits for all others
      const auto begin = std::chrono::steady_clock::now();
      while (done < 15 && std::chrono::steady_clock::now() - begin < std::chrono::seconds(10))
        std::this_thread::yield();
      seen = done == 15;
    } else {
      ++done;
    }
  });
  CHECK(seen);
}

TEST_CASE("the quota of a control group, of version 2 and 1, of it and of those above it") {
  const TemporaryFolder folder;
  const std::string root = folder.path.string();
  CHECK(detail::processor_quota(root) == INFINITY);
  write(folder.path / "proc/self/cgroup", "0::/a/b");
  write(folder.path / "sys/fs/cgroup/a/b/cpu.max", "max 100000");
  CHECK(detail::processor_quota(root) == INFINITY);
  write(folder.path / "sys/fs/cgroup/a/cpu.max", "150000 100000");
  CHECK(detail::processor_quota(root) == 1.5);
  write(folder.path / "sys/fs/cgroup/cpu.max", "50000 100000");
  CHECK(detail::processor_quota(root) == 0.5);

  const TemporaryFolder older;
  write(older.path / "proc/self/cgroup", "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x");
  write(older.path / "sys/fs/cgroup/memory/cpu.cfs_quota_us", "1");
  write(older.path / "sys/fs/cgroup/memory/cpu.cfs_period_us", "100000");
  write(older.path / "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1");
  write(older.path / "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000");
  CHECK(detail::processor_quota(older.path.string()) == INFINITY);
  write(older.path / "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000");
  CHECK(detail::processor_quota(older.path.string()) == 2);
}

TEST_CASE("the default number of threads follows OMP_NUM_THREADS, else the machine") {
  const char* before = std::getenv("OMP_NUM_THREADS");
  const std::string kept = before ? before : "";
  setenv("OMP_NUM_THREADS", "3,2", 1);
  CHECK(usable_processors().count == 3);
  CHECK(usable_processors().reason == "OMP_NUM_THREADS");
  setenv("OMP_NUM_THREADS", "nonsense", 1);
  CHECK(usable_processors().count >= 1);
  CHECK(usable_processors().reason != "OMP_NUM_THREADS");
  before ? setenv("OMP_NUM_THREADS", kept.c_str(), 1) : unsetenv("OMP_NUM_THREADS");
}

TEST_CASE("how long a thread waits awake, by the variables of OpenMP") {
  unsetenv("GOMP_SPINCOUNT");
  const char* before = std::getenv("OMP_WAIT_POLICY");
  const std::string kept = before ? before : "";
  setenv("OMP_WAIT_POLICY", "PASSIVE", 1);
  CHECK(detail::time_to_spin().count() == 0);
  setenv("OMP_WAIT_POLICY", "active", 1);
  CHECK(detail::time_to_spin() == std::chrono::milliseconds(10));
  setenv("GOMP_SPINCOUNT", "1000", 1);
  CHECK(detail::time_to_spin() == std::chrono::microseconds(10));
  unsetenv("GOMP_SPINCOUNT");
  unsetenv("OMP_WAIT_POLICY");
  CHECK(detail::time_to_spin() > std::chrono::microseconds(1));
  CHECK(detail::time_to_spin() < std::chrono::milliseconds(1));
  if (before) setenv("OMP_WAIT_POLICY", kept.c_str(), 1);
}
