// See score_table.hpp.
#include "score_table.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "common.hpp"

namespace crisp::program {

namespace {

int digits(const std::string& column) { return column.ends_with("ssim") || column == "ms-ssim-97" ? 4 : 2; }

std::string cell(const infer::Evaluation& e, const std::vector<std::string>& columns, int more_digits) {
  std::string text = fixed(e.psnr, 2 + more_digits) + " / " + fixed(e.ssim, 4 + more_digits);
  for (std::size_t i = 2; i < columns.size(); ++i)
    text += " / " + fixed(e.measures.at(i - 2), digits(columns[i]) + more_digits);
  return text;
}

template <class Get>
std::vector<std::string> distinct(const std::vector<TableEntry>& entries, Get get) {
  std::vector<std::string> all;
  for (const TableEntry& e : entries)
    if (std::find(all.begin(), all.end(), get(e)) == all.end()) all.push_back(get(e));
  return all;
}

std::string csv_field(const std::string& text) {  // for CSV
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

nlohmann::ordered_json numbers(double psnr, double ssim, const std::vector<double>& measures,
                               const std::vector<std::string>& columns) {
  nlohmann::ordered_json out{{"psnr", psnr}, {"ssim", ssim}};
  for (std::size_t i = 2; i < columns.size(); ++i) out[columns[i]] = measures.at(i - 2);
  return out;
}

double mean_mse(const infer::Evaluation& e) {
  double sum = 0;
  for (const infer::ImageScore& s : e.images) sum += s.mse;
  return sum / double(e.images.size());
}

nlohmann::ordered_json as_json(const TableEntry& e, const std::vector<std::string>& columns) {
  nlohmann::ordered_json out = numbers(e.scores.psnr, e.scores.ssim, e.scores.measures, columns);
  out.update({{"psnr_of_mean_mse", e.scores.psnr_of_mean_mse},
              {"mse", mean_mse(e.scores)},
              {"protocol", e.protocol_name},
              {"protocol_text", e.scores.protocol},
              {"scale", e.scale},
              {"set", e.set},
              {"method", e.method}});
  if (e.parameters) out["parameters"] = *e.parameters;
  if (e.seconds) out["seconds"] = *e.seconds;
  out["images"] = nlohmann::ordered_json::array();
  for (const infer::ImageScore& s : e.scores.images) {
    nlohmann::ordered_json image{{"name", s.name}};
    image.update(numbers(s.psnr, s.ssim, s.measures, columns));
    image["mse"] = s.mse;
    out["images"].push_back(image);
  }
  return out;
}

std::string heading(const std::string& column) {
  static const std::map<std::string, std::string> units{{"mse", "MSE (0..255 squared)"},
                                                        {"psnr", "mean PSNR, dB"},
                                                        {"psnr-of-mean", "PSNR of the mean MSE, dB"},
                                                        {"ssim", "SSIM"},
                                                        {"time", "s a picture"}};
  const auto found = units.find(column);
  return found == units.end() ? column : found->second;
}

std::string value_of(const TableEntry& e, const std::vector<std::string>& columns, const std::string& shown) {
  if (shown == "parameters") return e.parameters ? with_commas(*e.parameters) : "none";
  if (shown == "mse") return fixed(mean_mse(e.scores), 2);
  if (shown == "psnr") return fixed(e.scores.psnr, 2);
  if (shown == "psnr-of-mean") return fixed(e.scores.psnr_of_mean_mse, 2);
  if (shown == "ssim") return fixed(e.scores.ssim, 4);
  if (shown == "time") return fixed(e.seconds.value(), 3);
  const auto place = std::find(columns.begin() + 2, columns.end(), shown) - columns.begin() - 2;
  return fixed(e.scores.measures.at(std::size_t(place)), digits(shown));
}

}  // namespace

std::string method_table(const std::vector<TableEntry>& entries, const std::vector<std::string>& columns,
                         const std::vector<std::string>& shown) {
  std::string text = "| method | set | scale |", line = "|---|---|---|";
  for (const std::string& column : shown) {
    text += str(" ", heading(column), " |");
    line += "---|";
  }
  text += "\n" + line + "\n";
  for (const TableEntry& e : entries) {
    text += str("| ", e.method, " | ", e.set, " | x", e.scale, " |");
    for (const std::string& column : shown) text += str(" ", value_of(e, columns, column), " |");
    text += "\n";
  }
  return text;
}

std::string markdown_table(const std::vector<TableEntry>& entries, const std::vector<std::string>& columns) {
  const std::vector<std::string> methods = distinct(entries, [](const TableEntry& e) { return e.method; });
  const std::vector<std::string> rows =
      distinct(entries, [](const TableEntry& e) { return str(e.set, " | x", e.scale); });
  std::string figures, text = "| set | scale |", line = "|---|---|";
  for (const std::string& column : columns) figures += (figures.empty() ? "" : " / ") + column;
  for (const std::string& method : methods) {
    text += " " + method + " |";
    line += "---|";
  }
  text += "\n" + line + "\n";
  for (const std::string& row : rows) {
    text += "| " + row + " |";
    for (const std::string& method : methods) {
      std::string found = " |";
      for (const TableEntry& e : entries)
        if (e.method == method && str(e.set, " | x", e.scale) == row)
          found = str(" ", cell(e.scores, columns, 0), " |");
      text += found;
    }
    text += "\n";
  }
  return text + "\n" + figures + "\n";
}

std::string csv_table(const std::vector<TableEntry>& entries, const std::vector<std::string>& columns) {
  std::string text = "set,scale,method,protocol,image";
  for (const std::string& column : columns) text += "," + column;
  text += "\n";
  const auto line = [&](const TableEntry& e, const std::string& image, double psnr, double ssim,
                        const std::vector<double>& measures) {
    text += str(csv_field(e.set), ",", e.scale, ",", csv_field(e.method), ",", e.protocol_name, ",",
                csv_field(image), ",", fixed(psnr, 6), ",", fixed(ssim, 6));
    for (const double m : measures) text += str(",", fixed(m, 6));
    text += "\n";
  };
  for (const TableEntry& e : entries) {
    for (const infer::ImageScore& s : e.scores.images) line(e, s.name, s.psnr, s.ssim, s.measures);
    line(e, "mean", e.scores.psnr, e.scores.ssim, e.scores.measures);
  }
  return text;
}

std::string json_table(const std::vector<TableEntry>& entries, const std::vector<std::string>& columns) {
  nlohmann::ordered_json out;
  if (entries.size() == 1) out = as_json(entries[0], columns);
  else
    for (const TableEntry& e : entries) out["results"].push_back(as_json(e, columns));
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace crisp::program
