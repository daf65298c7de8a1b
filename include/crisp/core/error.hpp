// The one exception type, and check(): a sentence with the numbers in it, the operands, a hint.
#pragma once
#include <sstream>
#include <stdexcept>
#include <string>

#include "crisp/fwd.hpp"

namespace crisp {

/// Every error that crisp reports. what() is text for a person: what is wrong, with the numbers, and a hint.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Joins its arguments into one string, each printed by its operator<<.
template <class... Parts>
std::string str(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// Throws Error with the joined parts unless `ok`. The text is built only on failure.
template <class... Parts>
void check(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    throw Error(str(parts...));
}

}  // namespace crisp
