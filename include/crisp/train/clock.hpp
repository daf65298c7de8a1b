// TrainingClock: how long a training has lasted and waited for its batches, which share of it is done, and
// when a row or a validation is due.
#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "crisp/train/options.hpp"

namespace crisp::train::detail {

class TrainingClock {
 public:
  /// Both must live as long as the clock, which reads how far the training is from `progress`.
  TrainingClock(const FitOptions& options, const Progress& progress)
      : options_(options), progress_(progress) {}
  TrainingClock(const TrainingClock&) = delete;
  TrainingClock& operator=(const TrainingClock&) = delete;

  /// Begins to count: from the progress as it is, which is not 0 where a training is resumed.
  void start() {
    const std::chrono::duration<double> before(progress_.seconds);
    started_ = Now::now() - std::chrono::duration_cast<Now::duration>(before);
    common_ = progress_.seconds;
    first_step_ = progress_.step;
    first_seconds_ = seconds();
  }

  /// Of the whole training: what it took before it was resumed counts too.
  double seconds() const { return std::chrono::duration<double>(Now::now() - started_).count(); }

  /// How long the steps since start() have waited for batches that were not ready, in seconds.
  void set_waited(double seconds) { waited_ = seconds; }

  /// What of that came since the last call.
  double take_waited() { return waited_ - std::exchange(taken_, waited_); }

  /// The number of steps that were done when the clock was started.
  Index first_step() const { return first_step_; }

  /// The seconds of the first process after the last step: by these the end of
  /// a training by the clock is decided.
  void set_common_seconds(double seconds) { common_ = seconds; }

  /// Which share of the training is done, from 0 to 1.
  double share_done() const {
    if (options_.steps > 0) return std::min(1.0, double(progress_.step) / double(options_.steps));
    return std::min(1.0, common_ / (60 * options_.minutes));
  }

  /// The length in steps: known, or as the clock promises it.
  Index total_steps() const {
    if (options_.steps > 0) return options_.steps;
    return Index(double(progress_.step) / std::max(share_done(), 1e-9));
  }

  struct Rate {
    double steps_per_second, seconds_left;
    double waited;  // the share of the time, from 0 to 1
  };
  Rate rate() const {
    const double now = seconds();
    const double passed = std::max(1e-9, now - first_seconds_);
    const double rate = double(progress_.step - first_step_) / passed;
    const bool by_steps = options_.steps > 0;
    const double left =
        by_steps ? double(options_.steps - progress_.step) / rate : 60 * options_.minutes - now;
    return {rate, left, waited_ / passed};
  }

  /// Whether metrics.csv, which has so many rows, should have one more: two hundred in all. Like everything
  /// of a training by steps it follows from the step alone, so that a stop changes no file.
  bool row_due(std::size_t rows) const { return share_done() * 200 >= double(rows + 1); }

  /// The number of steps from one validation to the next, unless they are made rarer; 0 where the clock
  /// decides.
  Index validation_period() const {
    if (options_.validate_every > 0) return options_.validate_every;
    return options_.steps > 0 ? std::max<Index>(1, options_.steps / 20) : 0;
  }

  /// How many validations there are, unless they are made rarer.
  Index planned_validations() const { return options_.steps > 0 ? options_.steps / validation_period() : 20; }

  /// Whether to validate after this step. To be asked once a step.
  bool validation_due() {
    if (const Index period = validation_period(); period > 0)
      return progress_.step % period == 0 && progress_.step / period % one_in_ == 0;
    const Index planned = Index(share_done() * 20);
    return planned / one_in_ > std::exchange(passed_, planned) / one_in_;
  }

  /// How long a validation may take that is not the last one, in seconds: with the last one together a tenth
  /// of the time. Where the user has chosen how often to validate, as long as it takes.
  double validation_limit() const {
    if (options_.validate_every > 0) return std::numeric_limits<double>::infinity();
    return tenth() / 2;
  }

  /// Takes in how long a validation took. Of those that were planned one in `one_in()` is made from now on,
  /// so that all together take a tenth of the time at most. Returns whether that is fewer than before.
  bool add_validation(double seconds) {
    validating_ += seconds;
    if (options_.validate_every > 0) return false;
    const double left = tenth() - seconds, planned = double(planned_validations());
    const bool another_fits = seconds <= left;
    const Index one_in = another_fits ? Index(std::ceil(planned * seconds / left)) : Index(planned) + 1;
    if (one_in <= one_in_ + one_in_ / 4) return false;  // no clock is more exact
    one_in_ = one_in;
    return true;
  }
  Index one_in() const { return one_in_; }

 private:
  using Now = std::chrono::steady_clock;

  // A tenth of the time that the whole training takes without its validations; at least a moment, which
  // nobody minds. By steps that moment is longer, so that a short training writes the same files each time.
  double tenth() const {
    const Index made = progress_.step - first_step_;
    const double before = progress_.step > 0 ? progress_.seconds / double(progress_.step) : 0;
    const double a_step = made > 0 ? (seconds() - first_seconds_ - validating_) / double(made) : before;
    const double all = options_.steps > 0 ? a_step * double(options_.steps) : 60 * options_.minutes;
    return std::max(0.1 * all, options_.steps > 0 ? 10.0 : 0.2);
  }

  const FitOptions& options_;
  const Progress& progress_;
  Now::time_point started_ = Now::now();
  Index first_step_ = 0;
  double first_seconds_ = 0;
  double common_ = 0;
  double waited_ = 0, taken_ = 0;
  double validating_ = 0;  // seconds since start()
  Index passed_ = 0;       // of the validations that the clock has planned, those that were due
  Index one_in_ = 1;       // of the planned ones is made
};

}  // namespace crisp::train::detail
