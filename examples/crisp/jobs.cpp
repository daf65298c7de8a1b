// See jobs.hpp.
#include "jobs.hpp"

#include <algorithm>
#include <new>

#include "request.hpp"

namespace crisp::program {

namespace {

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

Jobs::Jobs(JobLimits limits, std::function<void()> begin) : limits_(limits) {
  thread_ = std::thread([this, begin = std::move(begin)] {
    begin();
    compute();
  });
}

Jobs::~Jobs() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (const auto& job : jobs_) job->dropped = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool Jobs::full() {
  const std::lock_guard lock(mutex_);
  return count("waiting") >= limits_.waiting;
}

bool Jobs::computes() {
  const std::lock_guard lock(mutex_);
  return computes_;
}

std::string Jobs::add(Work work) {
  const std::lock_guard lock(mutex_);
  if (count("waiting") >= limits_.waiting) return "";
  const auto job = std::make_shared<Job>();
  job->id = random_id();
  job->work = std::move(work);
  job->state.name = "waiting";
  job->asked = Clock::now();
  jobs_.push_back(job);
  wake_.notify_all();
  return job->id;
}

Jobs::State Jobs::state(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto job = find(id);
  State state = job->state;
  if (state.name == "waiting")
    for (const auto& other : jobs_) {
      if (other == job) break;
      state.ahead += other->state.name == "waiting" || other->state.name == "running";
    }
  if (state.name == "running" && state.done > 0) {
    const double taken = seconds(job->reported - job->started), since = seconds(Clock::now() - job->reported);
    state.left = std::max(0.0, taken * (1 - state.done) / state.done - since);
  }
  return state;
}

std::shared_ptr<const std::string> Jobs::file(const std::string& id, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto job = find(id);
  if (job->state.name != "done") throw Refused(409, "this job is not done: it is " + job->state.name);
  if (!job->files.count(name)) throw Refused(404, "there is no such page here");
  return job->files.at(name);
}

void Jobs::drop(const std::string& id) {
  const std::lock_guard lock(mutex_);
  find(id);
  forget(id);
}

void Jobs::sweep() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> old;
  std::size_t bytes = 0;
  for (auto job = jobs_.rbegin(); job != jobs_.rend(); ++job) {  // the newest first
    const bool newest = bytes == 0;
    for (const auto& [name, file] : (*job)->files) bytes += file->size();
    const bool too_many = !(*job)->files.empty() && !newest && bytes > limits_.bytes;
    if (too_many || Clock::now() - (*job)->asked > limits_.kept) old.push_back((*job)->id);
  }
  for (const std::string& id : old) forget(id);
}

std::shared_ptr<Jobs::Job> Jobs::find(const std::string& id) {
  for (const auto& job : jobs_)
    if (job->id == id) {
      job->asked = Clock::now();
      return job;
    }
  throw Refused(404, "there is no such job: it may have been cancelled, or kept too long");
}

void Jobs::forget(const std::string& id) {
  const auto found = std::find_if(jobs_.begin(), jobs_.end(), [&](const auto& job) { return job->id == id; });
  (*found)->dropped = true;  // stops it, if it computes
  jobs_.erase(found);
}

std::size_t Jobs::count(const std::string& state) const {
  return std::size_t(
      std::count_if(jobs_.begin(), jobs_.end(), [&](const auto& job) { return job->state.name == state; }));
}

void Jobs::compute() {
  const auto next = [this] {
    return std::find_if(jobs_.begin(), jobs_.end(),
                        [](const auto& job) { return job->state.name == "waiting"; });
  };
  while (true) {
    std::shared_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopped_ || next() != jobs_.end(); });
      if (stopped_) return;
      job = *next();
      job->state.name = "running";
      computes_ = true;
      job->started = Clock::now();
    }
    compute(*job);
  }
}

void Jobs::compute(Job& job) {
  Files files;
  std::string error;
  try {
    files = job.work([&](double done) {
      const std::lock_guard lock(mutex_);
      if (job.dropped) throw Stopped();
      job.state.done = done;
      job.reported = Clock::now();
    });
  } catch (const Stopped&) {
    error = "cancelled";
  } catch (const std::bad_alloc&) {
    error = "there is not enough memory for this picture";
  } catch (const std::exception& e) {
    error = e.what();
  }
  const std::lock_guard lock(mutex_);
  computes_ = false;
  job.work = nullptr;  // and the upload in it
  job.files = std::move(files);
  job.asked = Clock::now();
  job.state.name = error.empty() ? "done" : "failed";
  job.state.error = error;
}

}  // namespace crisp::program
