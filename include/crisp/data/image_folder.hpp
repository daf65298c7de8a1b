// The images of a folder, and what else lies there: nothing is passed over without a word.
#pragma once
#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "crisp/data/image_io.hpp"

namespace crisp::data {

/// A file or folder that is not read as an image, and why: "a GIF image; ...", "a folder".
struct LeftOut {
  std::filesystem::path file;
  std::string reason;
};

struct ImageFolder {
  std::vector<std::filesystem::path> images;  // both sorted by name
  std::vector<LeftOut> left_out;
};

namespace detail {

// Files that systems put into folders, and that people do not see: .DS_Store, ._photo.png, Thumbs.db.
inline bool is_hidden(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  return name.starts_with(".") || name == "Thumbs.db" || name == "ehthumbs.db" || name == "desktop.ini" ||
         name == "__MACOSX" || name == "@eaDir";
}

// Why the entry is no image to be read; empty for one that is.
inline std::string why_left_out(const std::filesystem::directory_entry& entry) {
  std::error_code error;
  if (entry.is_directory(error)) return "a folder";
  if (!entry.exists(error)) {
    const bool dangling = error == std::errc::no_such_file_or_directory;
    return dangling ? "a link to a file that is not there" : str("not readable: ", error.message());
  }
  if (!entry.is_regular_file(error)) return "not a file";
  if (is_image_name(entry.path())) return "";
  std::ifstream file(entry.path(), std::ios::binary);
  std::string begin(512, '\0');
  file.read(begin.data(), std::streamsize(begin.size()));
  begin.resize(std::size_t(file.gcount()));
  for (const ImageReader& reader : image_readers())
    if (reader.knows(begin)) return str("its name does not end as that of a ", reader.format, " file");
  const FileKind kind = kind_of_file(begin);
  return kind.sort == FileKind::picture ? str(kind.what, ", which is not read here") : "not an image";
}

}  // namespace detail

/// What lies in a folder, by name; hidden files are passed over. Throws Error where there is no such folder,
/// or it cannot be read.
template <class = void>  // for compiled.hpp
ImageFolder image_folder(const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::file_type type = std::filesystem::status(folder, error).type();
  check(type != std::filesystem::file_type::not_found, "there is no folder '", folder.string(), "'");
  const std::string unreadable = str("the folder '", folder.string(), "' cannot be read: ");
  check(type != std::filesystem::file_type::none, unreadable, error.message());
  check(type == std::filesystem::file_type::directory, "'", folder.string(), "' is not a folder");
  ImageFolder result;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (detail::is_hidden(it->path())) continue;
    const std::string why = detail::why_left_out(*it);
    if (why.empty()) result.images.push_back(it->path());
    else result.left_out.push_back({it->path(), why});
  }
  check(!error, unreadable, error.message());
  std::sort(result.images.begin(), result.images.end());
  std::sort(result.left_out.begin(), result.left_out.end(),
            [](const LeftOut& a, const LeftOut& b) { return a.file < b.file; });
  return result;
}

/// The images of a folder, sorted by name. Throws Error as image_folder, and where there is no image in it.
inline std::vector<std::filesystem::path> list_images(const std::filesystem::path& folder) {
  ImageFolder found = image_folder(folder);
  if (!found.images.empty()) return std::move(found.images);
  const std::string others =
      found.left_out.empty()
          ? std::string()
          : str(", but ", found.left_out.size(), " others, such as '",
                found.left_out[0].file.filename().string(), "': ", found.left_out[0].reason);
  throw Error(str("there are no images in '", folder.string(), "' (", readable_formats(), ")", others));
}

/// All images of a folder, sorted by name. Throws Error at the first that cannot be read.
inline std::vector<Image> load_folder(const std::filesystem::path& folder) {
  std::vector<Image> images;
  for (const auto& path : list_images(folder)) images.push_back(load_image(path));
  return images;
}

/// For each image a name without extension that no other has: its stem, or the whole name where another of
/// them has the same stem ("a.jpg" beside "a.png").
inline std::vector<std::string> distinct_stems(const std::vector<std::filesystem::path>& images) {
  std::map<std::string, int> stems;
  std::set<std::string> whole;
  for (const auto& image : images) {
    ++stems[image.stem().string()];
    whole.insert(image.filename().string());
  }
  std::vector<std::string> names;
  for (const auto& image : images) {
    const std::string stem = image.stem().string();
    names.push_back(stems[stem] == 1 && !whole.contains(stem) ? stem : image.filename().string());
  }
  return names;
}

}  // namespace crisp::data
