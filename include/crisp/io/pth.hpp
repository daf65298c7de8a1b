// PyTorch's weights files, .pth and .pt, without Python: the zip form (torch.save since 1.6) and the older
// one. The zip container is libzip's part (the only header that includes it): programs that include this link
// with -lzip.
#pragma once
#include <zip.h>

#include <functional>
#include <memory>

#include "crisp/core/file.hpp"
#include "crisp/io/host_tensor.hpp"
#include "crisp/io/pickle.hpp"

namespace crisp::io {

namespace detail {

// An archive in memory. Entries have to be stored, not compressed, as torch.save has them: so none is larger
// than the file.
class ZipReader {
 public:
  ZipReader(std::string where, const std::string& bytes) : where_(std::move(where)), size_(bytes.size()) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
    archive_ = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : nullptr;
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    if (!archive_) {
      if (source) zip_source_free(source);
      throw Error(str(where_, "its zip archive cannot be read: ", reason));
    }
  }
  ZipReader(const ZipReader&) = delete;
  ZipReader& operator=(const ZipReader&) = delete;
  ~ZipReader() { zip_discard(archive_); }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (zip_int64_t i = 0; i < zip_get_num_entries(archive_, 0); ++i)
      if (const char* name = zip_get_name(archive_, zip_uint64_t(i), ZIP_FL_ENC_RAW)) all.push_back(name);
    return all;
  }

  std::string read(const std::string& name) const {
    zip_stat_t stat;
    check(zip_stat(archive_, name.c_str(), ZIP_FL_ENC_RAW, &stat) == 0, where_, "its archive has no '", name,
          "'");
    check((stat.valid & ZIP_STAT_COMP_METHOD) && stat.comp_method == ZIP_CM_STORE &&
              (stat.valid & ZIP_STAT_SIZE) && stat.size <= size_,
          where_, "'", name, "' in its archive is compressed or damaged; torch.save stores plain bytes");
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
        zip_fopen(archive_, name.c_str(), ZIP_FL_ENC_RAW), zip_fclose);
    std::string bytes(stat.size, '\0');
    const zip_int64_t got = file ? zip_fread(file.get(), bytes.data(), bytes.size()) : -1;
    char beyond;
    check(got == zip_int64_t(bytes.size()) && zip_fread(file.get(), &beyond, 1) == 0, where_, "'", name,
          "' in its archive is damaged");  // the last read compares the checksum
    return bytes;
  }

 private:
  std::string where_;
  std::size_t size_;
  zip_t* archive_ = nullptr;
};

// "FloatStorage" -> "F32"; empty for what has no counterpart.
inline std::string storage_dtype(const std::string& type) {
  static const std::map<std::string, std::string> dtypes{
      {"DoubleStorage", "F64"}, {"FloatStorage", "F32"}, {"HalfStorage", "F16"},  {"BFloat16Storage", "BF16"},
      {"LongStorage", "I64"},   {"IntStorage", "I32"},   {"ShortStorage", "I16"}, {"CharStorage", "I8"},
      {"ByteStorage", "U8"},    {"BoolStorage", "BOOL"}};
  const auto found = dtypes.find(type);
  return found == dtypes.end() ? "" : found->second;
}

// The elements that a tensor has in the bytes of its storage, laid out densely.
inline HostTensor gather(const std::string& here, const PickledTensor& t, const std::string& storage) {
  const std::string dtype = storage_dtype(t.type);
  check(!dtype.empty(), here, "it is of a ", t.type,
        ", which crisp does not read\n  hint: convert it to float32 first");
  const Index width = type_width(dtype), held = Index(storage.size()) / width;
  check(t.size.size() == t.stride.size() && t.size.size() <= Shape::max_rank, here, "it has ", t.size.size(),
        " axes and ", t.stride.size(), " strides");
  Index last = t.offset, count = 1;
  for (std::size_t i = 0; i < t.size.size(); ++i) {
    check(t.size[i] >= 0 && t.stride[i] >= 0 && t.size[i] <= held && t.stride[i] <= held, here, "an axis of ",
          t.size[i], " with a stride of ", t.stride[i], " does not fit its storage of ", held);
    count = t.size[i] == 0 ? 0 : count;
    check(count <= held / std::max<Index>(1, t.size[i]), here, "its shape needs more elements than the ",
          held, " of its storage");
    count *= t.size[i];
    last += (t.size[i] - 1) * t.stride[i];
  }
  check(t.offset >= 0 && (count == 0 || last < held), here, "it ends at element ", last, " of a storage of ",
        held);
  HostTensor result{dtype, Shape(std::span<const Index>(t.size)),
                    std::string(std::size_t(count * width), '\0')};
  std::vector<Index> index(t.size.size(), 0);
  for (Index i = 0; i < count; ++i) {
    Index from = t.offset;
    for (std::size_t k = 0; k < index.size(); ++k) from += index[k] * t.stride[k];
    std::memcpy(result.bytes.data() + i * width, storage.data() + from * width, std::size_t(width));
    for (std::size_t k = index.size(); k-- > 0 && ++index[k] == t.size[k];) index[k] = 0;
  }
  return result;
}

