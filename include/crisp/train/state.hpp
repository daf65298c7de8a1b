// The state of a training in a safetensors file: weights, optimizer and progress, so that it
// goes on as if it had never stopped.
#pragma once
#include <cmath>
#include <limits>

#include "crisp/core/finite.hpp"
#include "crisp/core/text.hpp"
#include "crisp/distributed/ranks.hpp"
#include "crisp/io/weights.hpp"
#include "crisp/optim/optimizer.hpp"

namespace crisp::train {

using io::Metadata;

/// How far a training is. Batches follow from the seed and the step.
struct Progress {
  Index step = 0;
  double seconds = 0;
  double best_psnr = -std::numeric_limits<double>::infinity();
  Index best_step = 0;
  double loss_sum = 0;  // of the steps since the last row of metrics.csv
  Index loss_steps = 0;
};

/// Further tensors of a training, by name: the averaged weights.
template <class T, class D>
using ExtraState = std::vector<std::pair<std::string, Tensor<T, D>>>;

namespace detail {

// The text of a number, from which the same number is read again; an infinite one is "inf" or "-inf".
inline std::string exact(double value) { return number_text(value, std::chars_format::general, 17); }

// The file of a state as it is read. A file may hold anything: each question throws
// Error where the answer does not fit.
class StateFile {
 public:
  explicit StateFile(std::filesystem::path path)
      : path_(std::move(path)), file_(io::read_safetensors(path_)) {}

  const std::filesystem::path& path() const { return path_; }
  const io::SafeTensors& content() const { return file_; }

  bool has(const std::string& key) const { return file_.metadata.contains(key); }

  const std::string& text(const std::string& key) const {
    const auto found = file_.metadata.find(key);
    check(found != file_.metadata.end(), "resume: '", path_.string(), "' has no '", key,
          "'; it is not the state of a training");
    return found->second;
  }

  /// A finite number, from -limit to limit.
  double number(const std::string& key, double limit) const {
    const std::string& digits = text(key);
    const std::optional<double> value = number_of(digits);
    check(value && std::abs(*value) <= limit, "resume: '", key, "' in '", path_.string(), "' is '", digits,
          "', not a number that fits");
    return *value;
  }

  /// A whole number of 0 or more, up to where a double counts exactly.
  Index whole(const std::string& key) const {
    const double value = number(key, 9e15);
    check(value >= 0 && value == std::floor(value), "resume: '", key, "' in '", path_.string(), "' is ",
          value, ", not a whole number of 0 or more");
    return Index(value);
  }

  /// The tensor of this name and shape.
  const io::HostTensor& tensor(const std::string& name, const Shape& shape) const {
    const auto found = file_.tensors.find(name);
    check(found != file_.tensors.end() && found->second.shape == io::detail::torch_shape(shape), "resume: '",
          path_.string(), "' holds no fitting '", name, "'\n  hint: resume with the same optimizer");
    return found->second;
  }

  void check_settings(const Metadata& settings) const {
    const char* const anew =
        ", or begin anew in another folder; there --init takes the weights that this training has";
    for (const auto& [key, value] : settings) {
      if (key != "pictures") {
        check(text(key) == value, "resume: the setting '", key, "' was '", text(key), "' in '",
              path_.string(), "', and is '", value, "' now\n  hint: resume with the same settings", anew);
      } else if (has(key)) {  // older files do not have it
        check(text(key) == value, "resume: the pictures are not those that '", path_.string(),
              "' was trained on (fingerprint ", value, ", not ", text(key),
              ")\n  hint: give the same pictures", anew);
      }
    }
  }

  Progress progress() const {
    Progress p;
    p.step = whole("state.step");
    p.seconds = number("state.seconds", 3e9);
    check(p.seconds >= 0, "resume: 'state.seconds' in '", path_.string(), "' is ", p.seconds,
          ", less than 0");
    const std::string& best = text("state.best_psnr");                         // "none" in older files
    if (best == "inf") p.best_psnr = std::numeric_limits<double>::infinity();  // of equal pictures
    else if (best != "none" && best != "-inf") p.best_psnr = number("state.best_psnr", 1e300);
    p.best_step = whole("state.best_step");
    if (!has("state.loss_sum")) return p;  // an older file
    p.loss_sum = number("state.loss_sum", 1e300);
    p.loss_steps = whole("state.loss_steps");
    return p;
  }

