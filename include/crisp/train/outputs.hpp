// Outputs: what a training shows and writes: the bar, metrics.csv,
// report.html, the checkpoints, the validations.
#pragma once
#include "crisp/autograd/var.hpp"
#include "crisp/core/share.hpp"
#include "crisp/distributed/stop.hpp"
#include "crisp/report/progress_bar.hpp"
#include "crisp/report/text.hpp"
#include "crisp/train/rescue.hpp"
#include "crisp/train/training.hpp"

namespace crisp::train::detail {

template <class M, class T, class D>
class Outputs {
 public:
  Outputs(Training<M, T, D>& training, bool quiet) : training_(training), bar_(quiet) {}

  /// Goes on with the rows and the sums of a training that is resumed.
  void resume() {
    const Progress& progress = training_.progress;
    history_ = report::History::load(training_.file("metrics.csv"), progress.step);
    if (training_.options.watch)
      layers_ = report::LayerHistory::load(training_.file("layers.csv"), progress.step);
    or_warn([&] { worst_ = report::load_worst_places(training_.file("report.html"), progress.step); });
    result_.psnr = last_psnr().value_or(0);
    training_.losses.set_sum({progress.loss_sum, progress.loss_steps});
    saved_step_ = progress.step;
  }

  /// To be called after each step: draws the bar and adds a row, where it is time.
  void after_step() {
    if (bar_.due()) update_bar();
    if (training_.clock.row_due(history_.rows.size())) add_row();
  }

  /// Prints a warning on standard error.
  void warn(const std::string& text) const { bar_.warning(text); }

  /// Whether the layers are to be watched in the step to come: in the first one, and after each row.
  bool watches_next() const {
    if (!training_.options.watch) return false;
    if (layers_.rows.empty()) return true;
    return !history_.rows.empty() && layers_.rows.back().step <= history_.rows.back().step;
  }

  /// Adds what was measured of the layers.
  void add_layers(const std::vector<report::LayerRow>& rows) {
    layers_.rows.insert(layers_.rows.end(), rows.begin(), rows.end());
  }

  /// Whether a validation was due after this step, and is not in metrics.csv, or not in report.html.
  bool lacks_validation() const {
    const Index step = training_.progress.step, period = training_.clock.validation_period();
    if (period == 0 || step % period != 0) return false;
    if (history_.rows.empty() || history_.rows.back().step != step) return true;
    const bool in_page = !worst_.empty() && worst_.back().step == step;
    return training_.options.validate && !(history_.rows.back().psnr && in_page);
  }

  /// Validates, where the options say how, and writes everything; best.safetensors where this was the best.
  /// The first time the state is saved before, for the validation may take long. The last one may take any
  /// time.
  void validate(bool last = false) {
    training_.read_losses();  // before the weights: they are not finite once a loss was not
    training_.check_weights();
    keep_folder();
    report::HistoryRow& row = add_row();
    if (training_.options.validate) {
      const bool first = saved_step_ == 0;
      if (first) save_training();
      const AveragedWeights weights(training_);
      const ShareOfBatch<T, D> alone;
      if (auto found = timed_validation(first, last)) record(std::move(*found), row);
    }
    save();
    if (stopped_) tell_stop(", in a validation");
  }

  /// Whether a validation was ended because the training was asked to stop. All is saved as it was before it.
  bool stopped() const { return stopped_; }

  /// Writes everything after the last step of a training that was asked to stop.
  void save_interrupted() {
    training_.read_losses();
    training_.check_weights();
    save();
    tell_stop("");
  }

  /// For a training that fails: tries once more to save it, beside its folder if need be. Returns what there
  /// is to go on with, in words to be added to those of the failure.
  std::string rescue() {
    std::string kept = str("\n  the last state that was saved is that of step ", saved_step_);
    if (saved_step_ == 0) kept = "\n  no state of the training was saved";
    try {
      training_.read_losses();
      training_.check_weights();
    } catch (const Diverged&) {
      return kept;
    }
    const std::filesystem::path& own = training_.options.out;
    const auto folder = rescued_into(own, [&](const std::filesystem::path& into) {
      if (into == own) keep_folder();
      write_training(into);
    });
    if (!folder) return kept;
    std::string how = "; go on with it by --resume";
    if (*folder != own) how = " in '" + folder->string() + "'; go on with it there by --resume";
    return str("\n  the training is saved up to step ", training_.progress.step, how);
  }

