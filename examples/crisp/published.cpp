// See published.hpp.
#include "published.hpp"

#include <algorithm>
#include <sstream>

#include "crisp/core/error.hpp"
#include "crisp/core/text.hpp"

namespace crisp::program {

namespace {

Published read_line(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream text(line);
  for (std::string field; std::getline(text, field, ',');) fields.push_back(field);
  check(fields.size() == 7, "published.csv: the line '", line, "' has ", fields.size(), " fields, not 7");
  const auto year = whole_number_of(fields[1]), scale = whole_number_of(fields[3]);
  const auto value = number_of(fields[5]);
  check(year && scale && value, "published.csv: the line '", line, "' has no number where one belongs");
  return {fields[0], *year, fields[2], *scale, fields[4], *value, fields[6]};
}

}  // namespace

const std::vector<Published>& published() {
  static const std::vector<Published> all = [] {
    std::vector<Published> read;
    std::istringstream text(published_csv);
    for (std::string line; std::getline(text, line);)
      if (!line.empty() && line[0] != '#' && !line.starts_with("method,")) read.push_back(read_line(line));
    return read;
  }();
  return all;
}

std::optional<double> published_value(const std::string& method, const std::string& set, Index scale,
                                      const std::string& metric) {
  for (const Published& p : published())
    if (p.method == method && p.set == set && p.scale == scale && p.metric == metric) return p.value;
  return std::nullopt;
}

std::optional<Index> published_year(const std::string& method) {
  for (const Published& p : published())
    if (p.method == method) return p.year;
  return std::nullopt;
}

}  // namespace crisp::program
