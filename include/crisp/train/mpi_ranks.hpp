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
#endif

#include <chrono>
#include <optional>
#include <thread>
#include <tuple>

#include "crisp/core/parallel.hpp"
#include "crisp/train/ranks.hpp"
#include "crisp/train/stop.hpp"

namespace crisp::train {

/// Every exchange is begun without waiting, and then asked for: so a process that waits sees that another has failed, or that mpirun
/// ends the job as one was lost, and can save what it has.
class MpiRanks {
 public:
  /// Joins the processes that mpirun started; without mpirun it is one process, and MPI is not begun. Throws Error where MPI and
  /// mpirun disagree. To be made once, on the main thread.
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
    check(size_ == started, "mpirun started ", started, " processes, but MPI joins ", size_, " of them\n  hint: use the mpirun of the MPI that this program was built with");
  }
  MpiRanks(const MpiRanks&) = delete;
  MpiRanks& operator=(const MpiRanks&) = delete;

  Index rank() const { return rank_; }
  Index size() const { return size_; }

  /// Which of the processes on this machine this one is, from 0: each can have a GPU of its own by it.
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

  /// How many threads each process can have, so that all on this machine have as many as there are processors that they may use.
  int fair_threads() const {
    if (size_ == 1) return threads();
#if defined(__linux__)
    cpu_set_t mine, all;
    CPU_ZERO(&mine);
    sched_getaffinity(0, sizeof mine, &mine);
    int processes;
    MPI_Comm_size(here_, &processes);
    MPI_Allreduce(&mine, &all, int(sizeof mine / sizeof(long)), MPI_LONG, MPI_BOR, here_);
    return std::max(1, std::min(CPU_COUNT(&all) / processes, CPU_COUNT(&mine)));
#else
    return std::max(1, threads() / size_);
#endif
  }

  /// Returns once done() is true, or throws: what another process failed with, or LostRank. So an exchange waits, of whatever kind.
  template <class F>
  void wait_for(const F& done) {
    const auto begun = Clock::now();
    std::optional<Clock::time_point> asked;
    while (!done()) {
      hear_failures();
      const auto now = Clock::now();
      if (rank_ == 0 && detail::stop_asked == SIGTERM) {  // mpirun asks all to stop: each will come here, unless it is lost
        asked = asked.value_or(now);
        if (now - *asked > std::chrono::milliseconds(300)) throw LostRank("train: a process was lost: it did not come to the end of the step when mpirun ended the job");
      }
      if (now - begun < std::chrono::milliseconds(2)) std::this_thread::yield();
      else std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

  /// For a process that cannot go on: another than the first tells it why, which it throws at its next exchange, as LostRank or as
  /// another Error, and waits until the first ends all. The first itself returns at once, to report what it has caught, and to end().
  void leave_to_first(const std::exception& failure) {
    if (rank_ == 0) return;
    const std::string why = failure.what();
    const int tag = dynamic_cast<const LostRank*>(&failure) ? lost : failed;
    MPI_Request request;
    MPI_Isend(why.data(), int(why.size()), MPI_CHAR, 0, tag, failures_, &request);
    for (int sent = 0;; std::this_thread::sleep_for(std::chrono::milliseconds(10)))
      if (!sent) MPI_Test(&request, &sent, MPI_STATUS_IGNORE);
  }

  /// The end of MPI, with the status that this process exits with: unless it is 0, the other processes are ended too.
  void end(int status) {
    if (!begun_) return;
    begun_ = false;
    if (status == 0) MPI_Finalize();
    else MPI_Abort(MPI_COMM_WORLD, status);
  }

 private:
  using Clock = std::chrono::steady_clock;
  template <class T> struct Buffers { std::vector<T> own, all; };  // members: MPI may still use them when a wait was given up
  static constexpr Index message = 1 << 22;                        // elements
  static constexpr int failed = 0, lost = 1;                       // the tags of failures

  static MPI_Datatype type(float) { return MPI_FLOAT; }
  static MPI_Datatype type(double) { return MPI_DOUBLE; }

  // Calls f for one message after the other, with the elements of x in `own` before, and what is then there to be those of x.
  template <class T, class D, class F>
  void in_messages(Tensor<T, D>& x, std::vector<T>& own, const F& f) {
    if (size_ == 1) return;
    for (Index at = 0; at < x.numel(); at += message) {
      const Index count = std::min(message, x.numel() - at);
      own.resize(std::size_t(count));
      D::to_host(own.data(), x.data() + at, count);
      f();
      D::from_host(x.data() + at, own.data(), count);
    }
  }

  // Each process adds up one piece of the numbers, in the order of the ranks, and gives it to all: the order does not depend on MPI.
  template <class T>
  void sum_up(Buffers<T>& buffers) {
    std::vector<T>&own = buffers.own, &all = buffers.all;
    const std::size_t size = std::size_t(size_), piece = (own.size() + size - 1) / size;
    own.resize(piece * size);  // of zeros at its end
    all.resize(piece * size);
    MPI_Request request;
    done(MPI_Ialltoall(own.data(), int(piece), type(T{}), all.data(), int(piece), type(T{}), data_, &request));
    wait(request);
    for (std::size_t i = 0; i < piece; ++i) {
      double total = 0;
      for (std::size_t r = 0; r < size; ++r) total += double(all[r * piece + i]);
      own[std::size_t(rank_) * piece + i] = T(total);
    }
    done(MPI_Iallgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, own.data(), int(piece), type(T{}), data_, &request));
    wait(request);
  }

  static void done(int code) {
    if (code == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(code, text, &length);
    throw LostRank(str("train: the processes cannot exchange their numbers: ", std::string(text, std::size_t(length))));
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
    done(MPI_Recv(why.data(), length, MPI_CHAR, status.MPI_SOURCE, status.MPI_TAG, failures_, MPI_STATUS_IGNORE));
    why = str("process ", status.MPI_SOURCE, " (from 0) of ", size_, ": ", why);
    if (status.MPI_TAG == lost) throw LostRank(why);
    throw Error(why);
  }

  int rank_ = 0, size_ = 1;
  bool begun_ = false;
  MPI_Comm data_ = MPI_COMM_NULL, failures_ = MPI_COMM_NULL, here_ = MPI_COMM_NULL;  // here: the processes on this machine
  std::tuple<Buffers<float>, Buffers<double>> buffers_;
  std::string text_;
};

}  // namespace crisp::train
