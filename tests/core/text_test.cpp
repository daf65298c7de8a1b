// Numbers as text and back: as printf and strtod do in the locale "C", under any locale.
#include "crisp/core/text.hpp"

#include <cmath>
#include <cstdio>

#include "crisp/core/shape.hpp"
#include "locales.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

std::string printed(const char* format, int digits, double value) {
  char text[400];
  std::snprintf(text, sizeof text, format, digits, value);
  return text;
}

void check_texts() {
  CHECK(str(1234567, " ", 1234.5, " ", Shape{1200, 3}) == "1234567 1234.5 (1200, 3)");
  CHECK(number_text(1234567.25, std::chars_format::fixed, 1) == "1234567.2");
  CHECK(number_of("1234.5") == 1234.5);
  CHECK_FALSE(number_of("1234,5"));
  CHECK_FALSE(number_of("1.234,5"));
  CHECK(whole_number_of("1234567") == 1234567);
  CHECK_FALSE(whole_number_of("1.234.567"));
}

}  // namespace

TEST_CASE("a number is written as printf writes it") {
  const double infinity = INFINITY;
  for (const double value :
       {0.0, -0.0, 1.0, -2.5, 0.1, 1e-5, 123456789.125, 1e300, 5e-324, infinity, -infinity})
    for (const int digits : {0, 1, 2, 6, 10, 17}) {
      CHECK(number_text(value, std::chars_format::fixed, digits) == printed("%.*f", digits, value));
      CHECK(number_text(value, std::chars_format::general, digits) == printed("%.*g", digits, value));
      CHECK(number_text(value, std::chars_format::scientific, digits) == printed("%.*e", digits, value));
    }
}

TEST_CASE("a text is a number as a whole or not at all") {
  CHECK(number_of("1e-4") == 1e-4);
  CHECK(number_of("+3") == 3.0);
  CHECK(number_of("-.5") == -0.5);
  CHECK(number_of("inf") == INFINITY);
  CHECK(std::isnan(number_of("nan").value()));
  for (const char* text :
       {"", " ", "1 ", " 1", "+", "+-1", "++1", "1e", "0x10", "1.5 dB", "1.2.3", "1e999", "e5"})
    CHECK_FALSE(number_of(text));
  CHECK(whole_number_of("-12") == -12);
  for (const char* text : {"", "3.0", "3 ", "1e3", "9223372036854775808"}) CHECK_FALSE(whole_number_of(text));
}

TEST_CASE("small letters are made of A to Z alone") {
  CHECK(lower_case("") == "");
  CHECK(lower_case("Bird_x4.PNG @[`{") == "bird_x4.png @[`{");
  CHECK(lower_case("\xc3\x84\xff") == "\xc3\x84\xff");
}

TEST_CASE("texts are the same under every locale") {
  check_texts();
  {
    const CommaLocale of_streams;
    check_texts();
  }
  const TemporaryFolder folder;
  const GermanLocale of_c(folder.path);
  if (!of_c.is_there()) return;
  CHECK(printed("%.*f", 1, 0.5) == "0,5");
  check_texts();
  const CommaLocale both;
  check_texts();
}
