// RunningLoss: the losses of the batches, kept on the device until they are read together, so that the host
// waits for the device once in many steps instead of at each.
#pragma once
#include <optional>
#include <vector>

#include "crisp/core/finite.hpp"
#include "crisp/core/fused_ops.hpp"
#include "crisp/core/tensor.hpp"

namespace crisp::train {

template <class T, class D>
class RunningLoss {
 public:
  /// Whether reading waits for the device. Where it does not, on the CPU, losses may as well be read at once.
  static constexpr bool waits = HasSynchronize<D>;

  /// The loss of a step is the mean over so many batches.
  explicit RunningLoss(Index batches) : batches_(batches) {}

  /// A batch, with its loss (). Throws Error for a loss of several elements, and where as
  /// many as there is room for are unread.
  void add(const Tensor<T, D>& loss) {
    check(loss.numel() == 1, "train: the loss must be a single value; this one is ", loss.shape(),
          "\n  hint: take its mean()");
    check(!full(), "RunningLoss: ", room, " losses are unread\n  hint: call read() when full()");
    D::for_each(1, crisp::detail::Convert<T, T>{unread_.data() + count_, loss.data()});
    ++count_;
  }
  bool full() const { return count_ == room; }

  struct NotFinite {
    Index batch;  // its number, from 0
    double value;
    bool last;  // no batch was added after it
  };

  /// Takes in all losses that were added since the last call, and waits for them;
  /// tells the first that is not finite.
  std::optional<NotFinite> read() {
    if (count_ == 0) return {};
    std::vector<T> values(static_cast<std::size_t>(count_));
    D::to_host(values.data(), unread_.data(), count_);
    count_ = 0;
    for (std::size_t i = 0; i < values.size(); ++i, ++read_) {
      if (!is_finite(values[i])) return NotFinite{read_, double(values[i]), i + 1 == values.size()};
      if (read_ % batches_ == 0) begin_step();
      last_ += double(values[i]) / double(batches_);
    }
    return {};
  }

  /// The loss of the last step that was read. It counts as what it is set to, such
  /// as the mean over several processes.
  double last() const { return last_; }
  void set_last(double loss) { last_ = loss; }

  /// Of the whole steps that were read since the last take_mean().
  struct Sum {
    double loss = 0;
    Index steps = 0;
  };
  /// What a training that goes on needs of them.
  Sum sum() {
    if (read_ % batches_ == 0) end_step();
    return {sum_, steps_};
  }
  void set_sum(const Sum& sum) {
    sum_ = sum.loss;
    steps_ = sum.steps;
  }

  /// The mean over the steps that were read since the last call; nothing, where there were
  /// none. To be asked between two steps.
  std::optional<double> take_mean() {
    end_step();
    const auto mean = steps_ > 0 ? std::optional(sum_ / double(steps_)) : std::nullopt;
    sum_ = 0;
    steps_ = 0;
    return mean;
  }

 private:
  static constexpr Index room = 256;

  void begin_step() {
    end_step();
    last_ = 0;
    begun_ = true;
  }
  void end_step() {  // adds the last step, unless that was done
    if (!begun_) return;
    sum_ += last_;
    ++steps_;
    begun_ = false;
  }

  Index batches_;
  Tensor<T, D> unread_{Shape{room}};
  Index count_ = 0;  // of those
  Index read_ = 0;   // batches in all
  double last_ = 0, sum_ = 0;
  Index steps_ = 0;     // in the sum
  bool begun_ = false;  // last_ is not in the sum yet
};

}  // namespace crisp::train
