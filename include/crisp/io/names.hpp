// The beginning that all names of a file share, such as the "module." of DataParallel.
#pragma once
#include <string>
#include <utility>

namespace crisp::io {

/// What all names begin with, up to their first point: "module."; "" where they share nothing. `named` is a
/// map by name.
template <class Named>
std::string shared_prefix(const Named& named) {
  if (named.empty()) return "";
  const std::string& first = named.begin()->first;
  const std::string prefix = first.substr(0, first.find('.') + 1);  // "" where it has no point
  for (const auto& [name, value] : named)
    if (!name.starts_with(prefix) || name.size() == prefix.size()) return "";
  return prefix;
}

/// Those whose names begin with the prefix, without it.
template <class Named>
Named without_prefix(Named named, const std::string& prefix) {
  if (prefix.empty()) return named;
  Named shorter;
  for (auto& [name, value] : named)
    if (name.starts_with(prefix)) shorter.emplace(name.substr(prefix.size()), std::move(value));
  return shorter;
}

/// How many beginnings may stand before each other: "module._orig_mod.net_g.".
constexpr int max_prefixes = 8;

}  // namespace crisp::io
