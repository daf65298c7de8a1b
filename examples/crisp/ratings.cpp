// See ratings.hpp.
#include "ratings.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>

#include "crisp/core/file.hpp"

namespace crisp::program {

namespace {

const std::string header = "time,rater,method,picture,rating";

// A field of a CSV file (RFC 4180).
std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"") == std::string::npos) return field;
  std::string text = "\"";
  for (const char c : field) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

// The fields of a line; none where its quotes do not match.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  bool within = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"' && within && i + 1 < line.size() && line[i + 1] == '"') fields.back() += line[++i];
    else if (line[i] == '"') within = !within;
    else if (line[i] == ',' && !within) fields.emplace_back();
    else fields.back() += line[i];
  }
  if (within) return {};
  return fields;
}

bool is_rating(const std::vector<std::string>& f) {
  const bool filled =
      f.size() == 5 && std::none_of(f.begin(), f.end(), [](const std::string& text) { return text.empty(); });
  return filled && f[4].size() == 1 && f[4][0] >= '1' && f[4][0] <= '5';
}

}  // namespace

std::vector<Rating> read_ratings(const fs::path& file) {
  std::error_code unknown;
  if (fs::status(file, unknown).type() == fs::file_type::not_found) return {};
  if (fs::is_regular_file(file, unknown) && fs::file_size(file, unknown) == 0) return {};
  const std::string bytes = read_file("ratings", file);
  std::vector<Rating> ratings;
  Index number = 0;
  for (std::size_t begin = 0; begin < bytes.size();) {
    const std::size_t end = bytes.find('\n', begin);
    std::string line = bytes.substr(begin, end == std::string::npos ? end : end - begin);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    begin = end == std::string::npos ? bytes.size() : end + 1;
    if (++number == 1) {
      check(line == header, "'", file.string(), "' is no file of ratings: its first line is not '", header,
            "'; give another name, it is left as it is");
      continue;
    }
    const std::vector<std::string> f = fields_of(line);
    check(is_rating(f) && end != std::string::npos, "line ", number, " of '", file.string(),
          "' is damaged: '", line.substr(0, 80), "'; a line has the five fields ", header,
          " (1 to 5) and an end: correct or delete it");
    ratings.push_back({f[0], f[1], f[2], f[3], f[4][0] - '0'});
  }
  return ratings;
}

void append_rating(const fs::path& file, const Rating& r) {
  std::error_code unknown;
  const auto before = fs::exists(file, unknown) ? fs::file_size(file, unknown) : 0;
  const bool fresh = before == 0;
  const std::string line = (fresh ? header + "\n" : "") + quoted(r.time) + "," + quoted(r.rater) + "," +
                           quoted(r.method) + "," + quoted(r.picture) + "," + std::to_string(r.value) + "\n";
  const int to = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int refused = errno;
  check(to >= 0, "'", file.string(), "' cannot be written: ", detail::words_of_error(refused));
  errno = 0;
  const bool written = write(to, line.data(), line.size()) == ssize_t(line.size()) && fsync(to) == 0;
  const int lost = written ? 0 : detail::last_error();
  const bool closed = close(to) == 0;
  const int error = lost != 0 ? lost : errno;
  if (!written) fs::resize_file(file, before, unknown);  // not a half of the line
  check(written && closed, "the rating could not be written to '", file.string(),
        "': ", detail::words_of_error(error));
}

std::vector<Score> scores(const std::vector<Rating>& ratings) {
  std::map<std::string, std::map<std::pair<std::string, std::string>, int>> of_method;
  for (const Rating& r : ratings) of_method[r.method][{r.rater, r.picture}] = r.value;
  std::vector<Score> all;
  for (const auto& [method, values] : of_method) {
    Score s{method, values.size(), 0, std::numeric_limits<double>::quiet_NaN()};
    double squares = 0;
    for (const auto& [who, value] : values) s.mean += double(value) / double(s.ratings);
    for (const auto& [who, value] : values) squares += (value - s.mean) * (value - s.mean);
    const double n = double(s.ratings);
    if (s.ratings > 1) s.half = student_t(Index(s.ratings) - 1) * std::sqrt(squares / (n - 1) / n);
    all.push_back(s);
  }
  std::stable_sort(all.begin(), all.end(), [](const Score& a, const Score& b) { return a.mean > b.mean; });
  return all;
}

std::string score_table(const std::vector<Rating>& ratings) {
  if (ratings.empty()) return "there are no ratings yet\n";
  std::set<std::string> raters, pictures;
  for (const Rating& r : ratings) raters.insert(r.rater), pictures.insert(r.picture);
  std::string text =
      left("method", 28) + right("MOS", 7) + "  " + left("95 % interval", 15) + right("ratings", 9) + "\n";
  for (const Score& s : scores(ratings)) {
    const std::string interval =
        is_nan(s.half) ? "-" : fixed(s.mean - s.half, 3) + " .. " + fixed(s.mean + s.half, 3);
    text += left(s.method, 28) + right(fixed(s.mean, 3), 7) + "  " + left(interval, 15) +
            right(std::to_string(s.ratings), 9) + "\n";
  }
  return text + str("raters: ", raters.size(), ", pictures: ", pictures.size(),
                    "; 1 bad, 2 poor, 3 fair, 4 good, 5 excellent; Student's t\n");
}

// The point at which the density, integrated from 0 by Simpson's rule, has reached 0.475; found by halving.
double student_t(Index degrees_of_freedom) {
  const double n = double(degrees_of_freedom);
  const double log_factor =
      std::lgamma((n + 1) / 2) - std::lgamma(n / 2) - 0.5 * std::log(n * std::numbers::pi);
  const auto density = [&](double t) { return std::exp(log_factor - (n + 1) / 2 * std::log1p(t * t / n)); };
  const auto integral = [&](double t) {
    constexpr int steps = 2000;
    double sum = density(0) + density(t);
    for (int i = 1; i < steps; ++i) sum += (i % 2 ? 4 : 2) * density(t * i / steps);
    return sum * t / steps / 3;
  };
  double low = 1.9, high = 12.8;  // 1.960 for infinitely many, 12.706 for one
  while (high - low > 1e-9) {
    const double middle = (low + high) / 2;
    (integral(middle) < 0.475 ? low : high) = middle;
  }
  return low;
}

}  // namespace crisp::program
