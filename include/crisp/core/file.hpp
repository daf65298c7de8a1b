// Files as a whole: read at once, and written so that a reader sees the old file or the new one, never a
// half.
#pragma once
#include <filesystem>
#include <fstream>
#include <string>

#include "crisp/core/error.hpp"

namespace crisp {

/// The bytes of a file. Throws Error that begins with `who` where it is missing, no file, unreadable or
/// empty.
inline std::string read_file(const std::string& who, const std::filesystem::path& path) {
  std::error_code error;
  check(std::filesystem::exists(path, error), who, ": there is no file '", path.string(), "'");
  check(std::filesystem::is_regular_file(path, error), who, ": '", path.string(), "' is not a file");
  const auto size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  check(!error && file.good(), who, ": '", path.string(), "' cannot be opened for reading");
  check(size > 0, who, ": '", path.string(), "' is empty (0 bytes)");
  std::string bytes(size, '\0');
  file.read(bytes.data(), std::streamsize(size));
  check(file.gcount() == std::streamsize(size), who, ": '", path.string(), "' cannot be read to its end");
  return bytes;
}

/// Writes beside the final name, then renames. Throws Error that begins with `who`; then an older file is
/// unchanged.
inline void write_file(const std::string& who, const std::filesystem::path& path, const std::string& bytes) {
  const std::filesystem::path part = path.string() + ".part";
  std::error_code error;
  check(!std::filesystem::is_directory(path, error), who, ": '", path.string(),
        "' is a folder; give the name of a file");
  bool written = false;
  {
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    check(file.good(), who, ": '", path.string(),
          "' cannot be written; does its folder exist, and may you write there?");
    file.write(bytes.data(), std::streamsize(bytes.size()));
    file.close();
    written = file.good();
  }
  if (written) std::filesystem::rename(part, path, error);
  if (written && !error) return;
  std::error_code ignored;
  std::filesystem::remove(part, ignored);
  throw Error(
      str(who, ": writing the ", bytes.size(), " bytes of '", path.string(), "' failed; is the disk full?"));
}

}  // namespace crisp
