// History: what a training measured, row by row, and its file metrics.csv.
#pragma once
#include <limits>
#include <optional>
#include <sstream>
#include <vector>

#include "crisp/core/file.hpp"

namespace crisp::report {

struct HistoryRow {
  Index step = 0;
  double seconds = 0, lr = 0;
  double loss = 0;                   // the mean since the row before
  std::optional<double> psnr, ssim;  // of the validation, where there was one at this step
};

struct History {
  std::vector<HistoryRow> rows;

  /// Writes all rows; the file appears whole or not at all. Throws Error.
  void save(const std::filesystem::path& path) const {
    std::ostringstream out;
    out.precision(10);
    out << "step,seconds,lr,loss,psnr,ssim\n";
    for (const HistoryRow& row : rows) {
      out << row.step << ',' << row.seconds << ',' << row.lr << ',' << row.loss << ',';
      if (row.psnr) out << *row.psnr;
      out << ',';
      if (row.ssim) out << *row.ssim;
      out << '\n';
    }
    write_file("metrics", path, out.str());
  }

  /// Reads the rows up to and with `last_step`: later ones belong to steps that will be made again. A missing
  /// file is an empty history. Throws Error for a row that is not one.
  static History load(const std::filesystem::path& path, Index last_step) {
    History history;
    if (!std::filesystem::exists(path)) return history;
    std::istringstream file(read_file("metrics", path));
    std::string line;
    std::getline(file, line);  // the names of the columns
    while (std::getline(file, line)) {
      HistoryRow row;
      std::string psnr, ssim;
      char comma;
      std::istringstream cells(line);
      cells >> row.step >> comma >> row.seconds >> comma >> row.lr >> comma >> row.loss >> comma;
      check(!cells.fail(), "metrics: '", path.string(), "' has a row that is not one: '", line, "'");
      std::getline(cells, psnr, ',');
      std::getline(cells, ssim);
      if (!psnr.empty()) row.psnr = std::strtod(psnr.c_str(), nullptr);
      if (!ssim.empty()) row.ssim = std::strtod(ssim.c_str(), nullptr);
      if (row.step <= last_step) history.rows.push_back(row);
    }
    return history;
  }
};

}  // namespace crisp::report
