// PictureFile: an image file of a set before it is decoded: how large its samples will be, and a key that
// changes when the file does.
#pragma once
#include <sys/stat.h>

#include "crisp/data/image_folder.hpp"
#include "crisp/data/samples.hpp"

namespace crisp::data::detail {

struct PictureFile {
  std::filesystem::path path;
  std::string name;       // for messages: "'0001.png' in DIV2K"
  std::uint64_t key = 0;  // of its place, size and time, and of what decodes it
};

// Which readers decode with a library, and may round otherwise than the core's.
inline std::string decoders() {
  std::string text;
  for (const ImageReader& reader : image_readers()) {
    const auto own = {formats::png_reader().decode, formats::jpeg_reader().decode,
                      formats::bmp_reader().decode};
    const bool by_core = std::find(own.begin(), own.end(), reader.decode) != own.end();
    text += str(reader.format, by_core ? " " : " by a library ");
  }
  return text;
}

/// Throws Error where the file is not there.
inline PictureFile picture_file(const std::filesystem::path& path, const std::string& name) {
  struct stat found = {};
  check(stat(path.c_str(), &found) == 0, "load_image: '", path.string(),
        "' cannot be read: ", crisp::detail::words_of_error(errno));
  const std::string place = std::filesystem::absolute(path).lexically_normal().string();
  const std::string text = str(place, "\n", found.st_size, "\n", found.st_mtim.tv_sec, "\n",
                               found.st_mtim.tv_nsec, "\n", decoders());
  return {path, name, checksum(text)};
}

/// Its samples. Throws Error with the path for a file that is damaged or cannot be read.
inline Samples decoded(const PictureFile& file) { return kept_samples(load_image(file.path)); }

// The bytes of the frame header (T.81, annex B.2.2) of a JPEG, which may lie behind large profiles; empty
// where there is none.
inline std::string jpeg_frame(std::ifstream& file) {
  for (std::streamoff at = 2;;) {
    char segment[11] = {};
    file.seekg(at);
    if (!file.read(segment, sizeof segment) || segment[0] != '\xff') return "";
    const Bytes bytes{{segment, sizeof segment}};
    if (formats::jpeg::is_frame(bytes.u8(1))) return {segment + 4, 7};
    if (bytes.u8(1) == formats::jpeg::scan) return "";
    at += 2 + std::streamoff(bytes.u16(2));
  }
}

/// About how many bytes the samples will take, by the first bytes of the file; 0 where that is not seen.
inline double expected_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  char begin[26] = {};
  file.read(begin, sizeof begin);
  const std::string_view seen(begin, std::size_t(file.gcount()));
  const Bytes bytes{seen};
  if (seen.starts_with(formats::png_signature)) {
    const bool gray = bytes.u8(25) == 0 || bytes.u8(25) == 4;
    return double(bytes.u32(16)) * double(bytes.u32(20)) * (gray ? 1 : 3) * (bytes.u8(24) == 16 ? 2 : 1);
  }
  if (seen.starts_with("\xff\xd8\xff")) {
    const std::string text = jpeg_frame(file);
    const Bytes frame{text};
    return double(frame.u16(1)) * double(frame.u16(3)) * (frame.u8(5) == 1 ? 1 : 3);
  }
  try {
    const ImageHeader header = image_header(read_file("load_image", path), path.string());
    return double(header.height) * double(header.width) * 3 * header.bits / 8;
  } catch (const Error&) {  // it is told where the file is decoded
    return 0;
  }
}

}  // namespace crisp::data::detail
