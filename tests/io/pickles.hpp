// Files of PyTorch's, written byte by byte: pickles in the opcodes of pickletools, and the archives around
// them.
#pragma once
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "crisp/io/pth.hpp"

namespace crisp::test::pickles {

inline std::string little(std::uint64_t v, int bytes) {
  std::string s;
  for (int i = 0; i < bytes; ++i) s += char(v >> (8 * i) & 255);
  return s;
}
inline std::string text(const std::string& s) { return "X" + little(s.size(), 4) + s; }
inline std::string name(const std::string& module, const std::string& n) {
  return str("c", module, "\n", n, "\n");
}
inline std::string number(Index n) { return "J" + little(std::uint64_t(n), 4); }
inline std::string tuple(const std::vector<Index>& v) {
  std::string s = "(";
  for (const Index n : v) s += number(n);
  return s + "t";
}
// torch._utils._rebuild_tensor_v2((storage), offset, size, stride, False, OrderedDict())
inline std::string tensor(const std::string& type, const std::string& key, Index elements, Index offset,
                          const std::vector<Index>& size, const std::vector<Index>& stride,
                          bool view = false) {
  return name("torch._utils", "_rebuild_tensor_v2") + "((" + text("storage") + name("torch", type) +
         text(key) + text("cpu") + number(elements) + (view ? "N" : "") + "tQ" + number(offset) +
         tuple(size) + tuple(stride) + "\x89" + name("collections", "OrderedDict") + ")RtR";
}
inline std::string dictionary(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string s = "}(";
  for (const auto& [key, value] : items) s += text(key) + value;
  return s + "u";
}
inline std::string pickle(const std::string& body) { return "\x80\x02" + body + "."; }

inline std::string zipped(const std::map<std::string, std::string>& entries, bool compressed = false) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(source);
  zip_t* archive = zip_open_from_source(source, ZIP_TRUNCATE, &error);
  for (const auto& [path, bytes] : entries) {
    const zip_int64_t i =
        zip_file_add(archive, path.c_str(), zip_source_buffer(archive, bytes.data(), bytes.size(), 0), 0);
    zip_set_file_compression(archive, zip_uint64_t(i), compressed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  }
  REQUIRE(zip_close(archive) == 0);
  zip_stat_t stat;
  zip_source_stat(source, &stat);
  std::string file(stat.size, '\0');
  zip_source_open(source);
  REQUIRE(zip_source_read(source, file.data(), file.size()) == zip_int64_t(file.size()));
  zip_source_close(source);
  zip_source_free(source);
  zip_error_fini(&error);
  return file;
}
inline std::string floats(const std::vector<float>& v) {
  return {reinterpret_cast<const char*>(v.data()), v.size() * 4};
}
inline std::string zip_of(const std::string& body, const std::map<std::string, std::string>& storages) {
  std::map<std::string, std::string> entries{
      {"weights/data.pkl", pickle(body)}, {"weights/version", "3\n"}, {"weights/byteorder", "little"}};
  for (const auto& [key, bytes] : storages) entries["weights/data/" + key] = bytes;
  return zipped(entries);
}
inline std::string legacy_of(const std::string& body,
                             const std::vector<std::pair<std::string, std::string>>& storages) {
  std::string keys = "](", data;
  for (const auto& [key, bytes] : storages) {
    keys += text(key);
    data += little(bytes.size() / 4, 8) + bytes;
  }
  return pickle("\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") + pickle("M\xe9\x03") + pickle("}") +
         pickle(body) + pickle(keys + "e") + data;
}

/// One tensor of so many elements, all of them 0, in storage "0".
inline std::string zeros(const std::vector<Index>& size) {
  Index count = 1;
  std::vector<Index> stride(size.size());
  for (std::size_t i = size.size(); i-- > 0; count *= size[i]) stride[i] = count;
  return tensor("FloatStorage", "0", count, 0, size, stride);
}
/// (module.name)(arguments), as REDUCE calls it.
inline std::string called(const std::string& module, const std::string& n,
                          const std::string& arguments = "") {
  return name(module, n) + "(" + arguments + "tR";
}

/// The names and shapes of the smallest EDSR: one block of four features, x2.
inline const std::vector<std::pair<std::string, std::vector<Index>>>& edsr_shapes() {
  static const std::vector<std::pair<std::string, std::vector<Index>>> shapes{
      {"conv_first.weight", {4, 3, 3, 3}},      {"conv_first.bias", {4}},
      {"body.0.conv1.weight", {4, 4, 3, 3}},    {"body.0.conv1.bias", {4}},
      {"body.0.conv2.weight", {4, 4, 3, 3}},    {"body.0.conv2.bias", {4}},
      {"conv_after_body.weight", {4, 4, 3, 3}}, {"conv_after_body.bias", {4}},
      {"upsample.0.weight", {16, 4, 3, 3}},     {"upsample.0.bias", {16}},
      {"conv_last.weight", {3, 4, 3, 3}},       {"conv_last.bias", {3}}};
  return shapes;
}
/// Its state dict, with `prefix` before each name.
inline std::string edsr(const std::string& prefix = "") {
  std::vector<std::pair<std::string, std::string>> items;
  for (const auto& [n, shape] : edsr_shapes()) items.push_back({prefix + n, zeros(shape)});
  return dictionary(items);
}
/// A file with that body; storage "0" has the elements of the largest tensor.
inline std::string file_of(const std::string& body) {
  return zip_of(body, {{"0", floats(std::vector<float>(576))}});
}

}  // namespace crisp::test::pickles
