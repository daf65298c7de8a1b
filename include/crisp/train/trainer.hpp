// fit: the training loop, with progress, validation, checkpoints, a report, and a training state to go on from; on one process
// or several.
#pragma once
#include "crisp/core/finite.hpp"
#include "crisp/core/graph.hpp"
#include "crisp/core/share.hpp"
#include "crisp/data/dataset.hpp"
#include "crisp/distributed/ranks.hpp"
#include "crisp/distributed/stop.hpp"
#include "crisp/nn/init.hpp"
#include "crisp/optim/clip_grad.hpp"
#include "crisp/optim/ema.hpp"
#include "crisp/optim/schedule.hpp"
#include "crisp/report/progress_bar.hpp"
#include "crisp/report/report.hpp"
#include "crisp/report/text.hpp"
#include "crisp/train/running_loss.hpp"
#include "crisp/train/state.hpp"

namespace crisp::train {

/// What a validation found: means over its pictures, and a few of them for the report.
struct Validation {
  double psnr = 0, ssim = 0, bicubic_psnr = 0;
  std::string protocol;
  std::vector<report::ReportPicture> pictures;
};

struct FitOptions {
  std::filesystem::path out = {};               // folder for best, last, state .safetensors, metrics.csv, report.html
  Index steps = 0;                              // the length of the training: this,
  double minutes = 0;                           // or this, by the clock
  data::LoaderOptions loader = {};              // batch, seed and threads
  optim::Schedule schedule = optim::cosine();   // factor on the optimizer's learning rate
  double clip_norm = 0;                         // bound on the length of the gradient; 0: none
  Index accumulate = 1;                         // batches whose gradients are added up for one step
  double ema = 0;                               // decay of the averaged weights, which are validated and saved; 0: none
  Index validate_every = 0;                     // steps; 0: twenty times in all, but by the clock for a tenth of the time at most
  std::function<Validation()> validate = {};    // may be empty
  bool graph = false;                           // each step as one CUDA graph (core/graph.hpp); of one batch, on one process, without dropout
  bool resume = false;                          // go on from the state in `out`
  Metadata metadata = {};                       // what the network is, kept in the checkpoints
  Metadata settings = {};                       // must agree on resuming, and are shown in the report
  std::string title = "Training";
  bool quiet = false;
};

struct FitResult {
  Progress progress;
  double psnr = 0, bicubic_psnr = 0;  // of the last validation
  bool interrupted = false;           // by Ctrl-C; the state is saved
};

namespace detail {

inline void prepare_folder(const FitOptions& o) {
  check(!o.out.empty(), "train: give a folder for the results");
  check(o.accumulate >= 1, "train: gradients of at least 1 batch make a step, not of ", o.accumulate);
  check(!o.graph || o.accumulate == 1, "train: a step as a graph is of 1 batch, not of ", o.accumulate, "\n  hint: make the batch larger, or train without graphs");
  check((o.steps > 0) != (o.minutes > 0), "train: give the length of the training, either in steps or in minutes");
  std::error_code error;
  std::filesystem::create_directories(o.out, error);
  check(std::filesystem::is_directory(o.out, error), "train: the folder '", o.out.string(), "' cannot be made");
  const bool begun = std::filesystem::exists(o.out / "state.safetensors", error);
  check(o.resume || !begun, "train: '", o.out.string(), "' holds a training already\n  hint: go on with it by --resume, or choose another folder");
  check(!o.resume || begun, "train: there is nothing to resume in '", o.out.string(), "': no state.safetensors");
  write_file("train", o.out / ".writable", "");  // before hours of work, not after
  std::filesystem::remove(o.out / ".writable", error);
}

// One training in progress: what the loop needs at several places. Where several processes train, the first validates, prints and writes.
template <class M, class T, class D, distributed::Ranks<T, D> R>
class Fit {
 public:
  Fit(M& net, optim::Optimizer<T, D>& optimizer, FitOptions o, R& ranks)
      : net_(net), optimizer_(optimizer), ranks_(ranks), o_(std::move(o)), base_lr_(optimizer.lr()), bar_(o_.quiet || !first()), losses_(o_.accumulate) {
    if (first()) prepare_folder(o_);
    // What the weights of a resumed training depend on; a caller may name these in words of its own.
    o_.settings.emplace("seed", std::to_string(o_.loader.seed));
    o_.settings.emplace("batch", std::to_string(o_.loader.batch));
    o_.settings.emplace("schedule", o_.schedule.description());
    o_.settings.emplace(o_.steps > 0 ? "steps" : "minutes", o_.steps > 0 ? std::to_string(o_.steps) : str(o_.minutes));
    o_.settings.emplace("accumulate", std::to_string(o_.accumulate));
    o_.settings.emplace("ema", str(o_.ema));
    check(!o_.graph || ranks_.size() == 1, "train: a step as a graph is of one process, not of ", ranks_.size(), ", which exchange their gradients within the step");
    distributed::detail::check_same(in_words(), ranks_);
    o_.loader.part = ranks_.rank();
    o_.loader.parts = ranks_.size();
    if (o_.ema > 0 && first()) ema_.emplace(net_, o_.ema);
    if (o_.resume && first()) {
      progress_ = load_state(o_.out / "state.safetensors", net_, optimizer_, o_.settings, ema_ ? &ema_->state() : nullptr);
      history_ = report::History::load(o_.out / "metrics.csv", progress_.step);
    }
    take_from_first(net_, optimizer_, progress_, ranks_);
  }