// The dictionary that holds tensors: the file's own, or what it keeps under one of the names that people use.
inline const PickledValue& state_dict(const std::string& where, const PickleReader& reader, std::size_t top,
                                      std::string& taken) {
  using Kind = PickledValue::Kind;
  for (int depth = 0; depth < 4; ++depth) {
    const PickledValue& v = reader.at(top);
    check(v.kind == Kind::dictionary, where,
          "it holds no dictionary of tensors\n  hint: in Python: torch.save(model.state_dict(), "
          "\"weights.pth\")");
    std::map<std::string, std::size_t> dictionaries;
    std::string keys;
    for (std::size_t i = 0; i + 1 < v.items.size(); i += 2) {
      const PickledValue &key = reader.at(v.items[i]), &value = reader.at(v.items[i + 1]);
      if (key.kind != Kind::text) continue;
      if (value.kind == Kind::tensor) return v;
      if (keys.size() < 200) keys += str(" ", key.text_value.substr(0, 60));
      if (value.kind == Kind::dictionary) dictionaries[key.text_value] = v.items[i + 1];
    }
    std::string name;
    for (const char* known :
         {"params_ema", "params", "state_dict", "model_state_dict", "model", "net", "generator", "netG"})
      if (name.empty() && dictionaries.count(known)) name = known;
    check(!name.empty(), where,
          "it holds no tensors under a name that crisp knows (params, params_ema, state_dict, model, ...); "
          "its keys:",
          keys.empty() ? " none" : keys);
    taken += (taken.empty() ? "" : ".") + name;
    top = dictionaries[name];
  }
  throw Error(str(where, "its dictionaries are nested too deeply"));
}

// All tensors of the state dict; bytes(t) gives the storage of a tensor.
inline SafeTensors collect(const std::string& where, const PickleReader& reader, std::size_t top,
                           Index file_size, const std::function<std::string(const PickledTensor&)>& bytes) {
  SafeTensors result;
  std::string taken;
  const PickledValue& dictionary = state_dict(where, reader, top, taken);
  Index total = 0;
  bool prefixed = true;  // as DataParallel does
  for (std::size_t i = 0; i + 1 < dictionary.items.size(); i += 2) {
    const PickledValue &key = reader.at(dictionary.items[i]), &value = reader.at(dictionary.items[i + 1]);
    if (key.kind != PickledValue::text || value.kind != PickledValue::tensor) continue;
    const std::string here = str(where, "'", key.text_value.substr(0, 200), "': ");
    HostTensor t = gather(here, value.tensor_value, bytes(value.tensor_value));
    total += Index(t.bytes.size());
    check(total <= 4 * file_size, here, "the tensors need ", total, " bytes, more than a file of ", file_size,
          " bytes can hold");
    check(result.tensors.emplace(key.text_value, std::move(t)).second, here, "it is named twice");
    prefixed = prefixed && key.text_value.starts_with("module.");
  }
  if (prefixed) {
    std::map<std::string, HostTensor> shorter;
    for (auto& [name, t] : result.tensors) shorter.emplace(name.substr(7), std::move(t));
    result.tensors = std::move(shorter);
  }
  if (!taken.empty()) result.metadata["taken_from"] = taken;
  return result;
}

