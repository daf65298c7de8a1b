// Training: what the loop of a training and its outputs share: network,
// optimizer, progress, clock and losses.
#pragma once
#include <optional>

#include "crisp/autograd/trace.hpp"
#include "crisp/core/folder_lock.hpp"
#include "crisp/optim/ema.hpp"
#include "crisp/train/clock.hpp"
#include "crisp/train/running_loss.hpp"

namespace crisp::train::detail {

/// A loss, a weight or a validation is not finite: the weights are not worth keeping.
struct Diverged : Error {
  using Error::Error;
};

template <class M, class T, class D>
struct Training {
  M& net;
  optim::Optimizer<T, D>& optimizer;
  FitOptions options;
  Progress progress;
  std::optional<optim::Ema<T, D>> average;  // of the weights, where the options ask for it
  TrainingClock clock;
  RunningLoss<T, D> losses;
  std::optional<FolderLock> lock;  // of the first process, which writes

  Training(M& n, optim::Optimizer<T, D>& opt, FitOptions o)
      : net(n), optimizer(opt), options(std::move(o)), clock(options, progress), losses(options.accumulate) {}

  std::filesystem::path file(const char* name) const { return options.out / name; }
  ExtraState<T, D>* average_state() { return average ? &average->state() : nullptr; }

  /// Reads the losses that were added since the last time. Throws Diverged for one that is not finite.
  /// `where` then looks for the first such value in the batch that was added last, before a step is made with
  /// it. (After that step there would be nothing to learn: its gradients reach all weights.)
  template <class Where>
  void read_losses(const Where& where) {
    const auto bad = losses.read();
    if (!bad) return;
    const Index step = clock.first_step() + bad->batch / options.accumulate + 1;
    fail(str("the loss is ", bad->value), step, bad->last ? where() : "");
  }
  void read_losses() {
    read_losses([] { return std::string(); });
  }

  /// Throws Diverged where a weight is not finite.
  void check_weights() const {
    net.each_param([&](const std::string& name, const auto& p) {
      if (!all_finite(p.value())) fail("a weight is not finite", progress.step, "the weight " + name);
    });
  }

  /// Throws Diverged: what went wrong, at which step, and what is left of the training.
  [[noreturn]] void fail(const std::string& what, Index step, const std::string& where) const {
    std::error_code error;
    const bool saved = std::filesystem::exists(file("last.safetensors"), error);
    const std::string last = "\n  the last good checkpoint is kept: " + file("last.safetensors").string();
    throw Diverged(str("train: ", what, " at step ", step,
                       where.empty() ? "" : "; the first value that is not finite: " + where,
                       "\n  hint: use a smaller learning rate (it was ", optimizer.lr(),
                       "), or clip the gradients", saved ? last : "\n  no checkpoint was saved yet"));
  }
};

/// While it lives, the network has the weights that count: the averaged ones, where there are any.
template <class M, class T, class D>
class AveragedWeights {
 public:
  explicit AveragedWeights(Training<M, T, D>& training) : training_(training) { exchange(); }
  ~AveragedWeights() { exchange(); }
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;

 private:
  void exchange() {
    if (training_.average) training_.average->swap(training_.net);
  }
  Training<M, T, D>& training_;
};

}  // namespace crisp::train::detail
