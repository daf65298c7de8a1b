// Safetensors files: named tensors and text metadata, as PyTorch and others read them (the only header that includes JSON).
// Layout: 8 bytes, the length of the header; the header, JSON; then the data, without gaps.
#pragma once
#include <cstring>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "crisp/core/file.hpp"
#include "crisp/core/shape.hpp"

namespace crisp::train {

/// A tensor of a file: F32 or F64, little-endian, last axis fastest.
struct HostTensor {
  std::string dtype = "F32";
  Shape shape;
  std::string bytes;

  template <class T>
  static HostTensor of(Shape shape, const std::vector<T>& values) {
    static_assert(std::same_as<T, float> || std::same_as<T, double>, "crisp: a file holds float or double");
    check(Index(values.size()) == shape.numel(), "HostTensor: shape ", shape, " holds ", shape.numel(), " elements, but ", values.size(), " were given");
    HostTensor t{std::same_as<T, float> ? "F32" : "F64", shape, std::string(values.size() * sizeof(T), '\0')};
    if (!values.empty()) std::memcpy(t.bytes.data(), values.data(), t.bytes.size());
    return t;
  }

  /// The elements, converted where the file has the other type.
  template <class T>
  std::vector<T> values() const {
    if (dtype == "F32") return read<float, T>();
    return read<double, T>();
  }

 private:
  template <class From, class To>
  std::vector<To> read() const {
    std::vector<From> from(bytes.size() / sizeof(From));
    if (!from.empty()) std::memcpy(from.data(), bytes.data(), bytes.size());
    return std::vector<To>(from.begin(), from.end());
  }
};

struct SafeTensors {
  std::map<std::string, std::string> metadata;
  std::map<std::string, HostTensor> tensors;
};

namespace detail {

using Json = nlohmann::json;

// The header as JSON. Nested too deeply, with a key twice, or not an object of objects: an Error.
inline Json parse_header(const std::string& where, const char* begin, const char* end) {
  std::set<std::string> keys;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    check(depth <= 3, where, "the header is nested too deeply");
    if (event == Json::parse_event_t::key && depth == 1) check(keys.insert(value.get<std::string>()).second, where, "the header names '", value.get<std::string>(), "' twice");
    return true;
  };
  Json header;
  try {
    header = Json::parse(begin, end, watch);
  } catch (const Json::exception&) {
    throw Error(str(where, "the header is not JSON"));
  }
  check(header.is_object(), where, "the header is not a JSON object");
  return header;
}

// A list of whole numbers of 0 or more; an Error for anything else.
inline std::vector<Index> whole_numbers(const std::string& where, const Json& entry, const char* key, std::size_t most) {
  const auto found = entry.find(key);
  check(found != entry.end() && found->is_array() && found->size() <= most, where, "'", key, "' is not a list of at most ", most, " numbers");
  std::vector<Index> numbers;
  for (const Json& n : *found) {
    check(n.is_number_unsigned() && n.get<std::uint64_t>() <= std::uint64_t(std::numeric_limits<Index>::max()), where, "'", key, "' holds ", n.dump(),
          ", which is not a whole number of 0 or more");
    numbers.push_back(n.get<Index>());
  }
  return numbers;
}

}  // namespace detail

/// Reads a whole file. Every offset is checked before it is used, so that a damaged or hostile file gives an Error.
inline SafeTensors read_safetensors(const std::filesystem::path& path) {
  const std::string file = read_file("load", path), where = str("load: '", path.string(), "' is not a usable safetensors file: ");
  check(file.size() >= 8, where, "it has ", file.size(), " bytes, fewer than the 8 that give the length of the header");
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | static_cast<unsigned char>(file[std::size_t(i)]);
  check(length <= file.size() - 8, where, "its header should have ", length, " bytes, but only ", file.size() - 8, " follow");
  const detail::Json header = detail::parse_header(where, file.data() + 8, file.data() + 8 + length);
  const char* data = file.data() + 8 + length;
  const Index size = Index(file.size() - 8 - length);

  SafeTensors result;
  std::map<std::pair<Index, Index>, std::string> places;
  for (const auto& [name, entry] : header.items()) {
    const std::string here = str(where, "'", name, "': ");
    check(entry.is_object(), here, "the entry is not a JSON object");
    if (name == "__metadata__") {
      for (const auto& [key, value] : entry.items()) {
        check(value.is_string(), here, "the value of '", key, "' is not text");
        result.metadata[key] = value.get<std::string>();
      }
      continue;
    }
    const auto dtype = entry.find("dtype");
    check(dtype != entry.end() && dtype->is_string(), here, "it names no dtype");
    const std::string type = dtype->get<std::string>();
    check(type == "F32" || type == "F64", here, "its dtype is ", type, ", and crisp reads F32 and F64\n  hint: convert it to float32 first");
    const std::vector<Index> extents = detail::whole_numbers(here, entry, "shape", Shape::max_rank), offsets = detail::whole_numbers(here, entry, "data_offsets", 2);
    check(offsets.size() == 2 && offsets[0] <= offsets[1] && offsets[1] <= size, here, "its data_offsets do not lie within the ", size, " bytes of data");
    const Shape shape{std::span<const Index>(extents)};
    const Index bytes = offsets[1] - offsets[0], width = type == "F32" ? 4 : 8;
    check(bytes % width == 0 && shape.numel() == bytes / width, here, "its shape ", shape, " needs ", shape.numel(), " elements of ", width, " bytes, but it has ", bytes, " bytes");
    if (bytes > 0) check(places.emplace(std::pair(offsets[0], offsets[1]), name).second, here, "its data are those of another tensor");
    result.tensors[name] = {type, shape, std::string(data + offsets[0], std::size_t(bytes))};
  }
  Index end = 0;
  for (const auto& [place, name] : places) {
    check(place.first >= end, where, "'", name, "' overlaps the tensor before it");
    check(place.first == end, where, "there are ", place.first - end, " unused bytes before '", name, "'");
    end = place.second;
  }
  check(end == size, where, "the tensors take ", end, " of the ", size, " bytes of data");
  return result;
}

/// Writes a file that others read too; it appears whole or not at all. Throws Error where it cannot be written.
inline void write_safetensors(const std::filesystem::path& path, const SafeTensors& content) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!content.metadata.empty()) header["__metadata__"] = content.metadata;
  std::string data;
  for (const auto& [name, tensor] : content.tensors) {
    std::vector<Index> extents;
    for (int i = 0; i < tensor.shape.rank(); ++i) extents.push_back(tensor.shape[i]);
    header[name] = {{"dtype", tensor.dtype}, {"shape", extents}, {"data_offsets", {data.size(), data.size() + tensor.bytes.size()}}};
    data += tensor.bytes;
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.append((8 - text.size() % 8) % 8, ' ');  // so that the data begin at a multiple of 8
  std::string file(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) file[i] = char(std::uint64_t(text.size()) >> (8 * i) & 0xff);
  write_file("save", path, file + text + data);
}

}  // namespace crisp::train
