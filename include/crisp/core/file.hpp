// Files as a whole: read at once, and written so that a reader sees the old file or the new one, never a
// half. Where the system refuses, the message has the system's own words.
#pragma once
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "crisp/core/error.hpp"
#include "crisp/core/temporary_file.hpp"

namespace crisp {
namespace detail {

// What errno says, or an error of no more than "input or output" where a function failed without it.
inline int last_error() { return errno != 0 ? errno : EIO; }

// The system's words: "Permission denied".
inline std::string words_of_error(int error) { return std::generic_category().message(error); }

// A file is written by giving another one its name: that is not to replace a folder or a device.
inline void check_target(const std::string& who, const std::filesystem::path& path) {
  using std::filesystem::file_type;
  std::error_code unknown;
  const file_type type = std::filesystem::status(path, unknown).type();
  check(type != file_type::directory, who, ": '", path.string(), "' is a folder; give the name of a file");
  const bool usual = type == file_type::regular || type == file_type::not_found || type == file_type::none;
  check(usual, who, ": '", path.string(), "' is not a file");
}

}  // namespace detail

/// The bytes of a file. Throws Error that begins with `who` where it is missing, no file, unreadable or
/// empty.
inline std::string read_file(const std::string& who, const std::filesystem::path& path) {
  using std::filesystem::file_type;
  std::error_code error;
  const file_type type = std::filesystem::status(path, error).type();
  check(type != file_type::not_found, who, ": there is no file '", path.string(), "'");
  const std::string unreadable = str(who, ": '", path.string(), "' cannot be read: ");
  check(type != file_type::none, unreadable, error.message());
  check(type == file_type::regular, who, ": '", path.string(), "' is not a file");
  const auto size = std::filesystem::file_size(path, error);
  check(!error, unreadable, error.message());
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) throw Error(unreadable + detail::words_of_error(detail::last_error()));
  check(size > 0, who, ": '", path.string(), "' is empty (0 bytes)");
  std::string bytes(size, '\0');
  errno = 0;
  const std::size_t read = std::fread(bytes.data(), 1, size, file.get());
  if (std::ferror(file.get())) throw Error(unreadable + detail::words_of_error(detail::last_error()));
  check(read == size, who, ": '", path.string(), "' became shorter while it was read: ", read, " of ", size,
        " bytes");
  return bytes;
}

/// Writes beside the final name, then renames. Throws Error that begins with `who`; then an older file is
/// unchanged, and nothing is left beside it.
inline void write_file(const std::string& who, const std::filesystem::path& path, const std::string& bytes) {
  detail::check_target(who, path);
  TemporaryFile part(path.string() + ".part");
  errno = 0;
  std::FILE* const file = part.create();
  int error = file ? 0 : detail::last_error();
  check(error == 0, who, ": '", path.string(), "' cannot be written: ", detail::words_of_error(error));
  if (std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size()) error = detail::last_error();
  if (std::fclose(file) != 0 && error == 0) error = detail::last_error();
  if (error == 0) error = part.rename_to(path);
  check(error == 0, who, ": writing the ", bytes.size(), " bytes of '", path.string(),
        "' failed: ", detail::words_of_error(error));
}

}  // namespace crisp
