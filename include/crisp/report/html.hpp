// What a page of HTML needs: text and numbers that it shows as they are, and bytes within the page.
#pragma once
#include <string>

#include "crisp/report/text.hpp"

namespace crisp::report::detail {

inline std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  return out;
}

/// As fixed(), but with the sign of infinity.
inline std::string html_number(double value, int digits) {
  return is_finite(value) ? fixed(value, digits) : "&infin;";
}

/// Three bytes are four digits of 6 bits; '=' stands for what lacks at the end (RFC 4648, section 4).
inline std::string base64(const std::string& bytes) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u;
    };
    const unsigned value = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k <= bytes.size() ? digits[value >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace crisp::report::detail
