// The published figures of published.csv, which is put into the program when it is built.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "crisp/fwd.hpp"

namespace crisp::program {

extern const char* const published_csv;

struct Published {
  std::string method;  // as --model has it; SRCNN's smaller networks with their variant: "srcnn 9-1-5"
  Index year = 0;
  std::string set;
  Index scale = 1;
  std::string metric;  // psnr, ssim, ifc, nqm, wpsnr, ms-ssim, ms-ssim-97
  double value = 0;
  std::string source;
};

/// All of them, in the order of the file. Throws Error where a line of it is not as its head says.
const std::vector<Published>& published();

/// The figure, where one is known.
std::optional<double> published_value(const std::string& method, const std::string& set, Index scale,
                                      const std::string& metric);

/// The year of a method's paper; none where no figure of it is known.
std::optional<Index> published_year(const std::string& method);

}  // namespace crisp::program