  /// What was saved last, and found by the last validation.
  const FitResult& result() const { return result_; }

 private:
  void update_bar() {
    training_.read_losses();
    const TrainingClock::Rate rate = training_.clock.rate();
    const double images = double(training_.options.loader.batch * training_.options.accumulate);
    bar_.update(training_.clock.share_done(), training_.progress.step, training_.losses.last(),
                rate.steps_per_second * images, rate.waited, rate.seconds_left);
  }

  // The row of this step, which may be there already.
  report::HistoryRow& add_row() {
    training_.read_losses();
    const double loss_before = history_.rows.empty() ? 0 : history_.rows.back().loss;
    const double loss = training_.losses.take_mean().value_or(loss_before);
    const Index step = training_.progress.step;
    if (history_.rows.empty() || history_.rows.back().step != step)
      history_.rows.push_back({step,
                               training_.clock.seconds(),
                               training_.clock.take_waited(),
                               training_.optimizer.lr(),
                               loss,
                               {},
                               {}});
    return history_.rows.back();
  }

  // Ends a validation. It is no std::exception, which a validation may catch.
  struct Ended {};

  // What a validation finds; nothing, where it was ended: because the training was asked to stop, or because
  // it is not the last one and takes too long.
  std::optional<Validation> timed_validation(bool first, bool last) {
    TrainingClock& clock = training_.clock;
    const double begun = clock.seconds(), limit = clock.validation_limit();
    const std::function<void()> after_op = [&] {
      stopped_ = distributed::detail::stop_asked != 0;
      if (stopped_ || (!last && clock.seconds() - begun > limit)) throw Ended();
    };
    std::optional<Validation> found;
    try {
      const Scoped asking(crisp::detail::after_each_op, &after_op);
      found = no_grad(training_.options.validate);
    } catch (const Ended&) {
    } catch (const NonFiniteResult& failure) {
      const std::string text = failure.what();
      fail(first, "a validation fails", text.substr(0, text.find('\n')));
    }
    const double seconds = clock.seconds() - begun;
    const bool rarer = !stopped_ && clock.add_validation(seconds) && !last;
    if (rarer) tell_rarer(found.has_value(), seconds);
    if (found && is_nan(found->psnr)) fail(first, "the validation gives a PSNR that is not a number", "");
    return found;
  }

  // What was saved before the first validation is not kept: weights that fail it are of no use.
  [[noreturn]] void fail(bool first, const std::string& what, const std::string& where) {
    std::error_code unknown;
    for (const char* name : {"state.safetensors", "last.safetensors"})
      if (first) std::filesystem::remove(training_.file(name), unknown);
    training_.fail(what, training_.progress.step, where);
  }

  void tell_rarer(bool whole, double seconds) const {
    const Index planned = training_.clock.planned_validations(), one_in = training_.clock.one_in();
    const std::string others = one_in > planned ? "none is made before the last"
                                                : str("one in ", one_in, " of the ", planned, " is made");
    bar_.line(str("a validation takes ", whole ? "" : "more than ", report::fixed(seconds, 1), " s: ", others,
                  ", for a tenth of the time (--validate-every N makes one every N steps)"));
  }

  void tell_stop(const char* where) const {
    bar_.line(str("stopped at step ", training_.progress.step, where, "; the state is saved"));
  }

  // Keeps the weights where they are the best so far, then notes what a validation found: a row with a PSNR
  // says that this is done.
  void record(Validation found, report::HistoryRow& row) {
    Progress& progress = training_.progress;
    if (found.psnr > progress.best_psnr) {
      save_weights(training_.file("best.safetensors"), found.psnr);
      progress.best_psnr = found.psnr;
      progress.best_step = progress.step;
    }
    row.psnr = found.psnr;
    row.ssim = found.ssim;
    result_.psnr = found.psnr;
    result_.bicubic_psnr = found.bicubic_psnr;
    using report::fixed;
    bar_.line(str("step ", progress.step, ": validation ", fixed(found.psnr, 3), " dB (bicubic ",
                  fixed(found.bicubic_psnr, 3), ", best ", fixed(progress.best_psnr, 3), "), SSIM ",
                  fixed(found.ssim, 4), ", after ", report::duration(training_.clock.seconds())));
    if (!worst_.empty() && worst_.back().step == progress.step) worst_.pop_back();
    worst_.push_back(report::worst_of_validation(progress.step, found.psnr, found.pictures));
    validation_ = std::move(found);
    validated_ = true;
  }