 private:
  std::filesystem::path path_;
  io::SafeTensors file_;
};

// f(name in the file, tensor) for the optimizer's state and the extra tensors.
template <class T, class D, class F>
void each_beside_weights(optim::Optimizer<T, D>& optimizer, ExtraState<T, D>* extra, const F& f) {
  optimizer.each_state([&](const std::string& name, Tensor<T, D>& t) { f("optimizer." + name, t); });
  if (!extra) return;
  for (auto& [name, t] : *extra) f("extra." + name, t);
}

}  // namespace detail

/// Writes weights, optimizer and progress into one file, so that they always belong together. Throws Error.
template <class M, class T, class D>
void save_state(const std::filesystem::path& path, const M& net, optim::Optimizer<T, D>& optimizer,
                const Progress& progress, Metadata settings, ExtraState<T, D>* extra = nullptr) {
  settings["state.step"] = std::to_string(progress.step);
  settings["state.seconds"] = detail::exact(progress.seconds);
  settings["state.best_psnr"] = detail::exact(progress.best_psnr);
  settings["state.best_step"] = std::to_string(progress.best_step);
  settings["state.loss_sum"] = detail::exact(progress.loss_sum);
  settings["state.loss_steps"] = std::to_string(progress.loss_steps);
  settings["state.optimizer_steps"] = std::to_string(optimizer.step_count());
  io::SafeTensors file{std::move(settings), {}};
  io::detail::add_weights(net, "net.", file);
  detail::each_beside_weights<T, D>(optimizer, extra, [&](const std::string& name, const Tensor<T, D>& t) {
    file.tensors[name] = io::detail::to_file(t);
  });
  io::write_safetensors(path, file);
}

/// Restores what save_state wrote. Throws Error, before anything has changed,
/// where a setting or a tensor differs.
template <class M, class T, class D>
Progress load_state(const std::filesystem::path& path, M& net, optim::Optimizer<T, D>& optimizer,
                    const Metadata& settings, ExtraState<T, D>* extra = nullptr) {
  const detail::StateFile file(path);
  file.check_settings(settings);
  const Progress progress = file.progress();
  const Index optimizer_steps = file.whole("state.optimizer_steps");
  detail::each_beside_weights<T, D>(optimizer, extra, [&](const std::string& name, const Tensor<T, D>& t) {
    file.tensor(name, t.shape());
  });
  // The last that may throw, and the first that changes anything.
  io::detail::take_weights(path, file.content(), "net.", net);
  detail::each_beside_weights<T, D>(optimizer, extra, [&](const std::string& name, Tensor<T, D>& t) {
    io::detail::from_file(file.tensor(name, t.shape()), t);
  });
  optimizer.set_step_count(optimizer_steps);
  return progress;
}

/// All processes go on from what the first has: weights, the optimizer's state, and the
/// progress but for the best validation.
template <class T, class D, class M, distributed::Ranks<T, D> R>
void take_from_first(M& net, optim::Optimizer<T, D>& optimizer, Progress& progress, R& ranks) {
  if (ranks.size() == 1) return;
  net.each_param([&](const std::string&, nn::Param<T, D>& p) { ranks.broadcast(p.value()); });
  optimizer.each_state([&](const std::string&, Tensor<T, D>& t) { ranks.broadcast(t); });
  std::vector<double> numbers{double(progress.step), progress.seconds, double(optimizer.step_count())};
  if (ranks.rank() != 0) numbers.assign(numbers.size(), 0);
  ranks.sum(numbers);
  progress.step = Index(numbers[0]);
  progress.seconds = numbers[1];
  optimizer.set_step_count(Index(numbers[2]));
}

}  // namespace crisp::train
