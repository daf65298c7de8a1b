// fit: the training loop, with progress, validation, checkpoints, a report, and a training state to go
// on from; on one process or several.
#pragma once
#include <new>

#include "crisp/core/share.hpp"
#include "crisp/data/dataset.hpp"
#include "crisp/distributed/ranks.hpp"
#include "crisp/distributed/stop.hpp"
#include "crisp/nn/check_params.hpp"
#include "crisp/nn/init.hpp"
#include "crisp/nn/non_finite.hpp"
#include "crisp/optim/clip_grad.hpp"
#include "crisp/train/outputs.hpp"
#include "crisp/train/repeated_step.hpp"
#include "crisp/train/watch.hpp"

namespace crisp::train {

namespace detail {

// One training. Where several processes train, each has a Loop; the first validates, prints and writes.
template <class M, class T, class D, data::BatchSource<T, D> Set, distributed::Ranks<T, D> R>
class Loop {
 public:
  Loop(M& net, optim::Optimizer<T, D>& optimizer, const Set& examples, FitOptions options, R& ranks)
      : training_(net, optimizer, std::move(options)),
        net_(net),
        optimizer_(optimizer),
        examples_(examples),
        ranks_(ranks),
        outputs_(training_, options_.quiet || !first()),
        base_lr_(optimizer.lr()) {
    prepare();
    if (options_.resume && first()) resume();
    take_from_first(net_, optimizer_, progress_, ranks_);
  }

  template <class Loss>
  FitResult run(Loss loss_of) {
    const distributed::detail::StopSignals signals;
    try {
      train(loss_of);
    } catch (const Diverged&) {
      throw;
    } catch (const std::bad_alloc&) {
      throw Error("train: there is not enough memory" + rescue());
    } catch (const std::exception& failure) {
      if (!first()) throw;
      throw Error(failure.what() + rescue());
    }
    optimizer_.set_lr(base_lr_);  // for a training that follows
    return result();
  }

 private:
  template <class Loss>
  void train(Loss& loss_of) {
    clock_.start();
    was_finished_ = clock_.share_done() >= 1;
    if (progress_.step > 0) set_rate(progress_.step - 1);  // of the last step, for a row that is made up for
    if (!was_finished_) {
      make_up_for_validation();
      if (!leaves()) make_steps(loss_of);
    }
    if (!first() || outputs_.stopped()) return;
    if (interrupted()) outputs_.save_interrupted();
    else outputs_.validate(true);
  }

  // The loop: of each batch the loss and its gradients, and of every
  // `accumulate` batches a step of the optimizer.
  template <class Loss>
  void make_steps(Loss& loss_of) {
    const ShareOfBatch<T, D> share({ranks_.rank(), ranks_.size()}, mean_over_ranks());
    RepeatedStep<T, D> step_by_graph([&](const auto& input, const auto& target) {
      const Var<T, D> loss = loss_of_batch(loss_of, input, target);
      loss.backward();
      change_weights();
      return loss.value();
    });
    auto batches = examples_.template batches<D, T>(batches_to_come());
    for (auto& [input, target] : batches) {
      clock_.set_waited(batches.seconds_waited());
      if (options_.graph) {
        agree();
        set_rate(progress_.step);
        within_step_ = true;
        add_loss(step_by_graph(input, target));
      } else {
        const Var<T, D> x = input, y = target;  // (batch, H, W, C)
        const bool watched = first() && outputs_.watches_next();
        add_gradients(watched, [&] { return loss_of_batch(loss_of, x, y); });
        if (++batches_ < options_.accumulate) continue;
        batches_ = 0;
        agree();
        distributed::detail::average_gradients<T, D>(net_, ranks_);
        if (watched) outputs_.add_layers(watch_.rows(net_, progress_.step + 1));
        set_rate(progress_.step);
        within_step_ = true;
        change_weights();
      }
      ++progress_.step;
      within_step_ = false;
      outputs_.after_step();
      if (clock_.share_done() >= 1 || interrupted()) return;
      if (first() && clock_.validation_due()) outputs_.validate();
      if (leaves()) return;
    }
  }

