// Numbers as text, text as numbers, and small letters: the same whatever setlocale and std::locale::global
// say. What is written under one locale is read under any other.
#pragma once
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crisp/fwd.hpp"

namespace crisp {

/// The number with so many digits, at most 80, as printf's %f (std::chars_format::fixed), %e (scientific) or
/// %g (general) writes it in the locale "C".
inline std::string number_text(double value, std::chars_format format, int digits) {
  char text[400];  // the largest double has 309 digits before its point
  return {text, std::to_chars(text, text + sizeof text, value, format, digits).ptr};
}

/// Its 16 digits, without a sign of the base: "00000000000000ff".
inline std::string hexadecimal(std::uint64_t number) {
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; number /= 16) text[i] = "0123456789abcdef"[number % 16];
  return text;
}

/// The text with small letters for A to Z; all other bytes stay.
inline std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
  return text;
}

namespace detail {

template <class T>
std::optional<T> read_number(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  T value = 0;
  const char* const end = text.data() + text.size();
  const std::from_chars_result read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

}  // namespace detail

/// The number that the whole text is: "0.5", "1e-4", "-3", "inf", "nan". None where it is something else,
/// such as "0,5", or too large for a double.
inline std::optional<double> number_of(std::string_view text) { return detail::read_number<double>(text); }

/// The same for a whole number: "-3", but not "3.0".
inline std::optional<Index> whole_number_of(std::string_view text) {
  return detail::read_number<Index>(text);
}

}  // namespace crisp
