// The clock of a training: the share that is done, the length that it promises, when rows and validations
// come.
#include "crisp/train/clock.hpp"

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
  clock.set_common_seconds(700);
  CHECK(clock.share_done() == 1);
}
