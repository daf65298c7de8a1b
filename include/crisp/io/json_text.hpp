// JsonText: just enough JSON for the header of a safetensors file: objects, lists of whole numbers, text.
// A general JSON library would be a third of the compile time of a program that trains a network.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "crisp/core/error.hpp"

namespace crisp::io {

/// Reads JSON from the left to the right; the caller says what has to come next. Throws Error, beginning with
/// `where`, at the first character that does not fit.
class JsonText {
 public:
  JsonText(std::string where, std::string_view text) : where_(std::move(where)), text_(text) {}

  /// {"key": value, ...}: calls f(key), which has to read the value.
  template <class F>
  void object(F f) {
    take('{', "an object");
    if (next() == '}') {
      ++at_;
      return;
    }
    do {
      const std::string key = string();
      take(':', "a colon");
      f(key);
    } while (more('}'));
  }

  /// [n, n, ...], each a whole number of 0 or more, at most `most` of them.
  std::vector<Index> whole_numbers(std::size_t limit) {
    std::vector<Index> numbers;
    take('[', "a list");
    if (next() == ']') {
      ++at_;
      return numbers;
    }
    do {
      if (numbers.size() == limit) fail(str("a list of at most ", limit, " numbers"));
      numbers.push_back(whole_number());
    } while (more(']'));
    return numbers;
  }

  /// "text", with its escapes resolved to UTF-8.
  std::string string() {
    take('"', "text in quotes");
    std::string out;
    while (at_ < text_.size() && text_[at_] != '"') {
      const char c = text_[at_++];
      if (static_cast<unsigned char>(c) < 0x20) fail("text without control characters");
      if (c == '\\') escape(out);
      else out += c;
    }
    if (at_ == text_.size()) fail("the end of a text");
    ++at_;
    return out;
  }

  /// Nothing but spaces may follow.
  void end() {
    next();
    if (at_ != text_.size()) fail("the end");
  }

 private:
  char next() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  void take(char c, const std::string& expected) {
    if (next() != c) fail(expected);
    ++at_;
  }
  bool more(char close) {  // after an element: whether another one follows
    const char c = next();
    if (c != ',' && c != close) fail(str("',' or '", close, "'"));
    ++at_;
    return c == ',';
  }
  [[noreturn]] void fail(const std::string& expected) const {
    throw Error(
        str(where_, "the header is not as it should be: at byte ", at_, " ", expected, " was expected"));
  }

  Index whole_number() {
    next();
    Index value = 0;
    std::size_t digits = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_, ++digits) {
      if (digits == 18) fail("a number of at most 18 digits");
      value = 10 * value + (text_[at_] - '0');
    }
    if (digits == 0 || (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E')))
      fail("a whole number of 0 or more");
    return value;
  }
  static int hexadecimal(char c) {  // -1 where it is no digit
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  }
  unsigned hex4() {
    unsigned value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      const int digit = hexadecimal(c);
      if (digit < 0) fail("four hexadecimal digits");
      value = 16 * value + unsigned(digit);
    }
    return value;
  }
  void escape(std::string& out) {
    static constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    const char c = at_ < text_.size() ? text_[at_++] : '\0';
    if (const std::size_t i = letters.find(c); c != '\0' && i != std::string_view::npos) {
      out += meanings[i];
      return;
    }
    if (c != 'u') fail("an escape");
    unsigned code = hex4();
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {  // two halves of one character
      at_ += 2;
      code = 0x10000 + ((code & 0x3ff) << 10) + (hex4() & 0x3ff);
    }
    if (code < 0x80) out += char(code);
    else if (code < 0x800) out += {char(0xc0 | code >> 6), char(0x80 | (code & 0x3f))};
    else if (code < 0x10000)
      out += {char(0xe0 | code >> 12), char(0x80 | (code >> 6 & 0x3f)), char(0x80 | (code & 0x3f))};
    else
      out += {char(0xf0 | code >> 18), char(0x80 | (code >> 12 & 0x3f)), char(0x80 | (code >> 6 & 0x3f)),
              char(0x80 | (code & 0x3f))};
  }

  std::string where_;
  std::string_view text_;
  std::size_t at_ = 0;
};

/// The text in quotes, as JSON wants it.
inline std::string json_quoted(const std::string& text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20)
      out += std::string("\\u00") + digits[c >> 4] + digits[c & 15];
    else out += c;
  }
  return out + "\"";
}

}  // namespace crisp::io