  template <class Loss>
  Var<T, D> loss_of_batch(Loss& loss_of, const Var<T, D>& input, const Var<T, D>& target) {
    const Index batch = progress_.step * options_.accumulate + batches_;
    nn::detail::generator = Rng(options_.loader.seed).split(std::uint64_t(batch) + 0x5eed);  // for dropout
    return Var<T, D>(loss_of(input, target));
  }

  // Adds the gradients of one batch, of which of_batch() computes the loss.
  template <class OfBatch>
  void add_gradients(bool watched, const OfBatch& of_batch) {
    const Var<T, D> loss = watched ? watch_.count_dead(net_, of_batch) : of_batch();
    training_.losses.add(loss.value());
    if (first() && !std::exchange(params_checked_, true)) warn_of_unnamed_params(loss);
    if (reads_now() || ranks_.size() > 1)
      training_.read_losses([&] {
        const ShareOfBatch<T, D> alone;
        return nn::first_non_finite(net_, of_batch);
      });
    loss.backward(Tensor<T, D>(loss.shape(), T(1) / T(options_.accumulate)));
  }

  void warn_of_unnamed_params(const Var<T, D>& loss) const {
    const std::string unnamed = nn::unnamed_params(net_, loss);
    if (!unnamed.empty()) outputs_.warn("train: " + unnamed + "; they are neither trained nor saved");
  }

  void add_loss(const Tensor<T, D>& loss) {
    training_.losses.add(loss);
    if (reads_now()) training_.read_losses();
  }
  bool reads_now() const { return !RunningLoss<T, D>::waits || training_.losses.full(); }

  void set_rate(Index step) { optimizer_.set_lr(base_lr_ * options_.schedule(step, clock_.total_steps())); }

  void change_weights() {
    if (options_.clip_norm > 0) optim::detail::clip_to_norm<T, D>(net_, options_.clip_norm);
    optimizer_.step();
    if (training_.average) training_.average->update(net_);
  }

  // A training may have been stopped after a step, and before the validation that was due.
  void make_up_for_validation() {
    if (first() && progress_.step > 0 && outputs_.lacks_validation()) outputs_.validate();
  }

  // For a training that fails: saves what its whole steps have found, and says where.
  std::string rescue() {
    const bool made_steps = progress_.step > clock_.first_step();
    return first() && made_steps && !within_step_ ? outputs_.rescue() : "";
  }

  // --- Several processes.

  bool first() const { return ranks_.rank() == 0; }

  std::function<void(Tensor<T, D>&)> mean_over_ranks() {
    return [this](Tensor<T, D>& x) { distributed::detail::average(x, ranks_); };
  }

  // Before each step: the loss of the whole batch, the clock of the first process, which decides for
  // all, and whether one was asked to stop.
  void agree() {
    const double stop = distributed::detail::stop_asked ? 1.0 : 0.0;
    std::vector<double> numbers{training_.losses.last(), first() ? clock_.seconds() : 0, stop};
    ranks_.sum(numbers);
    training_.losses.set_last(numbers[0] / double(ranks_.size()));
    clock_.set_common_seconds(numbers[1]);
    stop_ = numbers[2] > 0;
  }

  // A training that was asked to stop within its last step is whole.
  bool interrupted() const { return outputs_.stopped() || (stop_ && clock_.share_done() < 1); }

  // After a validation that was ended. Where there are others, these are told with one more step, which is
  // made again when the training goes on.
  bool leaves() const { return outputs_.stopped() && ranks_.size() == 1; }

  // The same for all processes, once the first has written everything.
  FitResult result() {
    FitResult found = outputs_.result();
    found.interrupted = interrupted();
    found.was_finished = was_finished_;
    if (ranks_.size() == 1) return found;
    Progress& p = found.progress;
    std::vector<double> numbers{double(p.step),           p.seconds,  p.best_psnr,
                                double(p.best_step),      found.psnr, found.bicubic_psnr,
                                double(found.interrupted)};
    if (!first()) numbers.assign(numbers.size(), 0);
    ranks_.sum(numbers);
    p = {Index(numbers[0]), numbers[1], numbers[2], Index(numbers[3])};
    found.psnr = numbers[4];
    found.bicubic_psnr = numbers[5];
    found.interrupted = numbers[6] > 0;
    return found;
  }

