// StopSignals: Ctrl-C, SIGTERM and SIGHUP ask a training to stop at the end of its step.
#pragma once
#include <atomic>
#include <csignal>

#include "crisp/core/temporary_file.hpp"

namespace crisp::distributed::detail {

inline std::atomic<int> stop_asked = 0;  // the signal, or 0; without locks, as a handler needs

/// While it lives, the signals are noted. A second Ctrl-C or SIGTERM ends the program. A second SIGHUP does
/// not: a terminal that is closed may send two. Under nohup SIGHUP stays ignored. SIGPIPE is ignored: who
/// reads the standard output may go, and the training is saved all the same.
class StopSignals {
 public:
  StopSignals() {
    stop_asked = 0;
    for (int i = 0; i < 3; ++i) {
      const bool under_nohup = signals[i] == SIGHUP && crisp::detail::is_ignored(SIGHUP);
      before_[i] = under_nohup ? SIG_IGN : std::signal(signals[i], ask);
    }
    broken_pipe_ = std::signal(SIGPIPE, SIG_IGN);
  }
  ~StopSignals() {
    for (int i = 0; i < 3; ++i) std::signal(signals[i], before_[i]);
    std::signal(SIGPIPE, broken_pipe_);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  static constexpr int signals[3] = {SIGINT, SIGTERM, SIGHUP};
  static void ask(int signal) {
    stop_asked = signal;
    if (signal != SIGHUP) std::signal(signal, crisp::detail::end_by_signal);
  }
  void (*before_[3])(int);
  void (*broken_pipe_)(int);
};

}  // namespace crisp::distributed::detail
