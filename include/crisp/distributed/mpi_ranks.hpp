// MpiRanks: the processes that mpirun started, as Ranks. This is the only header that includes MPI.
#pragma once
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1  // not the old C++ interface of MPI, which would have to be linked too
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <mpi.h>
#if defined(__linux__)
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <thread>
#include <tuple>

#include "crisp/core/parallel.hpp"
#include "crisp/core/processors.hpp"
#include "crisp/core/rounding.hpp"
#include "crisp/distributed/ranks.hpp"
#include "crisp/distributed/stop.hpp"

namespace crisp::distributed {

/// Every exchange is begun without waiting, and then asked for again and again. So a process that waits sees
/// that another has failed or is gone, or that mpirun ends the job, and can save what it has. It looks itself
/// whether the processes on its machine are still there: mpirun tells later, and grants little time then
/// (Open MPI 5 a quarter of a second).
class MpiRanks {
 public:
  /// Joins the processes that mpirun started. Without mpirun it is one process, and MPI is not begun. Throws
  /// Error where MPI and mpirun disagree. To be made once, on the main thread.
  MpiRanks() {
    const Index started = processes_started();
    if (started == 1) return;
    int given;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given);
    begun_ = true;
    MPI_Comm_dup(MPI_COMM_WORLD, &data_);
    MPI_Comm_dup(MPI_COMM_WORLD, &failures_);
    for (const MPI_Comm c : {data_, failures_}) MPI_Comm_set_errhandler(c, MPI_ERRORS_RETURN);
    MPI_Comm_rank(data_, &rank_);
    MPI_Comm_size(data_, &size_);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &here_);
    watch();
    check(size_ == started, "mpirun started ", started, " processes, but MPI joins ", size_,
          " of them\n  hint: use the mpirun of the MPI that this program was built with");
  }
  MpiRanks(const MpiRanks&) = delete;
  MpiRanks& operator=(const MpiRanks&) = delete;

  Index rank() const { return rank_; }
  Index size() const { return size_; }

  /// The rank among the processes on this machine, from 0: by it each can have a GPU of its own.
  Index rank_here() const {
    int rank = 0;
    if (size_ > 1) MPI_Comm_rank(here_, &rank);
    return rank;
  }

  void sum(std::vector<double>& numbers) {
    if (size_ == 1) return;
    auto& buffers = std::get<Buffers<double>>(buffers_);
    buffers.own = numbers;
    sum_up(buffers);
    std::copy_n(buffers.own.begin(), numbers.size(), numbers.begin());
  }

  template <class T, class D>
  void sum(Tensor<T, D>& x) {
    auto& buffers = std::get<Buffers<T>>(buffers_);
    in_messages(x, buffers.own, [&] { sum_up(buffers); });
  }

  template <class T, class D>
  void broadcast(Tensor<T, D>& x) {
    auto& own = std::get<Buffers<T>>(buffers_).own;
    in_messages(x, own, [&] {
      MPI_Request request;
      done(MPI_Ibcast(own.data(), int(own.size()), type(T{}), 0, data_, &request));
      wait(request);
    });
  }

  void broadcast(std::string& text) {
    if (size_ == 1) return;
    std::vector<double> length{rank_ == 0 ? double(text.size()) : 0};
    sum(length);
    text_ = text;
    text_.resize(std::size_t(length[0]));
    MPI_Request request;
    done(MPI_Ibcast(text_.data(), int(text_.size()), MPI_CHAR, 0, data_, &request));
    wait(request);
    text = text_;
  }

  /// How many threads each process can have, so that all on this machine together have as many as there are
  /// processors for them.
  int fair_threads() const {
    if (size_ == 1) return threads();
#if defined(__linux__)
    cpu_set_t mine, all;
    CPU_ZERO(&mine);
    sched_getaffinity(0, sizeof mine, &mine);
    int processes;
    MPI_Comm_size(here_, &processes);
    MPI_Allreduce(&mine, &all, int(sizeof mine / sizeof(long)), MPI_LONG, MPI_BOR, here_);
    const auto quota = crisp::detail::processor_quota();  // of the container
    const int together = crisp::detail::within_quota(CPU_COUNT(&all), quota);
    return std::max(1, std::min(together / processes, CPU_COUNT(&mine)));
#else
    return std::max(1, threads() / size_);
#endif
  }

  /// Returns once done() is true. Throws what another process failed with, or LostRank. All
  /// exchanges wait so, those of NCCL too. A process that is gone may have sent its numbers
  /// before; hence the moment of patience.
  template <class F>
  void wait_for(const F& done) {
    using namespace std::chrono_literals;
    const auto begun = Clock::now();
    std::optional<Clock::time_point> doubted;
    while (!done()) {
      hear_failures();
      const auto now = Clock::now();
      if (now - begun < 2ms) {
        std::this_thread::yield();
        continue;
      }
      if (now - begun > patience) tell_of_stopped();
      const bool gone = ended().has_value();
      const bool asked = rank_ == 0 && detail::stop_asked == SIGTERM;  // by mpirun, which asks all to stop
      if (gone || asked) doubted = doubted.value_or(now);
      if (doubted && now - *doubted > (gone ? 20ms : 100ms))
        give_up(LostRank("train: mpirun ended the job, and a process did not come to the end of the step"));
      std::this_thread::sleep_for(50us);
    }
  }

  /// For a process that cannot go on. The first returns at once, to report what it has caught, and to end().
  /// Another one tells the first why, and waits until the first ends all, or is gone. The first throws that
  /// text at its next exchange, as LostRank or as another Error.
  void leave_to_first(const std::exception& failure) {
    if (rank_ == 0) return;
    const std::string why = failure.what();
    const int tag = dynamic_cast<const LostRank*>(&failure) ? lost : failed;
    int sent = 0, never = 0;
    MPI_Request told, answered;  // the first never answers: MPI ends this request where the first is gone
    MPI_Isend(why.data(), int(why.size()), MPI_CHAR, 0, tag, failures_, &told);
    MPI_Irecv(&never, 1, MPI_INT, 0, tag, failures_, &answered);
    for (int ended_too = 0; !ended() && !ended_too;) {
      if (!sent) MPI_Test(&told, &sent, MPI_STATUS_IGNORE);
      MPI_Test(&answered, &ended_too, MPI_STATUS_IGNORE);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  /// Ends MPI, with the status that this process exits with. Unless it is
  /// 0, the other processes are ended too.
  void end(int status) {
    if (!begun_) return;
    begun_ = false;
    if (status == 0) MPI_Finalize();
    else MPI_Abort(MPI_COMM_WORLD, status);
  }

 private:
  using Clock = std::chrono::steady_clock;
  // Members, as MPI may still use them when a wait was given up.
  template <class T>
  struct Buffers {
    std::vector<T> own, all;
  };
  static constexpr std::chrono::seconds patience{10};
  static constexpr Index message = 1 << 22;   // elements
  static constexpr int failed = 0, lost = 1;  // the tags of failures

  static MPI_Datatype type(float) { return MPI_FLOAT; }
  static MPI_Datatype type(double) { return MPI_DOUBLE; }

  // Calls f for one message after the other: `own` then has elements of x, and
  // what f leaves there goes back to x.
  template <class T, class D, class F>
  void in_messages(Tensor<T, D>& x, std::vector<T>& own, const F& f) {
    if (size_ == 1) return;
    for (Index begin = 0; begin < x.numel(); begin += message) {
      const Index count = std::min(message, x.numel() - begin);
      own.resize(std::size_t(count));
      D::to_host(own.data(), x.data() + begin, count);
      f();
      D::from_host(x.data() + begin, own.data(), count);
    }
  }

  // Each process adds up one chunk of the numbers, in the order of the ranks, and gives the sums to all.
  // So the order does not depend on MPI.
  template <class T>
  void sum_up(Buffers<T>& buffers) {
    std::vector<T>&own = buffers.own, &all = buffers.all;
    const std::size_t size = std::size_t(size_), chunk = ceil_div(own.size(), size);
    own.resize(chunk * size);  // with zeros at its end
    all.resize(chunk * size);
    MPI_Request request;
    done(
        MPI_Ialltoall(own.data(), int(chunk), type(T{}), all.data(), int(chunk), type(T{}), data_, &request));
    wait(request);
    for (std::size_t i = 0; i < chunk; ++i) {
      double total = 0;
      for (std::size_t rank = 0; rank < size; ++rank) total += double(all[rank * chunk + i]);
      own[std::size_t(rank_) * chunk + i] = T(total);
    }
    done(MPI_Iallgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, own.data(), int(chunk), type(T{}), data_,
                        &request));
    wait(request);
  }

  void done(int code) const {
    if (code == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(code, text, &length);
    const std::string why(text, std::size_t(length));
    give_up(LostRank(str("train: the processes cannot exchange their numbers: ", why)));
  }

  // Throws which process is gone, where that can be seen; else `instead`.
  [[noreturn]] void give_up(const LostRank& instead) const {
    if (const auto gone = ended())
      throw LostRank(str("train: process ", *gone, " (from 0) of ", size_, " was lost"));
    throw instead;
  }

  void wait(MPI_Request& request) {
    wait_for([&] {
      int complete = 0;
      done(MPI_Test(&request, &complete, MPI_STATUS_IGNORE));
      return complete != 0;
    });
  }

  void hear_failures() {
    int there = 0, length = 0;
    MPI_Status status;
    done(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, failures_, &there, &status));
    if (!there) return;
    MPI_Get_count(&status, MPI_CHAR, &length);
    std::string why(std::size_t(length), ' ');
    done(MPI_Recv(why.data(), length, MPI_CHAR, status.MPI_SOURCE, status.MPI_TAG, failures_,
                  MPI_STATUS_IGNORE));
    why = str("process ", status.MPI_SOURCE, " (from 0) of ", size_, ": ", why);
    if (status.MPI_TAG == lost) give_up(LostRank(why));
    throw Error(why);
  }

  // Notes which processes of this machine this one watches. The first watches all others. Another one watches
  // the first, which it would wait for for ever where mpirun does not end it.
  void watch() {
#if defined(__linux__)
    // Of process numbers: a container may have a namespace of its own, where those of others mean nothing.
    struct stat space;
    const long known = stat("/proc/self/ns/pid", &space) == 0 ? long(space.st_ino) : 0;
    const long own[] = {rank_, long(getpid()), known};
    int count;
    MPI_Comm_size(here_, &count);
    std::vector<long> all(3 * std::size_t(count));
    MPI_Allgather(own, 3, MPI_LONG, all.data(), 3, MPI_LONG, here_);
    for (std::size_t i = 0; i < all.size(); i += 3) {
      const bool same_space = known != 0 && all[i + 2] == known;
      const bool one_is_first = (rank_ == 0) != (all[i] == 0);
      if (same_space && one_is_first) watched_.emplace_back(int(all[i]), int(all[i + 1]));
    }
#endif
  }

  // The rank of a watched process that has ended.
  std::optional<int> ended() const {
#if defined(__linux__)
    for (const auto& [rank, process] : watched_)
      if (kill(process, 0) != 0 && errno == ESRCH) return rank;
#endif
    return {};
  }

  // Says, once, that a watched process is stopped, as by SIGSTOP: it does not fail, and all wait for it.
  void tell_of_stopped() {
#if defined(__linux__)
    for (const auto& [rank, process] : watched_) {
      if (told_ || !is_stopped(process)) continue;
      told_ = true;
      std::fprintf(stderr,
                   "train: all wait for process %d (from 0), which is stopped; kill -CONT %d lets it go on\n",
                   rank, process);
    }
#endif
  }
  // By the letter after the name in parentheses: T, or t under a debugger.
  static bool is_stopped(int process) {
    std::ifstream file(str("/proc/", process, "/stat"));
    std::string text;
    std::getline(file, text);
    const std::size_t name = text.rfind(')');
    const std::string letter = name == std::string::npos ? "" : text.substr(name).substr(0, 3);
    return letter == ") T" || letter == ") t";
  }

  int rank_ = 0, size_ = 1;
  bool begun_ = false;
  bool told_ = false;  // of a process that is stopped
  MPI_Comm data_ = MPI_COMM_NULL, failures_ = MPI_COMM_NULL;
  MPI_Comm here_ = MPI_COMM_NULL;             // the processes on this machine
  std::vector<std::pair<int, int>> watched_;  // rank, and number of the process
  std::tuple<Buffers<float>, Buffers<double>> buffers_;
  std::string text_;
};

}  // namespace crisp::distributed
