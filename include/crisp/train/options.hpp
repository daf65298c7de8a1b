// FitOptions, FitResult: what a training is told, and what it tells at the end.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "crisp/core/file.hpp"
#include "crisp/data/dataset.hpp"
#include "crisp/optim/schedule.hpp"
#include "crisp/report/report.hpp"
#include "crisp/train/state.hpp"

namespace crisp::train {

/// What a validation found: means over its pictures, and a few of them for the report.
struct Validation {
  double psnr = 0, ssim = 0;
  double bicubic_psnr = 0;
  std::string protocol;
  std::vector<report::ReportPicture> pictures;
};

struct FitOptions {
  std::filesystem::path out = {};  // folder for best, last, state .safetensors, metrics.csv, report.html

  // The length: one of both.
  Index steps = 0;
  double minutes = 0;  // by the clock

  // The steps.
  data::LoaderOptions loader = {};             // batch, seed and threads
  optim::Schedule schedule = optim::cosine();  // factor on the optimizer's learning rate
  double clip_norm = 0;                        // bound on the length of the gradient; 0: none
  Index accumulate = 1;                        // batches whose gradients are added up for one step
  double ema = 0;                              // decay of the averaged weights, which then count; 0: none

  // The validation: every so many steps; 0: twenty times, or fewer where that would take more than a tenth of
  // the time. The last one is always made. Ctrl-C ends it between two of its ops.
  Index validate_every = 0;
  std::function<Validation()> validate = {};  // may be empty

  bool watch = false;      // measure each layer at every row of metrics.csv, into layers.csv and the report
  bool graph = false;      // each step as one CUDA graph (core/graph.hpp): one batch, one process, no dropout
  bool resume = false;     // go on from the state in `out`
  Metadata metadata = {};  // what the network is, kept in the checkpoints
  Metadata settings = {};  // must agree on resuming, and are shown in the report
  std::string title = "Training";
  bool quiet = false;
};

struct FitResult {
  Progress progress;
  double psnr = 0, bicubic_psnr = 0;  // of the last validation
  bool interrupted = false;           // by Ctrl-C, SIGTERM or SIGHUP; the state is saved
  bool was_finished = false;          // before: the training was resumed, and had no step left to make
};

namespace detail {

inline void check_options(const FitOptions& o) {
  check(!o.out.empty(), "train: give a folder for the results");
  check(o.accumulate >= 1, "train: gradients of at least 1 batch make a step, not of ", o.accumulate);
  check(!o.graph || o.accumulate == 1, "train: a step as a graph is of 1 batch, not of ", o.accumulate,
        "\n  hint: make the batch larger, or train without graphs");
  check(!o.graph || !o.watch,
        "train: the layers of a step as a graph cannot be watched\n  hint: leave out one of both");
  check((o.steps > 0) != (o.minutes > 0),
        "train: give the length of the training, either in steps or in minutes");
}

inline void make_folder(const FitOptions& o) {
  std::error_code error, unknown;
  std::filesystem::create_directories(o.out, error);
  const std::string folder = o.out.string();
  check(std::filesystem::is_directory(o.out, unknown), "train: the folder '", folder,
        "' cannot be made: ", error.message());
}

// Finds out before hours of work, not after, whether files can be written into the folder.
inline void check_folder(const FitOptions& o) {
  std::error_code error;
  const std::string folder = o.out.string();
  const bool begun = std::filesystem::exists(o.out / "state.safetensors", error);
  check(!error, "train: the folder '", folder, "' cannot be read: ", error.message());
  check(o.resume || !begun, "train: '", folder,
        "' holds a training already\n  hint: go on with it by --resume, or choose another folder");
  check(!o.resume || begun, "train: there is nothing to resume in '", folder, "': no state.safetensors");
  const TemporaryFile trial(o.out / ".writable");
  write_file("train", o.out / ".writable", "");
}

// Adds what the weights of a resumed training depend on; a caller may name these in words of its own.
inline void complete_settings(FitOptions& o, std::uint64_t fingerprint) {
  o.settings.emplace("pictures", hexadecimal(fingerprint));
  o.settings.emplace("seed", std::to_string(o.loader.seed));
  o.settings.emplace("batch", std::to_string(o.loader.batch));
  o.settings.emplace("schedule", o.schedule.description());
  if (o.steps > 0) o.settings.emplace("steps", std::to_string(o.steps));
  else o.settings.emplace("minutes", str(o.minutes));
  o.settings.emplace("accumulate", std::to_string(o.accumulate));
  o.settings.emplace("ema", str(o.ema));
}

}  // namespace detail
}  // namespace crisp::train
