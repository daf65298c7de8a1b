// The exception type, and check(): a sentence with the numbers in it, the operands, a hint.
#pragma once
#include <initializer_list>
#include <locale>
#include <sstream>
#include <stdexcept>
#include <string>

#include "crisp/fwd.hpp"

namespace crisp {

/// Every error that crisp reports. what() is text for a person: what is wrong, with the numbers, and a hint.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a network made holds NaN or infinity. A training tells by it that the weights have run away.
struct NonFiniteResult : Error {
  using Error::Error;
};

namespace detail {

// For a static_assert in what must not be instantiated: a mistake that the compiler names.
template <class>
inline constexpr bool never = false;

// A value and how it is printed, so that joining is compiled once, and not for each list of types.
struct Printed {
  const void* value;
  void (*print)(std::ostream& out, const void* value);
};
template <class T>
Printed printed(const T& value) {
  return {&value, [](std::ostream& out, const void* v) { out << *static_cast<const T*>(v); }};
}
inline Printed printed(const char* text) {
  return {text, [](std::ostream& out, const void* v) { out << static_cast<const char*>(v); }};
}
template <std::size_t n>
Printed printed(const char (&text)[n]) {
  return printed(static_cast<const char*>(text));
}

inline std::string joined(std::initializer_list<Printed> parts) {
  std::ostringstream out;
  out.imbue(std::locale::classic());  // messages and files are the same under every locale
  for (const Printed& part : parts) part.print(out, part.value);
  return out.str();
}

}  // namespace detail

/// Joins its arguments into one string, each printed by its operator<<.
template <class... Parts>
std::string str(const Parts&... parts) {
  return detail::joined({detail::printed(parts)...});
}

/// Throws Error with the joined parts unless `ok`. The text is built only on failure.
template <class... Parts>
void check(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    throw Error(str(parts...));
}

}  // namespace crisp
