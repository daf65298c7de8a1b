// folder(): the pictures of a folder of any size, as a set to cut patches from. Small ones are kept in
// memory; what does not fit lies in a cache file, which is written once.
#pragma once
#include "crisp/core/machine_memory.hpp"
#include "crisp/data/cache_build.hpp"

namespace crisp::data {

struct StoreOptions {
  Index memory = -1;                 // bytes that samples may take in memory; -1: see data_memory
  std::filesystem::path cache = {};  // the folder for caches; empty: see cache_folder
  std::function<void(const DecodingProgress&)> progress = {};  // called after each picture
  Tell tell = tell_on_standard_error;
};

/// What samples may take in memory unless it is said: a quarter of what the machine or the container grants.
inline Index data_memory() { return usable_memory() / 4; }

/// Where caches lie unless it is said: $XDG_CACHE_HOME/crisp, or ~/.cache/crisp.
inline std::filesystem::path cache_folder() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::filesystem::path(value ? value : "");
  };
  if (const auto given = variable("XDG_CACHE_HOME"); given.is_absolute()) return given / "crisp";
  const auto home = variable("HOME");
  return home.empty() ? std::filesystem::temp_directory_path() / "crisp" : home / ".cache" / "crisp";
}

namespace detail {

// "DIV2K-0123456789abcdef.pictures": one for each folder, wherever it lies.
inline std::filesystem::path cache_of(const std::filesystem::path& folder, const StoreOptions& o) {
  const std::filesystem::path place =
      std::filesystem::absolute(folder / ".").lexically_normal().parent_path();
  std::string number;
  for (std::uint64_t left = checksum(place.string()), i = 0; i < 16; ++i, left /= 16)
    number += "0123456789abcdef"[left % 16];
  return (o.cache.empty() ? cache_folder() : o.cache) /
         (place.filename().string() + "-" + number + ".pictures");
}

inline std::shared_ptr<const Pictures> all_in_memory(const std::vector<PictureFile>& files,
                                                     const StoreOptions& o) {
  std::vector<PicturesInMemory::One> all(files.size());
  std::mutex mutex;
  DecodingProgress state{.count = Index(files.size())};
  for_all(Index(files.size()), [&](Index i) {
    const PictureFile& file = files[std::size_t(i)];
    PicturesInMemory::One one = data::in_memory(file.name, decoded(file));
    const std::lock_guard lock(mutex);
    ++state.done;
    state.pixels += double(one.info.height) * double(one.info.width);
    all[std::size_t(i)] = std::move(one);
    if (o.progress) o.progress(state);
  });
  return std::make_shared<PicturesInMemory>(std::move(all), o.tell);
}

}  // namespace detail

/// Image files, as a set in their order; `place` is the folder that their cache is named after. Where the
/// samples take no more than o.memory they are kept there. Else they lie in a cache file, which is used again
/// as long as the files stay as they are: written by one process, while others wait; continued after an
/// interruption; noticed where it is damaged. Where it cannot be written, which is told, pictures are decoded
/// at each use. Throws Error, with its path, for a file that cannot be read.
template <class = void>  // for compiled.hpp
std::shared_ptr<const Pictures> stored(const std::vector<std::filesystem::path>& paths,
                                       const std::filesystem::path& place, const StoreOptions& o = {}) {
  std::vector<detail::PictureFile> files;
  double expected = 0;
  const Index memory = o.memory < 0 ? data_memory() : o.memory;
  for (const std::filesystem::path& path : paths) {
    files.push_back(
        detail::picture_file(path, str("'", path.filename().string(), "' in ", path.parent_path().string())));
    if (expected <= double(memory)) expected += detail::expected_bytes(path);
  }
  if (expected <= double(memory)) return detail::all_in_memory(files, o);
  detail::CacheBuild build(files, detail::cache_of(place, o), o.progress, o.tell);
  if (auto cached = build.run()) return cached;
  std::vector<PictureInfo> infos = build.infos();
  return std::make_shared<detail::PicturesOnDemand>(std::move(files), std::move(infos), memory, o.tell);
}

/// The images of a folder, sorted by name: data::PatchDataset patches(data::folder("DIV2K"), {.scale = 2}).
/// Throws Error as list_images and stored() do.
inline std::shared_ptr<const Pictures> folder(const std::filesystem::path& path, const StoreOptions& o = {}) {
  return stored(list_images(path), path, o);
}

}  // namespace crisp::data
