// History: what a training measured, row by row, and its file metrics.csv.
#pragma once
#include <optional>
#include <sstream>
#include <vector>

#include "crisp/core/file.hpp"
#include "crisp/core/text.hpp"

namespace crisp::report {

struct HistoryRow {
  Index step = 0;
  double seconds = 0;
  double waited = 0;  // of these since the row before, for batches that were not ready
  double lr = 0;
  double loss = 0;                   // the mean since the row before
  std::optional<double> psnr, ssim;  // of the validation, where there was one at this step
};

namespace detail {

// The cells of a line of a table; what follows the last comma is one too, and may be empty.
inline std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') cells.emplace_back();
    else cells.back() += c;
  }
  return cells;
}

// The row that the line holds, if it is one. Older files do not say how long the training waited.
inline std::optional<HistoryRow> row_of(const std::string& line) {
  std::vector<std::string> cells = cells_of(line);
  if (cells.size() == 6) cells.insert(cells.begin() + 2, "0");
  if (cells.size() != 7) return std::nullopt;
  const std::optional<Index> step = whole_number_of(cells[0]);
  const auto seconds = number_of(cells[1]), waited = number_of(cells[2]);
  const auto lr = number_of(cells[3]), loss = number_of(cells[4]);
  const auto psnr = number_of(cells[5]), ssim = number_of(cells[6]);
  const bool validated = (psnr || cells[5].empty()) && (ssim || cells[6].empty());
  if (!step || !seconds || !waited || !lr || !loss || !validated) return std::nullopt;
  return HistoryRow{*step, *seconds, *waited, *lr, *loss, psnr, ssim};
}

// A number as metrics.csv has it, and what of it is read there again.
inline std::string text_of(double value) { return number_text(value, std::chars_format::general, 10); }
inline double as_kept(double value) { return number_of(text_of(value)).value_or(value); }

}  // namespace detail

struct History {
  std::vector<HistoryRow> rows;

  /// Writes all rows; the file appears whole or not at all. Throws Error.
  void save(const std::filesystem::path& path) const {
    using detail::text_of;
    std::string out = "step,seconds,waited,lr,loss,psnr,ssim\n";
    for (const HistoryRow& row : rows)
      out += str(row.step, ",", text_of(row.seconds), ",", text_of(row.waited), ",", text_of(row.lr), ",",
                 text_of(row.loss), ",", row.psnr ? text_of(*row.psnr) : "", ",",
                 row.ssim ? text_of(*row.ssim) : "", "\n");
    write_file("metrics", path, out);
  }

  /// The rows with the digits that the file keeps: what is drawn of them is the same after a --resume.
  History as_kept() const {
    History kept = *this;
    for (HistoryRow& row : kept.rows) {
      row.loss = detail::as_kept(row.loss);
      if (row.psnr) row.psnr = detail::as_kept(*row.psnr);
    }
    return kept;
  }

  /// Reads the rows up to and with `last_step`: later ones belong to steps that will be made again. A missing
  /// file is an empty history. Throws Error for a row that is not one.
  static History load(const std::filesystem::path& path, Index last_step) {
    History history;
    std::error_code unknown;
    if (std::filesystem::status(path, unknown).type() == std::filesystem::file_type::not_found)
      return history;
    std::istringstream file(read_file("metrics", path));
    std::string line;
    std::getline(file, line);  // the names of the columns
    while (std::getline(file, line)) {
      const std::optional<HistoryRow> row = detail::row_of(line);
      check(row.has_value(), "metrics: '", path.string(), "' has a row that is not one: '", line, "'");
      if (row->step <= last_step) history.rows.push_back(*row);
    }
    return history;
  }
};

}  // namespace crisp::report
