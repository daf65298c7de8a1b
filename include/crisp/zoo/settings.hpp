// Settings: what a network is, as text, as checkpoints keep it; and a reader that fills in what is left open.
#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "crisp/core/error.hpp"
#include "crisp/core/text.hpp"

namespace crisp::zoo {

/// {"model": "edsr-baseline", "scale": "2", "blocks": "16", ...}
using Settings = std::map<std::string, std::string>;

/// Reads settings with defaults, and remembers every one that was asked for. used() then says all that the
/// network is. Each throws Error, with the name of the setting, for text that is not what it should be.
class SettingsReader {
 public:
  explicit SettingsReader(const Settings& given) : given_(given) {}

  /// One of the allowed words; none: any.
  std::string word(const std::string& key, const std::string& otherwise,
                   const std::vector<std::string>& allowed = {}) {
    const std::string text = take(key, otherwise);
    std::string list;
    for (const std::string& one : allowed) list += (list.empty() ? "" : ", ") + one;
    const bool fits = allowed.empty() || std::find(allowed.begin(), allowed.end(), text) != allowed.end();
    check(fits, "model: the setting '", key, "' must be one of ", list, ", not '", text, "'");
    return text;
  }

  /// A whole number from 1 to 999,999.
  Index number(const std::string& key, Index otherwise) {
    return whole(key, take(key, std::to_string(otherwise)));
  }

  /// Whole numbers with commas between them: "6,6,6,6".
  std::vector<Index> numbers(const std::string& key, const std::vector<Index>& otherwise) {
    std::string text;
    for (const Index n : otherwise) text += str(text.empty() ? "" : ",", n);
    text = take(key, text) + ",";
    std::vector<Index> list;
    for (std::size_t begin = 0, end; (end = text.find(',', begin)) != std::string::npos; begin = end + 1)
      list.push_back(whole(key, text.substr(begin, end - begin)));
    check(list.size() <= 1000, "model: the setting '", key, "' has ", list.size(),
          " numbers; at most 1000 are sensible");
    return list;
  }

  /// A number of 0 or more.
  double real(const std::string& key, double otherwise) {
    const std::string text = take(key, str(otherwise));
    const std::optional<double> value = number_of(text);
    const bool right = value && *value >= 0 && *value < 1e9;
    check(right, "model: the setting '", key, "' must be a number of 0 or more, not '", text, "'");
    return *value;
  }

  bool yes(const std::string& key, bool otherwise) {
    return word(key, otherwise ? "yes" : "no", {"yes", "no"}) == "yes";
  }

  const Settings& used() const { return used_; }

 private:
  std::string take(const std::string& key, const std::string& otherwise) {
    if (const auto before = used_.find(key); before != used_.end()) return before->second;
    const auto found = given_.find(key);
    return used_[key] = found == given_.end() ? otherwise : found->second;
  }
  static Index whole(const std::string& key, const std::string& text) {
    const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
    check(!text.empty() && text.size() < 7 && digits && std::stol(text) >= 1, "model: the setting '", key,
          "' must be a whole number of at least 1, not '", text, "'");
    return std::stol(text);
  }

  Settings given_, used_;
};

}  // namespace crisp::zoo