inline SafeTensors parse_zip(const std::string& where, const std::string& file) {
  const ZipReader zip(where, file);
  std::string prefix;
  bool found = false;
  for (const std::string& name : zip.names()) {
    check(!name.ends_with("/constants.pkl"), where,
          "it is a TorchScript program, not a state dict\n  hint: in Python: torch.save(model.state_dict(), "
          "\"weights.pth\")");
    if (found || !(name == "data.pkl" || name.ends_with("/data.pkl"))) continue;
    prefix = name.substr(0, name.size() - 8);
    found = true;
  }
  check(found, where, "its archive has no data.pkl; it is a zip file, but not one of torch.save");
  for (const std::string& name : zip.names())
    if (name == prefix + "byteorder")
      check(zip.read(name) == "little", where, "it was saved on a big-endian machine");
  const std::string pickle = zip.read(prefix + "data.pkl");
  PickleReader reader(where, pickle);
  const std::size_t top = reader.read();
  return collect(where, reader, top, Index(file.size()), [&](const PickledTensor& t) {
    std::string bytes = zip.read(prefix + "data/" + t.storage);
    const Index width = type_width(storage_dtype(t.type));
    check(t.elements >= 0 && (width == 0 || Index(bytes.size()) / width >= t.elements), where, "storage '",
          t.storage.substr(0, 60), "' should hold ", t.elements, " elements, but has ", bytes.size(),
          " bytes");
    return bytes;
  });
}

// Before PyTorch 1.6: pickles one after the other (a magic number, a version, the machine, the object, the
// keys of the storages), then for each storage the number of its elements, in 8 bytes, and the elements.
inline SafeTensors parse_legacy(const std::string& where, const std::string& file) {
  PickleReader reader(where, file);
  reader.read();
  const PickledValue version = reader.at(reader.read());
  check(version.kind == PickledValue::number && version.number_value == 1001, where,
        "it is a pickle, but not one of torch.save");
  reader.read();
  const std::size_t top = reader.read(), keys = reader.read();
  check(reader.at(keys).kind == PickledValue::list, where, "it has no list of storages");
  std::map<std::string, std::size_t> begins;  // where the number of elements of each storage stands
  std::size_t at = reader.place();
  std::map<std::string, Index> widths;
  for (std::size_t i = 0; i < reader.count(); ++i)
    if (const PickledValue& v = reader.at(i); v.kind == PickledValue::tensor)
      widths[v.tensor_value.storage] = type_width(storage_dtype(v.tensor_value.type));
  const auto elements = [&](std::size_t place) {
    std::uint64_t n = 0;
    for (std::size_t i = 8; i-- > 0;) n = n << 8 | static_cast<unsigned char>(file[place + i]);
    return n;
  };
  for (const std::size_t item : reader.at(keys).items) {
    const PickledValue& key = reader.at(item);
    const Index width =
        key.kind == PickledValue::text && widths.count(key.text_value) ? widths[key.text_value] : 0;
    check(width > 0, where, "it names a storage that no tensor uses, or of a type that crisp does not read");
    check(file.size() - at >= 8 && elements(at) <= (file.size() - at - 8) / std::uint64_t(width), where,
          "storage '", key.text_value.substr(0, 60), "' ends beyond the ", file.size(), " bytes of the file");
    begins[key.text_value] = at;
    at += 8 + std::size_t(elements(at)) * std::size_t(width);
  }
  return collect(where, reader, top, Index(file.size()), [&](const PickledTensor& t) {
    const auto found = begins.find(t.storage);
    check(found != begins.end(), where, "there is no storage '", t.storage.substr(0, 60), "'");
    return file.substr(found->second + 8,
                       std::size_t(elements(found->second)) * std::size_t(type_width(storage_dtype(t.type))));
  });
}

}  // namespace detail

/// Whether the bytes begin as a file of torch.save does: a zip archive or a pickle.
inline bool is_pth(const std::string& file) {
  return file.starts_with("PK\x03\x04") || file.starts_with("\x80\x02");
}

/// The tensors of a state dict, from the bytes of a .pth or .pt file: also one that is kept under params_ema,
/// params, state_dict, model (metadata then says so: taken_from), and without the "module." that DataParallel
/// puts before every name. Throws Error, with the name of what is in the way, where the file is damaged or
/// holds other objects of Python's.
inline SafeTensors parse_pth(const std::string& file, const std::filesystem::path& path) {
  const std::string where = str("load: '", path.string(), "' is not a usable PyTorch file: ");
  return file.starts_with("PK") ? detail::parse_zip(where, file) : detail::parse_legacy(where, file);
}

/// Reads such a file.
inline SafeTensors read_pth(const std::filesystem::path& path) {
  return parse_pth(read_file("load", path), path);
}

}  // namespace crisp::io
