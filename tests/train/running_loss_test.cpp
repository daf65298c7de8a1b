// RunningLoss: means over batches and steps, losses that are not finite, too many that are unread.
#include "crisp/train/running_loss.hpp"

#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {
using Losses = train::RunningLoss<float, Cpu>;
void add(Losses& losses, std::initializer_list<float> values) {
  for (const float v : values) losses.add(Tensor<float, Cpu>(Shape{}, v));
}
}  // namespace

TEST_CASE("the loss of a step is the mean over its batches, that of a row the mean over its steps") {
  Losses losses(2);
  CHECK_FALSE(losses.waits);  // so the training loop reads each at once
  CHECK_FALSE(losses.read());
  CHECK_FALSE(losses.take_mean());
  add(losses, {1, 2, 3});
  CHECK_FALSE(losses.read());
  add(losses, {6});
  CHECK_FALSE(losses.read());
  CHECK(losses.last() == 4.5);
  CHECK(losses.take_mean() == 3);
  CHECK_FALSE(losses.take_mean());
  CHECK(losses.last() == 4.5);
  add(losses, {1, 1});
  losses.read();
  losses.set_last(5);  // over several processes
  add(losses, {2, 2});
  losses.read();
  CHECK(losses.take_mean() == 3.5);
}

TEST_CASE("the first loss that is not finite is told by its number") {
  Losses losses(1);
  add(losses, {1, 2});
  CHECK_FALSE(losses.read());
  add(losses, {1, INFINITY, NAN, 1});
  const auto bad = losses.read();
  REQUIRE(bad);
  CHECK(bad->batch == 3);
  CHECK(bad->value == INFINITY);
  CHECK_FALSE(bad->last);
  Losses others(1);
  add(others, {1, NAN});
  CHECK(others.read()->last);
}

TEST_CASE("losses of several elements are refused, and at last those that are never read") {
  Losses losses(1);
  CHECK_ERROR(losses.add(Tensor<float, Cpu>({2, 1}, 0.0f)),
              "train: the loss must be a single value; this one is (2, 1)\n  hint: take its mean()");
  while (!losses.full()) add(losses, {1});
  CHECK_ERROR(add(losses, {1}), "RunningLoss: 256 losses are unread\n  hint: call read() when full()");
  CHECK_FALSE(losses.read());
  CHECK(losses.take_mean() == 1);
}
