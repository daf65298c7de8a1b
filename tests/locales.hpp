// Locales that write numbers otherwise: 1.234,5 instead of 1234.5.
#pragma once
#include <doctest/doctest.h>

#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <locale>
#include <string>

namespace crisp::test {

/// Of std::locale: a decimal comma, and points between thousands.
class CommaLocale {
 public:
  CommaLocale() { std::locale::global(std::locale(std::locale::classic(), new Comma)); }
  CommaLocale(const CommaLocale&) = delete;
  CommaLocale& operator=(const CommaLocale&) = delete;
  ~CommaLocale() { std::locale::global(before_); }

 private:
  struct Comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  const std::locale before_;
};

/// Of setlocale: German, which is compiled into the folder, as few machines have it.
class GermanLocale {
 public:
  explicit GermanLocale(const std::filesystem::path& folder) {
    const std::string file = (folder / "de_DE.UTF-8").string();
    const std::string compile = "localedef -i de_DE -f UTF-8 '" + file + "' >/dev/null 2>&1";
    if (!std::filesystem::exists(file) && std::system(compile.c_str()) != 0)
      std::filesystem::remove_all(file);
    setenv("LOCPATH", folder.c_str(), 1);
    there_ = std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr;
    if (!there_) MESSAGE("skipped: localedef makes no German locale here");
  }
  GermanLocale(const GermanLocale&) = delete;
  GermanLocale& operator=(const GermanLocale&) = delete;
  ~GermanLocale() {
    std::setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
  }
  bool is_there() const { return there_; }

 private:
  bool there_ = false;
};

}  // namespace crisp::test
