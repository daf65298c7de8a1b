// Where a training that fails may still be saved: in its own folder, or beside it.
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "crisp/core/error.hpp"

namespace crisp::train::detail {

// "run.rescued" in `parent`, or where that is there already "run.rescued-2" and so on.
inline std::filesystem::path rescue_folder(const std::filesystem::path& parent,
                                           const std::filesystem::path& out) {
  // Without a slash at its end.
  const std::filesystem::path whole = (out / "").lexically_normal().parent_path();
  const std::filesystem::path folder = parent / (whole.filename().string() + ".rescued");
  std::error_code unknown;
  for (int i = 1;; ++i) {
    const std::filesystem::path numbered = folder.string() + (i == 1 ? "" : str("-", i));
    if (i == 100 || !std::filesystem::exists(numbered, unknown)) return numbered;
  }
}

/// Calls write(folder) for `out`, then for a folder beside it, then for one in the system's folder for
/// temporary files, until one call does not throw. Returns that folder; nothing where all have failed.
inline std::optional<std::filesystem::path> rescued_into(
    const std::filesystem::path& out, const std::function<void(const std::filesystem::path&)>& write) {
  std::error_code unknown;
  const std::filesystem::path whole = std::filesystem::absolute(out, unknown) / "";
  const std::filesystem::path parent = whole.lexically_normal().parent_path().parent_path();
  const std::filesystem::path temporary = std::filesystem::temp_directory_path(unknown);
  for (const auto& folder : {out, rescue_folder(parent, whole), rescue_folder(temporary, whole)}) {
    const bool is_new = std::filesystem::create_directories(folder, unknown);
    try {
      write(folder);
      return folder;
    } catch (const std::exception&) {  // the next one may have room
      if (is_new) std::filesystem::remove_all(folder, unknown);
    }
  }
  return std::nullopt;
}

}  // namespace crisp::train::detail