  // A folder that was removed is made again, so that what is to come is not lost too. Throws Error where
  // another training has it now.
  void keep_folder() {
    Progress& progress = training_.progress;
    const std::string folder = training_.options.out.string();
    if (!training_.lock || !training_.lock->holds()) {
      make_folder(training_.options);
      training_.lock.reset();
      training_.lock.emplace("train", "another training", training_.options.out);
      bar_.warning(
          str("the folder '", folder, "' was removed or moved; it is made again at step ", progress.step));
    }
    if (progress.best_step == 0 || std::filesystem::exists(training_.file("best.safetensors"))) return;
    progress.best_psnr = -std::numeric_limits<double>::infinity();
    progress.best_step = 0;
    bar_.warning(str("best.safetensors is gone from '", folder, "'; the best from here on is kept"));
  }

  // Writes what the training needs to go on.
  void save_training() {
    keep_folder();
    write_training(training_.options.out);
    result_.progress = training_.progress;
    saved_step_ = training_.progress.step;
  }

  // Writes everything as it is.
  void save() {
    save_training();
    const bool shows_less = training_.options.validate && !validated_;
    if (shows_less && std::filesystem::exists(training_.file("report.html"))) return;
    const FitOptions& options = training_.options;
    const report::Report page{options.title,
                              validation_.protocol,
                              options.settings,
                              history_.as_kept(),
                              validation_.bicubic_psnr,
                              validation_.pictures,
                              layers_,
                              worst_};
    or_warn([&] { report::save_report(training_.file("report.html"), page); });
  }

  // The rows come before the state that they belong to: a training that is resumed makes the steps after the
  // state again, and with them their rows. Where that fails, it is tried once more after the state. The
  // weights alone come last: after a signal there may be a second left.
  void write_training(const std::filesystem::path& folder) {
    Progress& progress = training_.progress;
    const auto [loss_sum, loss_steps] = training_.losses.sum();
    progress.loss_sum = loss_sum;
    progress.loss_steps = loss_steps;
    progress.seconds = training_.clock.seconds();
    const auto write_rows = [&] { history_.save(folder / "metrics.csv"); };
    const bool has_rows = or_warn(write_rows);
    if (training_.options.watch) or_warn([&] { layers_.save(folder / "layers.csv"); });
    save_state(folder / "state.safetensors", training_.net, training_.optimizer, progress,
               training_.options.settings, training_.average_state());
    if (!has_rows) or_warn(write_rows);
    const AveragedWeights weights(training_);
    save_weights(folder / "last.safetensors", last_psnr());
  }

  // What is to be read by people is no reason to end a training. Whether it was written.
  template <class Write>
  bool or_warn(const Write& write) const {
    try {
      write();
      return true;
    } catch (const Error& failure) {
      bar_.warning(failure.what());
      return false;
    }
  }

  // Of the last validation; nothing, where there was none.
  std::optional<double> last_psnr() const {
    std::optional<double> psnr;
    for (const report::HistoryRow& row : history_.rows)
      if (row.psnr) psnr = row.psnr;
    return psnr;
  }

  // What a checkpoint holds: the network, or of several that train together the one that is asked for.
  void save_weights(const std::filesystem::path& path, std::optional<double> psnr) {
    if constexpr (requires { training_.net.result(); })
      io::save(path, training_.net.result(), described(psnr));
    else io::save(path, training_.net, described(psnr));
  }

  Metadata described(std::optional<double> psnr) const {
    Metadata metadata = training_.options.metadata;
    metadata["trained_steps"] = std::to_string(training_.progress.step);
    if (training_.options.validate && psnr) metadata["validation_psnr"] = report::fixed(*psnr, 4);
    return metadata;
  }

  Training<M, T, D>& training_;
  report::ProgressBar bar_;
  report::History history_;
  report::LayerHistory layers_;
  std::vector<report::WorstPlaces> worst_;  // of each validation
  Validation validation_;                   // the last one
  bool validated_ = false;                  // in this process
  bool stopped_ = false;                    // see stopped()
  Index saved_step_ = 0;                    // of the state in the folder
  FitResult result_;
};

}  // namespace crisp::train::detail
