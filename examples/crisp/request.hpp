// What the pages of the program are asked, and what they answer.
#pragma once
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common.hpp"

namespace crisp::program {

/// What a request asks for cannot be done: answered with this status and {"error": one sentence}.
struct Refused : Error {
  Refused(int http_status, const std::string& what) : Error(what), status(http_status) {}
  int status;
};

struct Request {
  std::vector<std::string> parts;            // what the groups of the pattern matched
  std::map<std::string, std::string> query;  // ?name=value, decoded
  std::string body;

  /// The value of ?name=; throws Refused (400) where it is missing.
  const std::string& parameter(const std::string& name) const;
  /// The same as a whole number of at least 0; throws Refused (400) where it is none.
  Index number(const std::string& name) const;
};

struct Reply {
  std::string type;
  std::shared_ptr<const std::string> body;
};
Reply json_reply(const nlohmann::ordered_json& content);
/// The page, with the style of all pages in the place of the comment that names it.
Reply page_reply(std::string html);

/// Sixteen random bytes as text: an id that nobody can guess, and that says nothing.
std::string random_id();

/// "32 MiB (33554432 bytes)".
std::string in_words(std::uint64_t bytes);

}  // namespace crisp::program
