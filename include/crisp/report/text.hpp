// Numbers and times as plain text, for lines and files.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "crisp/core/finite.hpp"

namespace crisp::report {

/// A number with so many digits after the point; "inf", "-inf" or "nan" where it is not finite.
inline std::string fixed(double value, int digits) {
  if (is_nan(value)) return "nan";
  if (!is_finite(value)) return value > 0 ? "inf" : "-inf";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

/// "2 min 05 s".
inline std::string duration(double seconds) {
  const long whole = std::lround(std::max(0.0, seconds));
  char text[64];
  if (whole < 60) std::snprintf(text, sizeof text, "%ld s", whole);
  else if (whole < 3600) std::snprintf(text, sizeof text, "%ld min %02ld s", whole / 60, whole % 60);
  else std::snprintf(text, sizeof text, "%ld h %02ld min", whole / 3600, whole / 60 % 60);
  return text;
}

}  // namespace crisp::report
