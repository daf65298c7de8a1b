// The results of an evaluation as papers print them: a table of sets and scales against methods; and as CSV
// and JSON.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "crisp/infer/evaluate.hpp"

namespace crisp::program {

/// One method on one set at one scale.
struct TableEntry {
  std::string set, method, protocol_name;  // protocol_name: y, rgb8, basicsr
  Index scale = 1;
  infer::Evaluation scores;
  std::optional<Index> parameters = {};  // of a network
  std::optional<double> seconds = {};    // that a picture takes, its enlarging alone; where it is asked for
};

/// Rows: methods, at each set and scale; columns: what `shown` names, of metric_names() and parameters, mse,
/// psnr-of-mean, time. `columns` are those of the measures, as below.
std::string method_table(const std::vector<TableEntry>& entries, const std::vector<std::string>& columns,
                         const std::vector<std::string>& shown);

/// Rows: sets and scales; columns: methods; in each cell the columns' figures, "33.66 / 0.9299". columns:
/// psnr, ssim and the further ones.
std::string markdown_table(const std::vector<TableEntry>& entries, const std::vector<std::string>& columns);

/// One line for each image and for each mean: set, scale, method, protocol, image, psnr, ssim, ...
std::string csv_table(const std::vector<TableEntry>& entries, const std::vector<std::string>& columns);

/// One entry: an object with psnr (dB), ssim, psnr_of_mean_mse (dB), images, protocol; several: {"results":
/// [...]} of such.
std::string json_table(const std::vector<TableEntry>& entries, const std::vector<std::string>& columns);

}  // namespace crisp::program
