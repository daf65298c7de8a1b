// Schedules: the factor on the learning rate as training goes on. adam.set_lr(1e-3 * schedule(step, total)).
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "crisp/core/error.hpp"

namespace crisp::optim {

/// Called with the step, from 0, and the number of steps in all; gives the factor for that step, from 0 to 1.
class Schedule {
 public:
  using Factor = std::function<double(Index step, Index total)>;

  Schedule(std::string description, Factor factor)
      : description_(std::move(description)), factor_(std::move(factor)) {}
  double operator()(Index step, Index total) const { return factor_(step, total); }
  /// In words, for reports and checkpoints: "cosine to 0.01".
  const std::string& description() const { return description_; }

 private:
  std::string description_;
  Factor factor_;
};

/// The learning rate stays as it is.
inline Schedule constant() {
  return {"constant", [](Index, Index) { return 1.0; }};
}

/// Multiplies by gamma every `every` steps. Throws Error unless every >= 1 and gamma is in (0, 1].
inline Schedule step_decay(Index every, double gamma = 0.5) {
  check(every >= 1 && gamma > 0 && gamma <= 1,
        "step_decay: it takes 1 step or more and a factor in (0, 1], not ", every, " and ", gamma);
  return {str("times ", gamma, " every ", every, " steps"),
          [=](Index step, Index) { return std::pow(gamma, double(step / every)); }};
}

/// Multiplies by gamma at each of the given steps. Throws Error unless they rise and gamma is in (0, 1].
inline Schedule multi_step(std::vector<Index> milestones, double gamma = 0.5) {
  check(std::is_sorted(milestones.begin(), milestones.end()), "multi_step: the steps must rise");
  check(gamma > 0 && gamma <= 1, "multi_step: the factor must be in (0, 1], not ", gamma);
  std::string text = str("times ", gamma, " at");
  for (Index m : milestones) text += str(" ", m);
  return {text, [=](Index step, Index) {
            const auto next = std::upper_bound(milestones.begin(), milestones.end(), step);
            return std::pow(gamma, double(next - milestones.begin()));
          }};
}

/// Multiplies by gamma at each of the given parts of the training, such as {0.5, 0.8, 0.9, 0.95} for SwinIR:
/// the same shape whatever its length. Throws Error unless they rise and gamma is in (0, 1].
inline Schedule milestones(std::vector<double> parts, double gamma = 0.5) {
  check(std::is_sorted(parts.begin(), parts.end()), "milestones: the parts must rise");
  check(gamma > 0 && gamma <= 1, "milestones: the factor must be in (0, 1], not ", gamma);
  std::string text = str("times ", gamma, " after");
  for (const double part : parts) text += str(" ", 100 * part, " %");
  return {text, [=](Index step, Index total) {
            const double done = total > 0 ? double(step) / double(total) : 0;
            return std::pow(gamma,
                            double(std::upper_bound(parts.begin(), parts.end(), done) - parts.begin()));
          }};
}

/// Half a cosine from 1 at the first step to `floor` at the last (Loshchilov
/// and Hutter 2017, eq. 5, one cycle).
inline Schedule cosine(double floor = 0) {
  check(floor >= 0 && floor <= 1, "cosine: the floor must be in [0, 1], not ", floor);
  return {floor > 0 ? str("cosine to ", floor) : "cosine", [=](Index step, Index total) {
            const double t = total > 0 ? std::clamp(double(step) / double(total), 0.0, 1.0) : 0.0;
            return floor + (1 - floor) * 0.5 * (1 + std::cos(std::numbers::pi * t));
          }};
}

/// Rises in a line over `steps` steps to what `then` gives (Goyal et al. 2017, sec.
/// 2.2). Throws Error unless steps >= 1.
inline Schedule warm_up(Index steps, Schedule then = constant()) {
  check(steps >= 1, "warm_up: it takes 1 step or more, not ", steps);
  const std::string text = str("warm-up over ", steps, " steps, then ", then.description());
  return {text, [=](Index step, Index total) {
            return std::min(1.0, double(step + 1) / double(steps)) * then(step, total);
          }};
}

}  // namespace crisp::optim
