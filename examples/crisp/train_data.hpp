// The pictures of a training: where they come from, and which of them validate.
#pragma once
#include <optional>

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
};

/// A picture to validate on: HR, and LR where it was made elsewhere.
struct ValidationImage {
  std::string name;
  data::Image hr, lr;
};

struct TrainingData {
  data::PatchDataset patches;
  std::vector<ValidationImage> valid;
  std::string valid_source;
};

/// Throws WrongUse for folders and options that do not fit, before anything is read.
void check_data(const DataOptions& o, Index scale);

/// Says what else lies in the folders, see picture.hpp.
void tell_left_out(const DataOptions& o);

/// Reads the pictures, one at a time; each must hold a patch. Throws Error, with its name, for one that does
/// not.
TrainingData load_data(const DataOptions& o, const Network& net, Index patch);

/// Scores a network on luma (channels 1) or RGB on the pictures; the first eight are kept for the report.
train::Validation validate(const infer::Upscaler& network, Index channels, Index scale,
                           const std::vector<ValidationImage>& images, const std::string& degrade);

}  // namespace crisp::program