  template <class Loss>
  FitResult run(const data::PatchDataset& patches, Loss loss_of) {
    const distributed::detail::StopSignals signals;
    try {
      train(patches, loss_of);
    } catch (const distributed::LostRank& lost) {  // the weights are those after the last step that all made
      if (!first()) throw;
      check_weights();
      save_all();
      const std::string saved = str("\n  the training is saved up to step ", progress_.step, "; go on with it by --resume");
      throw Error(lost.what() + saved);
    }
    return tell_result();
  }

 private:
  using Clock = std::chrono::steady_clock;

  bool first() const { return ranks_.rank() == 0; }

  template <class Loss>
  void train(const data::PatchDataset& patches, Loss& loss_of) {
    started_ = Clock::now() - std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(progress_.seconds));
    clock_ = progress_.seconds;
    last_row_ = seconds();
    data::LoaderOptions loader = o_.loader;
    loader.first_step = progress_.step * o_.accumulate;
    if (o_.steps > 0) loader.steps = o_.steps * o_.accumulate;
    begun_at_ = progress_.step;
    begun_seconds_ = seconds();
    if (part_done() < 1) {
      const ShareOfBatch<T, D> share({ranks_.rank(), ranks_.size()}, [this](Tensor<T, D>& x) { distributed::detail::average(x, ranks_); });
      Var<T, D> x, y;  // (N, H, W, C)
      const auto loss = [&] {
        nn::detail::generator = Rng(o_.loader.seed).split(std::uint64_t(progress_.step * o_.accumulate + parts_) + 0x5eed);  // for dropout
        return Var<T, D>(loss_of(x, y));
      };
      Tensor<T, D> total;
      Graph<D> repeated([&] {
        const Var<T, D> of_batch = loss();
        of_batch.backward();
        change_weights();
        total = of_batch.value();
      });
      for (auto& [input, target] : patches.template batches<D, T>(loader)) {
        if (o_.graph && x.value().defined()) {  // the graph reads where the first batch lay
          x.value().copy_(input);
          y.value().copy_(target);
        } else {
          x = input;
          y = target;
        }
        if (o_.graph) step(repeated, total);
        else if (!step(loss)) continue;
        if (part_done() >= 1) break;
        if (stop_) return interrupted();
        if (validation_due()) validate();
      }
    }
    validate();
  }

  double seconds() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }
  double part_done() const { return std::min(1.0, o_.steps > 0 ? double(progress_.step) / double(o_.steps) : clock_ / (60 * o_.minutes)); }

  // The length in steps: known, or as the clock promises it.
  Index total_steps() const { return o_.steps > 0 ? o_.steps : Index(double(progress_.step) / std::max(part_done(), 1e-9)); }

  // Adds the gradients of one batch; true when they were enough for a step.
  template <class Loss>
  bool step(const Loss& of_batch) {
    const Var<T, D> loss = of_batch();
    losses_.add(loss.value());
    if (!losses_.waits || losses_.full() || ranks_.size() > 1)
      read_losses([&] {
        const ShareOfBatch<T, D> alone;
        return nn::first_non_finite(net_, of_batch);
      });
    loss.backward(Tensor<T, D>(loss.shape(), T(1) / T(o_.accumulate)));
    if (++parts_ < o_.accumulate) return false;
    parts_ = 0;
    agree();
    distributed::detail::average_gradients<T, D>(net_, ranks_);
    set_rate();
    change_weights();
    count_step();
    return true;
  }

  // A step as a graph, which leaves the loss of its batch in `total`.
  void step(Graph<D>& repeated, const Tensor<T, D>& total) {
    agree();
    set_rate();
    repeated();
    losses_.add(total);
    if (!losses_.waits || losses_.full()) read_losses();
    count_step();
  }

  void set_rate() { optimizer_.set_lr(base_lr_ * o_.schedule(progress_.step, total_steps())); }

