// The pictures of a training: where they come from, and which of them validate.
#pragma once
#include <memory>

#include "common.hpp"
#include "crisp/data/dataset.hpp"
#include "crisp/infer/evaluate.hpp"
#include "crisp/train/trainer.hpp"

namespace crisp::program {

struct DataOptions {
  std::vector<std::string> train;  // folders, or the word synthetic
  fs::path lr, hr;                 // paired folders; see LrFolder for the names
  fs::path valid;
  double split = 0;  // the part of the pictures that trains; the others validate
  std::string degrade;
  Index seed = 0;
  std::string memory;     // for samples, such as 4G; empty: a quarter of the machine's
  fs::path cache;         // the folder for what memory does not hold; empty: the user's
  Index valid_limit = 0;  // pictures that are validated during the training; 0: all
};

/// A picture to validate on: HR, and LR where it was made elsewhere.
struct ValidationImage {
  std::string name;
  std::shared_ptr<const data::Pictures> hr, lr;
  Index number;  // in both
};

struct TrainingData {
  data::PatchDataset patches;
  std::vector<ValidationImage> valid;
  std::string valid_source;
  std::size_t valid_limit = 0;  // see DataOptions
};

/// Throws WrongUse for folders and options that do not fit, before anything is read.
void check_data(const DataOptions& o, Index scale);

/// Says what else lies in the folders, see picture.hpp.
void tell_left_out(const DataOptions& o);

/// Reads the pictures into memory or a cache, and says how far it is unless `quiet`. Those that are smaller
/// than a patch are left out, with a warning that counts them. Throws Error, with its name, for a picture
/// that cannot be read, and where none is large enough.
TrainingData load_data(const DataOptions& o, const Network& net, Index patch, bool quiet);

/// The pictures of a folder, in memory or a cache as the options say.
std::shared_ptr<const data::Pictures> open_folder(const DataOptions& o, const fs::path& folder, bool quiet);

/// Scores a network on luma (channels 1) or RGB on the pictures, or with `limited` on as many of them as the
/// options allow during a training; the first eight are kept for the report.
train::Validation validate(const infer::Upscaler& network, Index channels, Index scale,
                           const TrainingData& data, const std::string& degrade, bool limited);

}  // namespace crisp::program
