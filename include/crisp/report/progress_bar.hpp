// ProgressBar: one line that is drawn again and again on a terminal, plain lines now and then elsewhere.
#pragma once
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

#include "crisp/report/text.hpp"

namespace crisp::report {

class ProgressBar {
 public:
  explicit ProgressBar(bool quiet = false) : quiet_(quiet), terminal_(isatty(STDOUT_FILENO)) {}

  /// Whether update() would draw now: 10 times a second on a terminal, every 10 seconds elsewhere.
  bool due() const {
    const double since_last = std::chrono::duration<double>(Clock::now() - last_).count();
    return !quiet_ && since_last >= (terminal_ ? 0.1 : 10.0);
  }

  /// done: the share of the work that is done, 0 to 1; then the text, and how long the rest takes.
  void update(double done, const std::string& text, double seconds_left) {
    if (quiet_) return;
    last_ = Clock::now();
    char percent[16];
    std::snprintf(percent, sizeof percent, "%3.0f %%  ", 100 * done);
    const std::string line = percent + text + duration(seconds_left) + " left";
    if (terminal_) {
      const int width = 24, filled = int(done * width);
      const std::string bar =
          std::string(std::size_t(filled), '=') + std::string(std::size_t(width - filled), ' ');
      std::printf("\r\033[K[%s] %s", bar.c_str(), line.c_str());
    } else {
      std::printf("%s\n", line.c_str());
    }
    std::fflush(stdout);
  }

  /// The state of a training. Loss: of images in 0..1, also shown as dB.
  void update(double done, Index step, double loss, double images_per_second, double seconds_left) {
    const double decibel = loss > 0 ? -10 * std::log10(loss) : 99.0;
    char text[160];
    std::snprintf(text, sizeof text, "step %lld  loss %.6f (%.2f dB)  %.0f images/s  ",
                  static_cast<long long>(step), loss, decibel, images_per_second);
    update(done, text, seconds_left);
  }

  /// Prints a line that stays, above the bar.
  void line(const std::string& text) const {
    if (quiet_) return;
    std::printf("%s%s\n", terminal_ ? "\r\033[K" : "", text.c_str());
    std::fflush(stdout);
  }

 private:
  using Clock = std::chrono::steady_clock;
  bool quiet_, terminal_;
  Clock::time_point last_ = Clock::now();
};

}  // namespace crisp::report
