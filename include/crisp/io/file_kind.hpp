// What a file is that holds no weights that crisp reads: by how it begins, for the message.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "crisp/core/error.hpp"

namespace crisp::io {

/// In words, such as "a web page (HTML)", and what to do about it.
struct FileKind {
  std::string what, hint;
};

namespace detail {

/// Eight bytes as a number, the lowest first.
inline std::uint64_t little_endian(const std::string& bytes, std::size_t at) {
  std::uint64_t n = 0;
  for (std::size_t i = 8; i-- > 0;) n = n << 8 | static_cast<unsigned char>(bytes[at + i]);
  return n;
}

inline constexpr const char* readable =
    "crisp reads .safetensors, .pth and .pt: get the weights in one of these";
inline constexpr const char* swapped = "was it given in place of the weights?";
inline constexpr const char* unpack = "unpack it first";

struct Magic {
  std::size_t at;
  std::string_view bytes;
  const char *what, *hint;
};

// Of binary files, and of texts that have a name.
inline const std::vector<Magic>& magics() {
  using namespace std::string_view_literals;
  static const std::vector<Magic> all{
      {0, "version https://git-lfs"sv, "a pointer of git-lfs, not the file that it stands for",
       "fetch the file itself: git lfs pull, or the download button of the site"},
      {0, "\x89PNG"sv, "a picture (PNG)", swapped},
      {0, "\xff\xd8\xff"sv, "a picture (JPEG)", swapped},
      {0, "BM"sv, "a picture (BMP)", swapped},
      {0, "GIF8"sv, "a picture (GIF)", swapped},
      {8, "WEBP"sv, "a picture (WebP)", swapped},
      {0, "II*\0"sv, "a picture (TIFF)", swapped},
      {0, "MM\0*"sv, "a picture (TIFF)", swapped},
      {0, "GGUF"sv, "a GGUF file, of llama.cpp", readable},
      {0, "\x89HDF\r\n"sv, "an HDF5 file, such as Keras writes (.h5)", readable},
      {0, "\x93NUMPY"sv, "an array of NumPy (.npy)", readable},
      {4, "TFL3"sv, "a TensorFlow Lite model", readable},
      {0, "MATLAB "sv, "a MATLAB file (.mat)", readable},
      {0, "7767517\n"sv, "a parameter file of ncnn", readable},
      {0, "%PDF"sv, "a PDF document", readable},
      {0,
       "\x7f"
       "ELF"sv,
       "a program", readable},
      {0, "PK\5\6"sv, "an empty zip archive", readable},
      {0, "\x1f\x8b"sv, "compressed by gzip", unpack},
      {0, "BZh"sv, "compressed by bzip2", unpack},
      {0,
       "\xfd"
       "7zXZ"sv,
       "compressed by xz", unpack},
      {0, "\x28\xb5\x2f\xfd"sv, "compressed by zstd", unpack},
      {0, "7z\xbc\xaf"sv, "a 7z archive", unpack},
      {0, "Rar!"sv, "a RAR archive", unpack},
      {257, "ustar"sv, "a tar archive", unpack}};
  return all;
}

// ONNX and TensorFlow begin with a field 1, the version of the format, and its successor.
inline bool begins_as_onnx(const std::string& file) {
  constexpr std::string_view next = "\x12\x1a\x22\x28\x32\x3a\x42";
  return file.size() > 3 && file[0] == 8 && file[1] >= 2 && file[1] <= 40 &&
         next.find(file[2]) != std::string_view::npos;
}

// UTF-8 without control characters; the last character may be cut.
inline bool is_text(const std::string& begin) {
  int following = 0;  // bytes that belong to the character before them
  for (const char c : begin) {
    const auto byte = static_cast<unsigned char>(c);
    const bool follows = (byte & 0xc0) == 0x80;
    if (follows != (following > 0) || byte >= 0xf8) return false;
    if (byte < 32 && c != '\n' && c != '\r' && c != '\t') return false;
    following = follows ? following - 1 : (byte >= 0xc0) + (byte >= 0xe0) + (byte >= 0xf0);
  }
  return true;
}

// Whether a text of UTF-8 ends with a whole character.
inline bool is_whole(const std::string& text) { return is_text(text + " "); }

inline FileKind kind_of_text(std::string begin) {
  const std::size_t first = begin.find_first_not_of("\xef\xbb\xbf \r\n\t");
  begin = begin.substr(std::min(begin.size(), first));
  std::string lower = begin.substr(0, 20);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  if (lower.starts_with("<!doctype html") || lower.starts_with("<html"))
    return {"a web page (HTML)", "download the file itself: the address was that of a page"};
  if (lower.starts_with("<")) return {"a text in XML", readable};
  if (lower.starts_with("{") || lower.starts_with("["))
    return {"a text in JSON", "give the file with the tensors, not the one that describes it"};
  std::string line = begin.substr(0, std::min<std::size_t>(40, begin.find_first_of("\r\n")));
  while (!is_whole(line)) line.pop_back();
  return {"a text that begins with '" + line + "'", readable};
}

}  // namespace detail

/// What the bytes are; `what` is empty where that is not known.
inline FileKind kind_of_file(const std::string& file) {
  for (const detail::Magic& magic : detail::magics())
    if (file.size() > magic.at && std::string_view(file).substr(magic.at).starts_with(magic.bytes))
      return {magic.what, magic.hint};
  if (detail::begins_as_onnx(file))
    return {"an ONNX model", "crisp writes ONNX, but reads .safetensors, .pth and .pt"};
  const std::string begin = file.substr(0, 512);
  return detail::is_text(begin) ? detail::kind_of_text(begin) : FileKind{};
}

/// What a zip archive with files of these names is.
inline FileKind kind_of_archive(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (name.ends_with(".npy")) return {"a zip archive of NumPy's arrays (.npz)", detail::readable};
    if (name.ends_with(".weights.h5")) return {"a zip archive of Keras (.keras)", detail::readable};
    if (name == "[Content_Types].xml") return {"a zip archive of an office program", detail::readable};
    if (name.ends_with(".pth") || name.ends_with(".pt") || name.ends_with(".safetensors"))
      return {"a zip archive with '" + name.substr(0, 100) + "' in it", detail::unpack};
  }
  const std::string first = names.empty() ? "" : " ('" + names[0].substr(0, 100) + "', ...)";
  return {"a zip archive of other files" + first, detail::readable};
}

}  // namespace crisp::io
