// Which reader reads a file: by its first bytes, whatever its name says. The core has PNG, JPEG and BMP;
// image_libraries.hpp adds more, and so can a program.
#pragma once
#include <filesystem>

#include "crisp/core/file_kind.hpp"
#include "crisp/core/text.hpp"
#include "crisp/data/formats/bmp.hpp"
#include "crisp/data/formats/jpeg.hpp"
#include "crisp/data/formats/png.hpp"

namespace crisp::data {

/// What is known of an image before it is decoded.
struct ImageHeader {
  Index height = 0, width = 0;
  int bits = 8;          // of a sample: 8 or 16
  int orientation = 1;   // see formats::exif_orientation
  int jpeg_quality = 0;  // of a JPEG, 1 to 100, about; 0 where it is not known
};

/// Reads one format. `header` and `decode` are given the bytes of a file and its name, and throw Error with
/// the name for what is cut short, damaged, of too many pixels (formats::check_pixels) or not read. Both
/// speak of the samples as they lie in the file, not turned.
struct ImageReader {
  std::string format;                   // "PNG"
  std::vector<std::string> extensions;  // ".png", in small letters
  bool (*knows)(std::string_view bytes);
  ImageHeader (*header)(const std::string& bytes, const std::string& name);
  Picture (*decode)(const std::string& bytes, const std::string& name);
};

namespace formats {

/// BMP, by formats/bmp.hpp.
inline ImageReader bmp_reader() {
  return {"BMP",
          {".bmp", ".dib"},
          [](std::string_view bytes) { return bytes.starts_with("BM"); },
          [](const std::string& bytes, const std::string& name) {
            const BmpHeader h = bmp_header(bytes, name);
            return ImageHeader{.height = h.height, .width = h.width};
          },
          decode_bmp};
}

/// PNG, of 8 and of 16 bits, by formats/png.hpp.
inline ImageReader png_reader() {
  return {"PNG",
          {".png"},
          [](std::string_view bytes) { return bytes.starts_with(png_signature); },
          [](const std::string& bytes, const std::string& name) {
            const PngHeader h = png_header(bytes, name);
            return ImageHeader{h.height, h.width, h.depth == 16 ? 16 : 8, h.orientation};
          },
          decode_png};
}

/// JPEG, by formats/jpeg.hpp.
inline ImageReader jpeg_reader() {
  return {"JPEG",
          {".jpg", ".jpeg", ".jpe", ".jfif"},
          [](std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); },
          [](const std::string& bytes, const std::string& name) {
            const JpegHeader h = jpeg_header(jpeg_segments(bytes, name), name);
            return ImageHeader{h.height, h.width, 8, h.orientation, h.quality};
          },
          decode_jpeg};
}

}  // namespace formats

/// The readers, one a format. Not to be changed while another thread reads.
template <class = void>  // for compiled.hpp
std::vector<ImageReader>& image_readers() {
  static std::vector<ImageReader> readers{formats::png_reader(), formats::jpeg_reader(),
                                          formats::bmp_reader()};
  return readers;
}

/// Adds a reader, in place of the one of the same format.
inline void add_image_reader(const ImageReader& reader) {
  for (ImageReader& present : image_readers())
    if (present.format == reader.format) {
      present = reader;
      return;
    }
  image_readers().push_back(reader);
}

/// "PNG, JPEG, BMP": what can be read.
inline std::string readable_formats() {
  std::string all;
  for (const ImageReader& reader : image_readers()) all += (all.empty() ? "" : ", ") + reader.format;
  return all;
}

/// The extension of a path in small letters: ".png".
inline std::string lower_extension(const std::filesystem::path& path) {
  return lower_case(path.extension().string());
}

/// Whether a file of this name is taken for an image that can be read.
inline bool is_image_name(const std::filesystem::path& path) {
  const std::string extension = lower_extension(path);
  for (const ImageReader& reader : image_readers())
    for (const std::string& known : reader.extensions)
      if (known == extension) return true;
  return false;
}

/// The reader of a file. Throws Error with the name where none knows it.
inline const ImageReader& reader_of(const std::string& bytes, const std::string& name) {
  if (bytes.size() >= (std::size_t(1) << 30))
    formats::refuse(name, "has ", bytes.size(), " bytes; at most 1 GiB can be read");
  for (const ImageReader& reader : image_readers())
    if (reader.knows(bytes)) return reader;
  const FileKind kind = kind_of_file(bytes);
  const std::string hint = hint_for(kind.sort);
  formats::refuse(name, "is ", kind.what.empty() ? "no image of a known kind" : kind.what, "; ",
                  readable_formats(), " can be read, whatever the name says",
                  hint.empty() ? "" : "\n  hint: ", hint);
}

/// The size of the picture in an image file, the right way up, without decoding it. Throws Error with the
/// name for what is cut short, damaged, too large or no image.
inline ImageHeader image_header(const std::string& bytes, const std::string& name) {
  ImageHeader header = reader_of(bytes, name).header(bytes, name);
  if (header.orientation >= 5) std::swap(header.height, header.width);
  return header;
}

/// The picture in the bytes of an image file, the right way up: gray, gray with alpha, RGB or RGBA, in
/// 0..255, with what the file says of its colours. Throws Error as image_header does.
inline Picture decode_picture(const std::string& bytes, const std::string& name) {
  Picture picture = reader_of(bytes, name).decode(bytes, name);
  if (picture.orientation > 1) picture.image = upright(picture.image, picture.orientation);
  ColourInfo& colour = picture.colour;
  if (!colour.icc.empty() && !is_icc_profile(colour.icc, picture.image.has_colour())) {
    picture.notes.push_back("its colour profile is damaged or for other colours, such as CMYK, and left out");
    colour.icc.clear();
  }
  if (picture.orientation >= 5) std::swap(picture.colour.density[0], picture.colour.density[1]);
  picture.orientation = 1;
  return picture;
}

}  // namespace crisp::data