  // --- Before the first step.

  void prepare() {
    if (first()) {
      check_options(options_);
      make_folder(options_);
      training_.lock.emplace("train", "another training", options_.out);
      check_folder(options_);
    }
    complete_settings(training_.options, examples_.fingerprint());
    check(!options_.graph || ranks_.size() == 1, "train: a step as a graph is of one process, not of ",
          ranks_.size(), ", which exchange their gradients within the step");
    distributed::detail::check_same(in_words(), ranks_);
    if (options_.ema > 0 && first()) training_.average.emplace(net_, options_.ema);
  }

  void resume() {
    progress_ = load_state(training_.file("state.safetensors"), net_, optimizer_, options_.settings,
                           training_.average_state());
    outputs_.resume();
  }

  // What all processes must have in common, line by line.
  std::string in_words() const {
    std::string text;
    for (const auto& [key, value] : options_.settings) text += key + " " + value + "\n";
    net_.each_param([&](const std::string& name, const auto& p) { text += str(name, " ", p.shape(), "\n"); });
    return text;
  }

  // The batches from the first step on, and of each the part of this process.
  data::LoaderOptions batches_to_come() const {
    data::LoaderOptions loader = options_.loader;
    loader.first_step = progress_.step * options_.accumulate;
    if (options_.steps > 0) loader.steps = options_.steps * options_.accumulate;
    loader.part = ranks_.rank();
    loader.parts = ranks_.size();
    return loader;
  }

  Training<M, T, D> training_;
  M& net_;
  optim::Optimizer<T, D>& optimizer_;
  const Set& examples_;
  const FitOptions& options_ = training_.options;
  Progress& progress_ = training_.progress;
  TrainingClock& clock_ = training_.clock;
  R& ranks_;
  Outputs<M, T, D> outputs_;
  LayerWatch<T, D> watch_;
  double base_lr_;
  Index batches_ = 0;  // whose gradients are in the step to come
  bool params_checked_ = false;
  bool stop_ = false;          // one process was asked to
  bool within_step_ = false;   // some weights may have changed, and others not
  bool was_finished_ = false;  // before this training was resumed
};

}  // namespace detail

/// Trains `net` on batches of `examples`, a PatchDataset or any other source of batches (a TensorDataset, one
/// of one's own): loss_of(input, target), two Vars such as (N, H, W, C) in 0..1, gives the loss. Writes into
/// the folder options.out as it goes. With a number of steps, the same seed gives the same weights to the
/// bit, for any number of loader threads, and whether or not the training was stopped and resumed. Throws
/// Error for options that do not fit, before any work; for a loss that is not finite; and for a folder that
/// cannot be written. Where there are several `ranks`, each calls this with the same arguments, and
/// options.loader.batch is that of all together, which they share equally; the loss must be a mean over the
/// batch. The weights are then those of one process but for rounding.
template <class M, class T, class D, data::BatchSource<T, D> Set, class Loss, distributed::Ranks<T, D> R>
FitResult fit(M& net, optim::Optimizer<T, D>& optimizer, const Set& examples, Loss loss_of,
              FitOptions options, R& ranks) {
  detail::Loop<M, T, D, Set, R> loop(net, optimizer, examples, std::move(options), ranks);
  return loop.run(std::move(loss_of));
}
template <class M, class T, class D, data::BatchSource<T, D> Set, class Loss>
FitResult fit(M& net, optim::Optimizer<T, D>& optimizer, const Set& examples, Loss loss_of,
              FitOptions options) {
  distributed::OneRank alone;
  return fit(net, optimizer, examples, std::move(loss_of), std::move(options), alone);
}

}  // namespace crisp::train
