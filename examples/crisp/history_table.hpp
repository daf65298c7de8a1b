// The table of a review: rows are sets, scales and metrics, columns methods in the order of their years; in
// each cell what was measured, what was published, and the difference.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "crisp/fwd.hpp"

namespace crisp::program {

struct TableCell {
  std::optional<double> measured, published;
};

struct TableRow {
  std::string set, metric;
  Index scale = 1;
  std::vector<TableCell> cells;  // one a method
};

struct HistoryTable {
  std::vector<std::string> methods;
  std::vector<TableRow> rows;
};

/// How far a measured value may lie from the published one and still count as equal: 0.05 dB of psnr, 0.001
/// of ssim, ms-ssim and ms-ssim-97, 2 % of the others.
bool agrees(const std::string& metric, double measured, double published);

/// In each cell "33.661 (33.66)": measured, and published in brackets; "quoted" behind what was not measured.
std::string as_markdown(const HistoryTable& table);

/// A line a cell: set, scale, metric, method, measured, published, difference.
std::string as_csv(const HistoryTable& table);

/// A page: the difference is green where the two agree or the measured one is better, else red.
std::string as_html(const HistoryTable& table);

/// A tabular for a paper, as as_markdown.
std::string as_latex(const HistoryTable& table);

}  // namespace crisp::program
