// ProgressBar: one line that is drawn again and again on a terminal, plain lines now and then elsewhere.
#pragma once
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
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
    const std::string percent = fixed(100 * done, 0);
    const std::string line = str(std::string(percent.size() < 3 ? 3 - percent.size() : 0, ' '), percent,
                                 " %  ", text, duration(seconds_left), " left");
    if (terminal_) {
      const int room = columns() - 4, text_columns = int(line.size());  // a line that wraps is not drawn over
      const int width = std::clamp(room - text_columns, 0, 24), filled = int(done * width);
      const std::string bar =
          std::string(std::size_t(filled), '=') + std::string(std::size_t(width - filled), ' ');
      print("\r\033[K[" + bar + "] " + line.substr(0, std::size_t(std::max(room, 0))));
    } else {
      print(line + "\n");
    }
  }

  /// The state of a training. Loss: of images in 0..1, also shown as dB. waited: for images that were not
  /// ready, the share of the time, 0 to 1; it is shown from a hundredth on.
  void update(double done, Index step, double loss, double images_per_second, double waited,
              double seconds_left) {
    const double decibel = loss > 0 ? -10 * std::log10(loss) : 99.0;
    const std::string wait = waited >= 0.01 ? fixed(100 * waited, 0) + " % waiting for images  " : "";
    const std::string text = str("step ", step, "  loss ", fixed(loss, 6), " (", fixed(decibel, 2), " dB)  ",
                                 fixed(images_per_second, 0), " images/s  ", wait);
    update(done, text, seconds_left);
  }

  /// Prints a line that stays, above the bar.
  void line(const std::string& text) const {
    if (quiet_) return;
    print((terminal_ ? "\r\033[K" : "") + text + "\n");
  }

  /// Prints a warning on standard error, where it is seen of quiet work too.
  void warning(const std::string& text) const {
    std::fputs(((terminal_ ? "\r\033[Kwarning: " : "warning: ") + text + "\n").c_str(), stderr);
  }

 private:
  // The width of the terminal; 80 where it does not say.
  static int columns() {
    winsize size{};
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
  }
  static void print(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  }

  using Clock = std::chrono::steady_clock;
  bool quiet_, terminal_;
  Clock::time_point last_ = Clock::now();
};

}  // namespace crisp::report
