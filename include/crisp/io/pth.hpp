// PyTorch's weights files, .pth and .pt, without Python: the zip form (torch.save since 1.6) and the older
// one. The zip container is libzip's part (the only header that includes it): programs that include this link
// with -lzip.
#pragma once
#include <zip.h>

#include <memory>

#include "crisp/core/bytes.hpp"
#include "crisp/core/file.hpp"
#include "crisp/io/no_weights.hpp"
#include "crisp/io/state_dict.hpp"

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

// The part before "data.pkl" of the names of an archive of torch.save. Throws Error where it is another one.
inline std::string archive_prefix(const std::string& where, const std::vector<std::string>& names) {
  const auto ends = [&](const char* last) {
    return std::find_if(names.begin(), names.end(), [&](const std::string& n) { return n.ends_with(last); });
  };
  check(ends("/constants.pkl") == names.end(), where,
        "it is a TorchScript program, not a state dict\n  hint: in Python: "
        "torch.save(model.state_dict(), \"weights.pth\")");
  const auto data = std::find_if(names.begin(), names.end(), [](const std::string& name) {
    return name == "data.pkl" || name.ends_with("/data.pkl");
  });
  if (data != names.end()) return data->substr(0, data->size() - 8);
  const FileKind kind = kind_of_archive(names);
  throw Error(str(where, "it is ", kind.what, ", not one of torch.save\n  hint: ", weights_hint(kind.sort)));
}

inline SafeTensors parse_zip(const std::string& where, const std::string& file, const Choice& choice) {
  const ZipReader zip(where, file);
  const std::vector<std::string> names = zip.names();
  const std::string prefix = archive_prefix(where, names);
  if (std::find(names.begin(), names.end(), prefix + "byteorder") != names.end())
    check(zip.read(prefix + "byteorder") == "little", where, "it was saved on a big-endian machine");
  const std::string pickle = zip.read(prefix + "data.pkl");
  PickleReader reader(where, pickle);
  const std::size_t top = reader.read();
  return collect(where, reader, top, Index(file.size()), choice, [&](const PickledTensor& t) {
    std::string bytes = zip.read(prefix + "data/" + t.storage);
    const Index width = storage_width(t.type);
    check(t.elements >= 0 && (width == 0 || Index(bytes.size()) / width >= t.elements), where, "storage '",
          t.storage.substr(0, 60), "' should hold ", t.elements, " elements, but has ", bytes.size(),
          " bytes");
    return bytes;
  });
}

// Of the older form: where the number of elements of each storage stands. They follow each other, in the
// order of the keys, from byte `at` on.
inline std::map<std::string, std::size_t> storage_begins(const std::string& where, const std::string& file,
                                                         const PickleReader& reader, std::size_t keys,
                                                         const std::map<std::string, Index>& widths) {
  check(reader.at(keys).kind == PickledValue::list, where, "it has no list of storages");
  std::map<std::string, std::size_t> begins;
  std::size_t at = reader.place();
  for (const std::size_t item : reader.at(keys).items) {
    const PickledValue& key = reader.at(item);
    const auto found = widths.find(key.text_value);
    const Index width = key.kind == PickledValue::text && found != widths.end() ? found->second : 0;
    check(width > 0, where, "it names a storage that no tensor uses, or of a type that crisp does not read");
    const std::size_t left = file.size() - at;
    check(left >= 8 && Bytes{file, true}.u64(at) <= (left - 8) / std::uint64_t(width), where, "storage '",
          key.text_value.substr(0, 60), "' ends beyond the ", file.size(), " bytes of the file");
    begins[key.text_value] = at;
    at += 8 + std::size_t(Bytes{file, true}.u64(at)) * std::size_t(width);
  }
  return begins;
}

// Before PyTorch 1.6: pickles one after the other (a magic number, a version, the machine, the object, the
// keys of the storages), then for each storage the number of its elements, in 8 bytes, and the elements.
inline SafeTensors parse_legacy(const std::string& where, const std::string& file, const Choice& choice) {
  constexpr std::string_view magic = "\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
  check(file.substr(0, 32).find(magic) != std::string::npos, where,
        "it is a pickle, but not one of torch.save\n  hint: in Python: torch.save(model.state_dict(), "
        "\"weights.pth\")");
  PickleReader reader(where, file);
  reader.read();
  const PickledValue version = reader.at(reader.read());
  check(version.kind == PickledValue::number && version.number_value == 1001, where,
        "it is of another version of torch.save's than 1001");
  reader.read();
  const std::size_t top = reader.read(), keys = reader.read();
  std::map<std::string, Index> widths;
  for (std::size_t i = 0; i < reader.count(); ++i)
    if (const PickledValue& v = reader.at(i); v.kind == PickledValue::tensor)
      widths[v.tensor_value.storage] = storage_width(v.tensor_value.type);
  const std::map<std::string, std::size_t> begins = storage_begins(where, file, reader, keys, widths);
  return collect(where, reader, top, Index(file.size()), choice, [&](const PickledTensor& t) {
    const auto found = begins.find(t.storage);
    check(found != begins.end(), where, "there is no storage '", t.storage.substr(0, 60), "'");
    const std::size_t elements = std::size_t(Bytes{file, true}.u64(found->second));
    return file.substr(found->second + 8, elements * std::size_t(storage_width(t.type)));
  });
}

}  // namespace detail

/// Whether the bytes begin as a file of torch.save does: a zip archive or a pickle.
inline bool is_pth(const std::string& file) {
  return file.starts_with("PK\x03\x04") ||
         (file.size() > 1 && file[0] == '\x80' && file[1] >= 2 && file[1] <= 5);
}

/// The tensors of a state dict, from the bytes of a .pth or .pt file. Where the file holds several, `choice`
/// says which; without it that is the one under params_ema, params, state_dict, model, or else the only one.
/// metadata then says where it lay: taken_from. What lies beside the tensors, settings or objects of
/// Python's, is passed over, and nothing is executed. Throws Error, with the name of what is in the way,
/// where the file is damaged or holds no tensors.
inline SafeTensors parse_pth(const std::string& file, const std::filesystem::path& path,
                             const Choice& choice = {}) {
  const std::string where = str("load: '", path.string(), "' is not a usable PyTorch file: ");
  return file.starts_with("PK") ? detail::parse_zip(where, file, choice)
                                : detail::parse_legacy(where, file, choice);
}

/// Reads such a file.
inline SafeTensors read_pth(const std::filesystem::path& path, const Choice& choice = {}) {
  return parse_pth(read_file("load", path), path, choice);
}

}  // namespace crisp::io
