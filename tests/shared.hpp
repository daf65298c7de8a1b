// Where the tests find image sets and weights that are too large, or not ours, to be part of the project.
#pragma once
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace crisp::test {

/// The path of a file or folder in ../shared (or $CRISP_SHARED); empty, with a message, where it is absent.
inline std::optional<std::filesystem::path> shared(const std::string& relative) {
  const char* given = std::getenv("CRISP_SHARED");
  const std::filesystem::path path = std::filesystem::path(given ? given : CRISP_SHARED_DIR) / relative;
  if (std::filesystem::exists(path)) return path;
  MESSAGE("skipped: ../shared/" << relative << " is not here");
  return std::nullopt;
}

}  // namespace crisp::test