  void change_weights() {
    if (o_.clip_norm > 0) optim::detail::clip_to_norm<T, D>(net_, o_.clip_norm);
    optimizer_.step();
    if (ema_) ema_->update(net_);
  }

  void count_step() {
    ++progress_.step;
    if (bar_.due()) {
      read_losses();
      const double now = seconds(), rate = double(progress_.step - begun_at_) / std::max(1e-9, now - begun_seconds_), done = part_done();
      const double left = o_.steps > 0 ? double(o_.steps - progress_.step) / rate : 60 * o_.minutes - now;
      bar_.update(done, progress_.step, losses_.last(), rate * double(o_.loader.batch * o_.accumulate), left);
    }
    if (part_done() * 200 >= double(history_.rows.size() + 1) || seconds() - last_row_ > 60) add_row();
  }

  // Reads the losses since the last time. Throws Error for one that is not finite; `where` looks for the first such value in the batch that
  // was added last, before a step is made with it. (After that step there would be nothing to learn: its gradients reach all weights.)
  template <class Where>
  void read_losses(const Where& where) {
    if (const auto bad = losses_.read()) fail(str("the loss is ", bad->value), begun_at_ + bad->batch / o_.accumulate + 1, bad->last ? where() : "");
  }
  void read_losses() {
    read_losses([] { return std::string(); });
  }

  // The loss of the whole batch, the clock of the first process, which decides for all, and whether one was asked to stop.
  void agree() {
    std::vector<double> numbers{losses_.last(), first() ? seconds() : 0, distributed::detail::stop_asked ? 1.0 : 0.0};
    ranks_.sum(numbers);
    losses_.set_last(numbers[0] / double(ranks_.size()));
    clock_ = numbers[1];
    stop_ = numbers[2] > 0;
  }

  // What all processes must have in common, line by line.
  std::string in_words() const {
    std::string text;
    for (const auto& [key, value] : o_.settings) text += key + " " + value + "\n";
    net_.each_param([&](const std::string& name, const auto& p) { text += str(name, " ", p.shape(), "\n"); });
    return text;
  }

  // The same for all processes, once the first has written everything.
  FitResult tell_result() {
    if (ranks_.size() == 1) return result_;
    Progress& p = result_.progress;
    std::vector<double> numbers{double(p.step), p.seconds, p.best_psnr, double(p.best_step), result_.psnr, result_.bicubic_psnr};
    if (!first()) numbers.assign(numbers.size(), 0);
    ranks_.sum(numbers);
    p = {Index(numbers[0]), numbers[1], numbers[2], Index(numbers[3])};
    result_.psnr = numbers[4];
    result_.bicubic_psnr = numbers[5];
    return result_;
  }

  [[noreturn]] void fail(const std::string& what, Index step, const std::string& where) const {
    std::error_code error;
    const bool saved = std::filesystem::exists(o_.out / "last.safetensors", error);
    throw Error(str("train: ", what, " at step ", step, where.empty() ? "" : "; the first value that is not finite: " + where,
                    "\n  hint: use a smaller learning rate (it was ", optimizer_.lr(), "), or clip the gradients",
                    saved ? "\n  the last good checkpoint is kept: " + (o_.out / "last.safetensors").string() : "\n  no checkpoint was saved yet"));
  }

  report::HistoryRow& add_row() {
    read_losses();
    const double mean = losses_.take_mean().value_or(history_.rows.empty() ? 0 : history_.rows.back().loss);
    if (history_.rows.empty() || history_.rows.back().step != progress_.step)
      history_.rows.push_back({progress_.step, seconds(), optimizer_.lr(), mean, {}, {}});
    last_row_ = seconds();
    return history_.rows.back();
  }

  bool validation_due() {
    if (o_.validate_every > 0) return progress_.step % o_.validate_every == 0;
    if (o_.steps > 0) return progress_.step % std::max<Index>(1, o_.steps / 20) == 0;
    const int due = int(part_done() * 20);
    if (due <= validations_ || validating_ > 0.1 * seconds()) return false;
    validations_ = due;
    return true;
  }

  void check_weights() const {
    net_.each_param([&](const std::string& name, const auto& p) {
      for (const T v : p.value().to_host())
        if (!is_finite(v)) fail("a weight is not finite", progress_.step, "the weight " + name);
    });
  }

  // The weights that count are in place while it lives: the averaged ones, where there are any.
  struct Averaged {
    Fit& fit;
    explicit Averaged(Fit& f) : fit(f) { if (fit.ema_) fit.ema_->swap(fit.net_); }
    ~Averaged() { if (fit.ema_) fit.ema_->swap(fit.net_); }
  };

