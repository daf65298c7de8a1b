// What a file is, by how it begins: for the message about one that was given in place of another.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "crisp/core/text.hpp"

namespace crisp {

/// What a file is in words, such as "a web page (HTML)", and its sort, by which a reader chooses its hint.
struct FileKind {
  enum Sort {
    other,
    picture,
    packed,       // an archive, or compressed
    pointer,      // of git-lfs
    page,         // HTML
    description,  // JSON
  };
  std::string what;  // empty where it is not known
  Sort sort = other;
};

namespace detail {

struct Magic {
  std::size_t at;
  std::string_view bytes;
  const char* what;
  FileKind::Sort sort = FileKind::other;
};

// Of binary files, and of texts that have a name. A longer beginning stands before a shorter one.
inline const std::vector<Magic>& magics() {
  using namespace std::string_view_literals;
  using enum FileKind::Sort;
  static const std::vector<Magic> all{
      {0, "version https://git-lfs"sv, "a pointer of git-lfs, not the file that it stands for", pointer},
      {0, "\x89PNG"sv, "a PNG image", picture},
      {0, "\xff\xd8\xff"sv, "a JPEG image", picture},
      {0, "BM"sv, "a BMP image", picture},
      {0, "GIF8"sv, "a GIF image", picture},
      {0, "II*\0"sv, "a TIFF image", picture},
      {0, "MM\0*"sv, "a TIFF image", picture},
      {0, "II+\0"sv, "a TIFF image", picture},
      {0, "MM\0+"sv, "a TIFF image", picture},
      {4, "ftypavi"sv, "an AVIF image", picture},
      {4, "ftyphei"sv, "a HEIF image", picture},
      {4, "ftypmif1"sv, "a HEIF image", picture},
      {4, "ftypmsf1"sv, "a HEIF image", picture},
      {4, "ftyp"sv, "a film", picture},
      {0, "\0\0\0\x0cjP  "sv, "a JPEG 2000 image", picture},
      {0, "\xff\x4f\xff\x51"sv, "a JPEG 2000 image", picture},
      {0, "\0\0\0\x0cJXL "sv, "a JPEG XL image", picture},
      {0, "\xff\x0a"sv, "a JPEG XL image", picture},
      {0, "8BPS"sv, "a Photoshop file", picture},
      {0, "v/1\x01"sv, "an OpenEXR image", picture},
      {0, "\0\0\1\0"sv, "an icon", picture},
      {0, "qoif"sv, "a QOI image", picture},
      {0, "GGUF"sv, "a GGUF file, of llama.cpp"},
      {0, "\x89HDF\r\n"sv, "an HDF5 file, such as Keras writes (.h5)"},
      {0, "\x93NUMPY"sv, "an array of NumPy (.npy)"},
      {4, "TFL3"sv, "a TensorFlow Lite model"},
      {0, "MATLAB "sv, "a MATLAB file (.mat)"},
      {0, "7767517\n"sv, "a parameter file of ncnn"},
      {0, "%PDF"sv, "a PDF document"},
      {0, "\x7f\x45LF"sv, "a program"},
      {0, "PK\3\4"sv, "a zip archive", packed},
      {0, "PK\5\6"sv, "an empty zip archive"},
      {0, "\x1f\x8b"sv, "compressed by gzip", packed},
      {0, "BZh"sv, "compressed by bzip2", packed},
      {0, "\xfd\x37zXZ"sv, "compressed by xz", packed},
      {0, "\x28\xb5\x2f\xfd"sv, "compressed by zstd", packed},
      {0, "7z\xbc\xaf"sv, "a 7z archive", packed},
      {0, "Rar!"sv, "a RAR archive", packed},
      {257, "ustar"sv, "a tar archive", packed}};
  return all;
}

// ONNX and TensorFlow begin with a field 1, the version of the format, and its successor.
inline bool begins_as_onnx(std::string_view file) {
  constexpr std::string_view next = "\x12\x1a\x22\x28\x32\x3a\x42";
  return file.size() > 3 && file[0] == 8 && file[1] >= 2 && file[1] <= 40 &&
         next.find(file[2]) != std::string_view::npos;
}

// A container that other files share, with the name of what it holds.
inline bool begins_as_webp(std::string_view file) {
  return file.starts_with("RIFF") && file.size() > 8 && file.substr(8).starts_with("WEBP");
}

// PBM to PAM: a P, a digit, and white space.
inline bool begins_as_pnm(std::string_view file) {
  return file.size() > 2 && file[0] == 'P' && file[1] >= '1' && file[1] <= '7' &&
         (file[2] == '\n' || file[2] == '\r' || file[2] == ' ');
}

// UTF-8 without control characters; the last character may be cut.
inline bool is_text(std::string_view begin) {
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
  const std::string lower = lower_case(begin);
  const auto has = [&](const char* tag) { return lower.find(tag) != std::string::npos; };
  if (lower.starts_with("<") && has("<svg")) return {"an SVG drawing", FileKind::picture};
  if (lower.starts_with("<") && (has("<!doctype html") || has("<html")))
    return {"a web page (HTML)", FileKind::page};
  if (lower.starts_with("<")) return {"a text in XML"};
  if (lower.starts_with("{") || lower.starts_with("[")) return {"a text in JSON", FileKind::description};
  std::string line = begin.substr(0, std::min<std::size_t>(40, begin.find_first_of("\r\n")));
  while (!is_whole(line)) line.pop_back();
  return {"a text that begins with '" + line + "'"};
}

}  // namespace detail

/// What the bytes of a file, or its first 512, are.
inline FileKind kind_of_file(std::string_view bytes) {
  for (const detail::Magic& magic : detail::magics())
    if (bytes.size() > magic.at && bytes.substr(magic.at).starts_with(magic.bytes))
      return {magic.what, magic.sort};
  if (detail::begins_as_onnx(bytes)) return {"an ONNX model"};
  if (detail::begins_as_webp(bytes)) return {"a WebP image", FileKind::picture};
  if (detail::begins_as_pnm(bytes)) return {"a PNM image", FileKind::picture};
  const std::string_view begin = bytes.substr(0, 512);
  return !begin.empty() && detail::is_text(begin) ? detail::kind_of_text(std::string(begin)) : FileKind{};
}

/// What to do about a file of this sort, whatever it was given for; empty for the others.
inline std::string hint_for(FileKind::Sort sort) {
  if (sort == FileKind::pointer)
    return "fetch the file itself: git lfs pull, or the download button of the site";
  if (sort == FileKind::page) return "download the file itself: the address was that of a page";
  return sort == FileKind::packed ? "unpack it first" : "";
}

}  // namespace crisp
