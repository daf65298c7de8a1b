// A bounded queue of jobs, of which one computes at a time: with progress, cancelling, and results that are
// forgotten.
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common.hpp"

namespace crisp::program {

struct JobLimits {
  std::size_t waiting = 8;         // jobs beside the one that computes; more are refused
  std::size_t bytes = 512 << 20;   // of results that are kept, the newest in any case; the oldest make room
  std::chrono::seconds kept{600};  // a job or a result that nobody asks for so long is dropped
};

class Jobs {
 public:
  using Files = std::map<std::string, std::shared_ptr<const std::string>>;  // by name
  /// Computes the files of a job; is to call progress(0..1), by which a cancelled job is stopped.
  using Work = std::function<Files(const std::function<void(double)>& progress)>;

  struct State {
    std::string name;       // waiting, running, done or failed
    std::size_t ahead = 0;  // jobs that come first
    double done = 0;        // 0..1
    double left = -1;       // seconds that it will still take; -1: not known yet
    std::string error;      // of a failed job
  };

  /// `begin` is called once, by the thread that computes.
  Jobs(JobLimits limits, std::function<void()> begin);
  ~Jobs();  // stops the running job, and waits for it

  /// The id of the new job; empty where too many wait.
  std::string add(Work work);
  /// Whether another one would be taken.
  bool full();
  /// Whether one computes, be it dropped already.
  bool computes();

  // For an id that is not known (any more) these throw Refused (404).
  State state(const std::string& id);
  std::shared_ptr<const std::string> file(const std::string& id, const std::string& name);
  void drop(const std::string& id);  // whether it waits, computes or is done

  /// Drops what nobody asks for any more; to be called now and then.
  void sweep();

 private:
  using Clock = std::chrono::steady_clock;
  struct Job {
    std::string id;
    Work work;
    State state;
    Files files;
    Clock::time_point started, reported, asked;  // reported: when `done` was
    bool dropped = false;
  };
  struct Stopped {};  // thrown through the work of a job that was dropped

  void compute();
  void compute(Job& job);
  std::shared_ptr<Job> find(const std::string& id);
  void forget(const std::string& id);
  std::size_t count(const std::string& state) const;

  const JobLimits limits_;
  std::mutex mutex_;  // of all that follows
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> jobs_;  // oldest first
  bool stopped_ = false, computes_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace crisp::program
