// Outputs: what a training shows and writes: the bar, metrics.csv,
// report.html, the checkpoints, the validations.
#pragma once
#include "crisp/autograd/var.hpp"
#include "crisp/core/share.hpp"
#include "crisp/report/progress_bar.hpp"
#include "crisp/report/text.hpp"
#include "crisp/train/training.hpp"

namespace crisp::train::detail {

template <class M, class T, class D>
class Outputs {
 public:
  Outputs(Training<M, T, D>& training, bool quiet) : training_(training), bar_(quiet) {}

  /// Goes on with the rows of a training that is resumed.
  void resume() { history_ = report::History::load(training_.file("metrics.csv"), training_.progress.step); }

  /// To be called after each step: draws the bar and adds a row, where it is time.
  void after_step() {
    if (bar_.due()) update_bar();
    if (training_.clock.row_due(history_.rows.size())) add_row();
  }

  /// Validates, where the options say how, and writes everything; best.safetensors where this was the best.
  void validate() {
    training_.read_losses();  // before the weights: they are not finite once a loss was not
    training_.check_weights();
    report::HistoryRow& row = add_row();
    if (training_.options.validate) {
      const AveragedWeights weights(training_);
      const ShareOfBatch<T, D> alone;
      record(timed_validation(), row);
    }
    save();
  }

  /// Writes everything after the last step of a training that was asked to stop.
  void save_interrupted() {
    training_.read_losses();
    training_.check_weights();
    add_row();
    save();
    bar_.line(str("stopped at step ", training_.progress.step, "; the state is saved"));
  }

  /// Writes everything as it is; the state first: after a signal there may be a second left.
  void save() {
    const FitOptions& options = training_.options;
    Progress& progress = training_.progress;
    progress.seconds = training_.clock.seconds();
    save_state(training_.file("state.safetensors"), training_.net, training_.optimizer, progress,
               options.settings, training_.average_state());
    {
      const AveragedWeights weights(training_);
      save_weights(training_.file("last.safetensors"), result_.psnr);
    }
    history_.save(training_.file("metrics.csv"));
    const report::Report page{options.title, validation_.protocol,     options.settings,
                              history_,      validation_.bicubic_psnr, validation_.pictures};
    report::save_report(training_.file("report.html"), page);
    result_.progress = progress;
  }

  /// What was saved last, and found by the last validation.
  const FitResult& result() const { return result_; }

 private:
  void update_bar() {
    training_.read_losses();
    const auto [rate, seconds_left] = training_.clock.rate();
    const double images = double(training_.options.loader.batch * training_.options.accumulate);
    bar_.update(training_.clock.share_done(), training_.progress.step, training_.losses.last(), rate * images,
                seconds_left);
  }

  // The row of this step, which may be there already.
  report::HistoryRow& add_row() {
    training_.read_losses();
    const double loss_before = history_.rows.empty() ? 0 : history_.rows.back().loss;
    const double loss = training_.losses.take_mean().value_or(loss_before);
    const Index step = training_.progress.step;
    if (history_.rows.empty() || history_.rows.back().step != step)
      history_.rows.push_back({step, training_.clock.seconds(), training_.optimizer.lr(), loss, {}, {}});
    training_.clock.row_added();
    return history_.rows.back();
  }

  Validation timed_validation() {
    const double begun = training_.clock.seconds();
    Validation found = no_grad(training_.options.validate);
    training_.clock.add_validation(training_.clock.seconds() - begun);
    if (is_nan(found.psnr))
      training_.fail("the validation gives a PSNR that is not a number", training_.progress.step, "");
    return found;
  }

  // Notes what a validation found, and keeps the weights where they are the best so far.
  void record(Validation found, report::HistoryRow& row) {
    Progress& progress = training_.progress;
    row.psnr = found.psnr;
    row.ssim = found.ssim;
    result_.psnr = found.psnr;
    result_.bicubic_psnr = found.bicubic_psnr;
    if (found.psnr > progress.best_psnr) {
      progress.best_psnr = found.psnr;
      progress.best_step = progress.step;
      save_weights(training_.file("best.safetensors"), found.psnr);
    }
    using report::fixed;
    bar_.line(str("step ", progress.step, ": validation ", fixed(found.psnr, 3), " dB (bicubic ",
                  fixed(found.bicubic_psnr, 3), ", best ", fixed(progress.best_psnr, 3), "), SSIM ",
                  fixed(found.ssim, 4), ", after ", report::duration(training_.clock.seconds())));
    validation_ = std::move(found);
  }

  // What a checkpoint holds: the network, or of several that train together the one that is asked for.
  void save_weights(const std::filesystem::path& path, double psnr) {
    if constexpr (requires { training_.net.result(); })
      io::save(path, training_.net.result(), described(psnr));
    else io::save(path, training_.net, described(psnr));
  }

  Metadata described(double psnr) const {
    Metadata metadata = training_.options.metadata;
    metadata["trained_steps"] = std::to_string(training_.progress.step);
    if (training_.options.validate) metadata["validation_psnr"] = report::fixed(psnr, 4);
    return metadata;
  }

  Training<M, T, D>& training_;
  report::ProgressBar bar_;
  report::History history_;
  Validation validation_;  // the last one
  FitResult result_;
};

}  // namespace crisp::train::detail
