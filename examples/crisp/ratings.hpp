// Ratings of pictures, 1 (bad) to 5 (excellent): kept in a CSV file, and summed up as mean opinion scores.
#pragma once
#include <string>
#include <vector>

#include "common.hpp"

namespace crisp::program {

struct Rating {
  std::string time, rater, method, picture;  // time: when, "2024-05-01T12:00:00Z"
  int value = 0;                             // 1 to 5
};

/// The ratings in a file; none where it does not exist. Throws Error with the line where the file is another
/// one, or damaged.
std::vector<Rating> read_ratings(const fs::path& file);

/// Adds one line to the file, which is on the disk afterwards. Throws Error.
void append_rating(const fs::path& file, const Rating& rating);

struct Score {
  std::string method;
  std::size_t ratings = 0;
  double mean = 0;
  double half = 0;  // of the 95 % confidence interval: t(0.975, n - 1) s / sqrt(n); NaN for a single rating
};

/// One for each method, the best first. Where somebody rated a picture twice, the last time counts.
std::vector<Score> scores(const std::vector<Rating>& ratings);

/// The scores as lines of text.
std::string score_table(const std::vector<Rating>& ratings);

/// The 97.5 % point of Student's t distribution.
double student_t(Index degrees_of_freedom);

}  // namespace crisp::program
