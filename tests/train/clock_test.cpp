// The clock of a training: the share that is done, the length that it promises, when rows and validations
// come.
#include "crisp/train/clock.hpp"

#include <cmath>

#include "support.hpp"

using namespace crisp;
using namespace crisp::train;

TEST_CASE("by steps: the share that is done, twenty validations, two hundred rows") {
  const FitOptions o{.steps = 400};
  Progress progress{.step = 100};
  train::detail::TrainingClock clock(o, progress);
  clock.start();
  CHECK(clock.first_step() == 100);
  CHECK(clock.total_steps() == 400);
  CHECK(clock.share_done() == 0.25);
  CHECK(clock.row_due(49));
  CHECK_FALSE(clock.row_due(50));
  CHECK(clock.validation_due());
  progress.step = 101;
  CHECK_FALSE(clock.validation_due());
  progress.step = 500;
  CHECK(clock.share_done() == 1);
}

TEST_CASE("by the clock: what a resumed training took before counts, and the length is a promise") {
  const FitOptions o{.minutes = 10};
  Progress progress{.step = 30, .seconds = 300};
  train::detail::TrainingClock clock(o, progress);
  clock.start();
  CHECK(clock.seconds() >= 300);
  CHECK(clock.seconds() < 330);
  CHECK(clock.share_done() == 0.5);
  CHECK(clock.total_steps() == 60);
  CHECK(clock.validation_due());
  CHECK_FALSE(clock.validation_due());  // once
  clock.set_common_seconds(450);
  CHECK(clock.share_done() == 0.75);
  clock.add_validation(100);  // more than a tenth of the time
  CHECK_FALSE(clock.validation_due());
  CHECK(clock.one_in() > clock.planned_validations());  // but for the last
  clock.set_common_seconds(700);
  CHECK(clock.share_done() == 1);
}

TEST_CASE("validations are made rarer where they would take more than a tenth of the time") {
  const FitOptions o{.steps = 400};
  Progress progress{.step = 20, .seconds = 20};  // a second a step: 400 in all
  train::detail::TrainingClock clock(o, progress);
  clock.start();
  CHECK(clock.planned_validations() == 20);
  CHECK(clock.validation_limit() == doctest::Approx(20).epsilon(0.01));
  CHECK(clock.validation_due());
  CHECK_FALSE(clock.add_validation(1));  // twenty times: half of the tenth
  CHECK(clock.add_validation(4));        // of 36 seconds that are left each takes 4
  CHECK(clock.one_in() == 3);
  CHECK_FALSE(clock.add_validation(1));  // never more often again
  CHECK(clock.one_in() == 3);
  for (progress.step = 21; progress.step <= 400; ++progress.step)
    CHECK(clock.validation_due() == (progress.step % 60 == 0));

  const FitOptions chosen{.steps = 400, .validate_every = 50};
  train::detail::TrainingClock kept(chosen, progress);
  kept.start();
  CHECK_FALSE(kept.add_validation(1000));
  CHECK(kept.validation_limit() == INFINITY);
  progress.step = 350;
  CHECK(kept.validation_due());

  const FitOptions by_clock{.minutes = 10};
  Progress begun;
  train::detail::TrainingClock timed(by_clock, begun);
  timed.start();
  CHECK(timed.validation_limit() == 30);
  CHECK(timed.add_validation(6));
  CHECK(timed.one_in() == 3);
  int made = 0;
  for (double seconds = 0; seconds < 600; seconds += 10) {
    timed.set_common_seconds(seconds);
    made += timed.validation_due();
  }
  CHECK(made == 6);
}
