// Safetensors files: named tensors and text metadata, as PyTorch and others read them.
// Layout: 8 bytes, the length of the header; the header, JSON; then the data, without gaps.
#pragma once
#include <set>

#include "crisp/core/bytes.hpp"
#include "crisp/core/file.hpp"
#include "crisp/io/host_tensor.hpp"
#include "crisp/io/json_text.hpp"
#include "crisp/io/no_weights.hpp"

namespace crisp::io {

namespace detail {

// One tensor of the header: {"dtype": "F32", "shape": [...], "data_offsets": [begin, end]}.
struct HeaderEntry {
  std::string dtype;
  std::vector<Index> extents, offsets;
};
inline HeaderEntry read_entry(const std::string& here, JsonText& json) {
  HeaderEntry entry;
  std::set<std::string> met;
  json.object([&](const std::string& key) {
    check(met.insert(key).second, here, "its field '", key, "' is there twice");
    if (key == "dtype") entry.dtype = json.string();
    else if (key == "shape") entry.extents = json.whole_numbers(Shape::max_rank);
    else if (key == "data_offsets") entry.offsets = json.whole_numbers(2);
    else throw Error(str(here, "the field '", key, "' is not one of dtype, shape and data_offsets"));
  });
  check(!entry.dtype.empty(), here, "it names no dtype");
  check(met.count("shape"), here, "it has no shape");  // an empty one is a scalar
  check(entry.offsets.size() == 2, here, "it has no data_offsets");
  return entry;
}

// The length of the header; throws Error where the file does not begin as one of safetensors does, and says
// what it is instead, as far as that can be seen.
inline std::uint64_t header_length(const std::string& where, const std::string& file,
                                   const std::filesystem::path& path) {
  const bool brace = file.size() > 8 && file[8] == '{';
  const std::uint64_t length = Bytes{file, true}.u64(0);
  if (brace && length <= file.size() - 8) return length;
  const bool cut_short = brace && length < std::uint64_t(1) << 40;
  const FileKind kind = cut_short ? FileKind{} : kind_of_file(file);
  check(kind.what.empty(), "load: '", path.string(), "' is no weights file: it is ", kind.what,
        "\n  hint: ", weights_hint(kind.sort));
  check(file.size() >= 8, where, "it has ", file.size(),
        " bytes, fewer than the 8 that give the length of the header");
  check(length <= file.size() - 8, where, "its header should have ", length, " bytes, but only ",
        file.size() - 8, " follow\n  hint: was it cut short, or is it a file of another kind?");
  return length;
}

// Throws Error unless the entry's shape fits its place in the data of so many bytes.
inline void check_entry(const std::string& here, const HeaderEntry& entry, Index size) {
  const Index width = type_width(entry.dtype), begin = entry.offsets[0], end = entry.offsets[1];
  check(width > 0, here, "its dtype is ", entry.dtype,
        ", and crisp reads F64, F32, F16, BF16, integers and BOOL\n  hint: convert it to float32 first");
  check(begin <= end && end <= size, here, "its data_offsets do not lie within the ", size, " bytes of data");
  const Shape shape{std::span<const Index>(entry.extents)};
  const Index bytes = end - begin;
  check(bytes % width == 0 && shape.numel() == bytes / width, here, "its shape ", shape, " needs ",
        shape.numel(), " elements of ", width, " bytes, but it has ", bytes, " bytes");
}

// Where the data of each tensor begin and end, and its name. Throws Error unless they lie one after the
// other.
using Places = std::map<std::pair<Index, Index>, std::string>;
inline void check_places(const std::string& where, const Places& places, Index size) {
  Index end = 0;
  for (const auto& [place, name] : places) {
    check(place.first >= end, where, "'", name, "' overlaps the tensor before it");
    check(place.first == end, where, "there are ", place.first - end, " unused bytes before '", name, "'");
    end = place.second;
  }
  check(end == size, where, "the tensors take ", end, " of the ", size, " bytes of data");
}

}  // namespace detail

/// Reads the bytes of a file; `path` is for messages. Every offset is checked before it is used, so that a
/// damaged or hostile file gives an Error.
template <class = void>  // for compiled.hpp
SafeTensors parse_safetensors(const std::string& file, const std::filesystem::path& path) {
  const std::string where = str("load: '", path.string(), "' is not a usable safetensors file: ");
  const std::uint64_t length = detail::header_length(where, file, path);
  const std::string_view data = std::string_view(file).substr(8 + length);

  SafeTensors result;
  detail::Places places;
  JsonText json(where, std::string_view(file).substr(8, length));
  json.object([&](const std::string& name) {
    const std::string here = str(where, "'", name, "': ");
    if (name == "__metadata__") {
      json.object([&](const std::string& key) {
        check(result.metadata.emplace(key, json.string()).second, here, "the key '", key, "' is there twice");
      });
      return;
    }
    const detail::HeaderEntry entry = detail::read_entry(here, json);
    check(!result.tensors.count(name), here, "it is named twice");
    detail::check_entry(here, entry, Index(data.size()));
    const Index begin = entry.offsets[0], end = entry.offsets[1];
    if (begin < end)
      check(places.emplace(std::pair(begin, end), name).second, here, "its data are those of another tensor");
    const Shape shape{std::span<const Index>(entry.extents)};
    result.tensors[name] = {entry.dtype, shape,
                            std::string(data.substr(std::size_t(begin), std::size_t(end - begin)))};
  });
  json.end();
  detail::check_places(where, places, Index(data.size()));
  return result;
}

/// Reads a whole file. Throws Error where it is missing or damaged.
inline SafeTensors read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(read_file("load", path), path);
}

/// Writes a file that others read too; it appears whole or not at all. Throws Error where it cannot be
/// written.
template <class = void>  // for compiled.hpp
void write_safetensors(const std::filesystem::path& path, const SafeTensors& content) {
  std::string data, text = "{";
  if (!content.metadata.empty()) {
    text += "\"__metadata__\":{";
    for (const auto& [key, value] : content.metadata)
      text += str(text.back() == '{' ? "" : ",", json_quoted(key), ":", json_quoted(value));
    text += "}";
  }
  for (const auto& [name, tensor] : content.tensors) {
    text +=
        str(text.size() > 1 ? "," : "", json_quoted(name), ":{\"dtype\":\"", tensor.dtype, "\",\"shape\":[");
    for (int i = 0; i < tensor.shape.rank(); ++i) text += str(i ? "," : "", tensor.shape[i]);
    text += str("],\"data_offsets\":[", data.size(), ",", data.size() + tensor.bytes.size(), "]}");
    data += tensor.bytes;
  }
  text += "}";
  text.append((8 - text.size() % 8) % 8, ' ');  // so that the data begin at a multiple of 8
  std::string file(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) file[i] = char(std::uint64_t(text.size()) >> (8 * i) & 0xff);
  write_file("save", path, file + text + data);
}

}  // namespace crisp::io
