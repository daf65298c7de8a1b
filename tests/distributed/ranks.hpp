// ThreadRanks: threads of this process as Ranks, so that a training on several can be tested where there is
// no mpirun.
#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>

#include "crisp/distributed/ranks.hpp"

namespace crisp::test {

class ThreadRanks {
 public:
  struct Meeting {
    explicit Meeting(Index n) : given(std::size_t(n)) {}
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::vector<double>> given;  // by each
    std::string text;
    Index arrived = 0, turn = 0;
    bool left = false;  // one will not come any more
  };

  ThreadRanks(Meeting& meeting, Index rank) : meeting_(meeting), rank_(rank) {}
  Index rank() const { return rank_; }
  Index size() const { return Index(meeting_.given.size()); }

  void sum(std::vector<double>& numbers) {
    meeting_.given[std::size_t(rank_)] = numbers;
    meet();
    std::vector<double> total(numbers.size(), 0);
    for (const auto& given : meeting_.given)
      for (std::size_t i = 0; i < total.size(); ++i) total[i] += given.at(i);
    meet();
    numbers = total;
  }
  template <class T, class D>
  void sum(Tensor<T, D>& x) {
    const std::vector<T> own = x.to_host();
    std::vector<double> numbers(own.begin(), own.end());
    sum(numbers);
    x.copy_(Tensor<T, D>(x.shape(), std::vector<T>(numbers.begin(), numbers.end())));
  }
  template <class T, class D>
  void broadcast(Tensor<T, D>& x) {
    if (rank_ != 0) x.fill(T(0));
    sum(x);
  }
  void broadcast(std::string& text) {
    if (rank_ == 0) meeting_.text = text;
    meet();
    text = meeting_.text;
    meet();
  }

 private:
  void meet() {
    std::unique_lock lock(meeting_.mutex);
    const Index turn = meeting_.turn;
    if (++meeting_.arrived == size()) {
      meeting_.arrived = 0;
      ++meeting_.turn;
      meeting_.changed.notify_all();
      return;
    }
    meeting_.changed.wait(lock, [&] { return meeting_.turn != turn || meeting_.left; });
    if (meeting_.turn == turn) throw distributed::LostRank("train: a thread has left");
  }

  Meeting& meeting_;
  Index rank_;
};

/// Calls f(ranks) on so many threads; returns what each of them threw, "" where it was nothing.
template <class F>
std::vector<std::string> on_ranks(Index size, F f) {
  ThreadRanks::Meeting meeting(size);
  std::vector<std::string> errors(static_cast<std::size_t>(size));
  std::vector<std::thread> threads;
  for (Index rank = 0; rank < size; ++rank)
    threads.emplace_back([&, rank] {
      try {
        ThreadRanks ranks(meeting, rank);
        f(ranks);
      } catch (const Error& e) {
        errors[std::size_t(rank)] = e.what();
        const std::lock_guard lock(meeting.mutex);
        meeting.left = true;
        meeting.changed.notify_all();
      }
    });
  for (std::thread& thread : threads) thread.join();
  return errors;
}

}  // namespace crisp::test
