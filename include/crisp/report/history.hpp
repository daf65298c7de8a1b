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
  double seconds = 0, lr = 0, loss = 0;      // loss: the mean since the row before
  std::optional<double> psnr, ssim;          // of the validation, where there was one at this step
};

struct History {
  std::vector<HistoryRow> rows;

  /// Writes all rows; the file appears whole or not at all. Throws Error.
  void save(const std::filesystem::path& path) const {
    std::ostringstream out;
    out.precision(10);
    out << "step,seconds,lr,loss,psnr,ssim\n";
    for (const HistoryRow& r : rows) {
      out << r.step << ',' << r.seconds << ',' << r.lr << ',' << r.loss << ',';
      if (r.psnr) out << *r.psnr;
      out << ',';
      if (r.ssim) out << *r.ssim;
      out << '\n';
    }
    write_file("metrics", path, out.str());
  }

  /// Reads the rows up to and with `last_step`: later ones belong to steps that will be made again. A missing file
  /// is an empty history. Throws Error for a row that is not one.
  static History load(const std::filesystem::path& path, Index last_step) {
    History history;
    if (!std::filesystem::exists(path)) return history;
    std::istringstream file(read_file("metrics", path));
    std::string line;
    std::getline(file, line);  // the names of the columns
    while (std::getline(file, line)) {
      HistoryRow r;
      std::string psnr, ssim;
      char comma;
      std::istringstream cells(line);
      cells >> r.step >> comma >> r.seconds >> comma >> r.lr >> comma >> r.loss >> comma;
      check(!cells.fail(), "metrics: '", path.string(), "' has a row that is not one: '", line, "'");
      std::getline(cells, psnr, ',');
      std::getline(cells, ssim);
      if (!psnr.empty()) r.psnr = std::strtod(psnr.c_str(), nullptr);
      if (!ssim.empty()) r.ssim = std::strtod(ssim.c_str(), nullptr);
      if (r.step <= last_step) history.rows.push_back(r);
    }
    return history;
  }
};

}  // namespace crisp::report