  // What a checkpoint holds: the network, or of several that train together the one that is asked for.
  void save_weights(const std::filesystem::path& path, double psnr) {
    if constexpr (requires { net_.result(); }) io::save(path, net_.result(), described(psnr));
    else io::save(path, net_, described(psnr));
  }

  void validate() {
    if (!first()) return;
    read_losses();  // before the weights: they are not finite once a loss was not
    check_weights();
    report::HistoryRow& row = add_row();
    if (o_.validate) {
      const Averaged weights(*this);
      const ShareOfBatch<T, D> alone;
      const auto begun = Clock::now();
      Validation v = no_grad(o_.validate);
      validating_ += std::chrono::duration<double>(Clock::now() - begun).count();
      if (is_nan(v.psnr)) fail("the validation gives a PSNR that is not a number", progress_.step, "");
      row.psnr = v.psnr;
      row.ssim = v.ssim;
      result_.psnr = v.psnr;
      result_.bicubic_psnr = v.bicubic_psnr;
      if (v.psnr > progress_.best_psnr) {
        progress_.best_psnr = v.psnr;
        progress_.best_step = progress_.step;
        save_weights(o_.out / "best.safetensors", v.psnr);
      }
      char text[160];
      std::snprintf(text, sizeof text, "step %lld: validation %.3f dB (bicubic %.3f, best %.3f), SSIM %.4f, after %s", static_cast<long long>(progress_.step), v.psnr,
                    v.bicubic_psnr, progress_.best_psnr, v.ssim, report::duration(seconds()).c_str());
      bar_.line(text);
      validation_ = std::move(v);
    }
    save_all();
  }

  Metadata described(double psnr) const {
    Metadata m = o_.metadata;
    m["trained_steps"] = std::to_string(progress_.step);
    if (o_.validate) m["validation_psnr"] = report::fixed(psnr, 4);
    return m;
  }

  void save_all() {  // the state first: after a signal there may be a second left
    progress_.seconds = seconds();
    save_state(o_.out / "state.safetensors", net_, optimizer_, progress_, o_.settings, ema_ ? &ema_->state() : nullptr);
    {
      const Averaged weights(*this);
      save_weights(o_.out / "last.safetensors", result_.psnr);
    }
    history_.save(o_.out / "metrics.csv");
    report::save_report(o_.out / "report.html", {o_.title, validation_.protocol, o_.settings, history_, validation_.bicubic_psnr, validation_.pictures});
    result_.progress = progress_;
  }

  void interrupted() {
    result_.interrupted = true;
    if (!first()) return;
    read_losses();
    check_weights();
    add_row();
    save_all();
    bar_.line(str("stopped at step ", progress_.step, "; the state is saved"));
  }

  M& net_;
  optim::Optimizer<T, D>& optimizer_;
  R& ranks_;
  FitOptions o_;
  double base_lr_;
  report::ProgressBar bar_;
  RunningLoss<T, D> losses_;
  std::optional<optim::Ema<T, D>> ema_;
  Progress progress_;
  report::History history_;
  Validation validation_;
  FitResult result_;
  Clock::time_point started_ = Clock::now();
  Index begun_at_ = 0;
  double begun_seconds_ = 0, last_row_ = 0;
  double validating_ = 0;  // seconds
  double clock_ = 0;   // seconds() of the first process at the last step
  bool stop_ = false;  // one process was asked to
  Index parts_ = 0;    // batches of the step in progress
  int validations_ = 0;
};

}  // namespace detail

/// Trains `net` on batches of `patches`: loss_of(input, target), two Vars (N, H, W, C) in 0..1, gives the loss. Writes into
/// the folder o.out as it goes. With a number of steps, the same seed gives the same weights to the bit, for any number
/// of loader threads, and whether or not the training was stopped and resumed. Throws Error for options that do not
/// fit, before any work; for a loss that is not finite; and for a folder that cannot be written.
/// Where there are several `ranks`, each calls this with the same arguments, and o.loader.batch is that of all together, which
/// they share equally; the loss must be a mean over the batch. The weights are then those of one process but for rounding.
template <class M, class T, class D, class Loss, distributed::Ranks<T, D> R>
FitResult fit(M& net, optim::Optimizer<T, D>& optimizer, const data::PatchDataset& patches, Loss loss_of, FitOptions o, R& ranks) {
  return detail::Fit<M, T, D, R>(net, optimizer, std::move(o), ranks).run(patches, loss_of);
}
template <class M, class T, class D, class Loss>
FitResult fit(M& net, optim::Optimizer<T, D>& optimizer, const data::PatchDataset& patches, Loss loss_of, FitOptions o) {
  distributed::OneRank alone;
  return fit(net, optimizer, patches, loss_of, std::move(o), alone);
}

}  // namespace crisp::train
