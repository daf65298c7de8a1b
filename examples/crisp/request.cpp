// See request.hpp.
#include "request.hpp"

#include <random>

#include "crisp/core/text.hpp"
#include "crisp/report/report_style.hpp"

namespace crisp::program {

const std::string& Request::parameter(const std::string& name) const {
  const auto found = query.find(name);
  if (found == query.end()) throw Refused(400, "the request lacks '" + name + "'");
  return found->second;
}

Index Request::number(const std::string& name) const {
  const std::string& text = parameter(name);
  const Index value = whole_number_of(text).value_or(-1);
  if (value < 0) throw Refused(400, "'" + name + "' must be a whole number");
  return value;
}

Reply json_reply(const nlohmann::ordered_json& content) {
  return {"application/json",
          std::make_shared<std::string>(
              content.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n")};
}

Reply page_reply(std::string html) {
  constexpr std::string_view place = "/* the style of all pages */";
  html.replace(html.find(place), place.size(), report::detail::page_style);
  return {"text/html; charset=utf-8", std::make_shared<std::string>(std::move(html))};
}

std::string random_id() {
  static constexpr char digits[] = "0123456789abcdef";
  std::random_device random;
  std::string id;
  for (int i = 0; i < 32; ++i) id += digits[random() % 16];
  return id;
}

std::string in_words(std::uint64_t bytes) { return str(bytes >> 20, " MiB (", bytes, " bytes)"); }

}  // namespace crisp::program
