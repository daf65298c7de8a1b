// Numbers and times as plain text, for lines and files.
#pragma once
#include <algorithm>
#include <cmath>
#include <string>

#include "crisp/core/error.hpp"
#include "crisp/core/finite.hpp"
#include "crisp/core/text.hpp"

namespace crisp::report {

/// A number with so many digits after the point; "inf", "-inf" or "nan" where it is not finite.
inline std::string fixed(double value, int digits) {
  if (is_nan(value)) return "nan";
  if (!is_finite(value)) return value > 0 ? "inf" : "-inf";
  return number_text(value, std::chars_format::fixed, digits);
}

/// By how many decibels a PSNR is better than another one. Two infinite ones, those of equal pictures, are
/// equally good.
inline std::string gain(double psnr, double than, int digits) {
  return fixed(psnr == than ? 0 : psnr - than, digits);
}

/// A whole number of at least two digits: "05".
inline std::string two_digits(long number) { return str(number < 10 ? "0" : "", number); }

/// "2 min 05 s".
inline std::string duration(double seconds) {
  const long whole = std::lround(std::max(0.0, seconds));
  if (whole < 60) return str(whole, " s");
  if (whole < 3600) return str(whole / 60, " min ", two_digits(whole % 60), " s");
  return str(whole / 3600, " h ", two_digits(whole / 60 % 60), " min");
}

}  // namespace crisp::report
