// StopSignals: Ctrl-C and SIGTERM ask a training to stop at the end of its step.
#pragma once
#include <atomic>
#include <csignal>

namespace crisp::distributed::detail {

inline std::atomic<int> stop_asked = 0;  // the signal, or 0; without locks, as a handler needs

/// While it lives, the signals are noted. A second one of a kind ends the program.
class StopSignals {
 public:
  StopSignals() {
    stop_asked = 0;
    for (int i = 0; i < 2; ++i) before_[i] = std::signal(signals[i], ask);
  }
  ~StopSignals() {
    for (int i = 0; i < 2; ++i) std::signal(signals[i], before_[i]);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  static constexpr int signals[2] = {SIGINT, SIGTERM};
  static void ask(int signal) {
    stop_asked = signal;
    std::signal(signal, SIG_DFL);
  }
  void (*before_[2])(int);
};

}  // namespace crisp::distributed::detail
