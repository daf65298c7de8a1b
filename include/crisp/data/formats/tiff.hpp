// TIFF (Adobe, "TIFF Revision 6.0") by libtiff: the first picture of a file; gray, RGB and RGBA of 8 and 16
// bits as they are, and what else libtiff turns to RGBA of 8 bits. Programs that include this link with
// libtiff.
#pragma once
#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "crisp/data/picture.hpp"

namespace crisp::data::formats {

namespace detail {

// The bytes of a file, as libtiff reads them.
struct TiffSource {
  const std::string& bytes;
  toff_t at = 0;

  static TiffSource& of(thandle_t handle) { return *static_cast<TiffSource*>(handle); }
  static tsize_t read(thandle_t handle, void* to, tsize_t count) {
    TiffSource& s = of(handle);
    const toff_t size = s.bytes.size(), left = s.at < size ? size - s.at : 0;
    const toff_t taken = std::min<toff_t>(left, toff_t(std::max<tsize_t>(count, 0)));
    std::memcpy(to, s.bytes.data() + (size - left), taken);
    s.at += taken;
    return tsize_t(taken);
  }
  static tsize_t write(thandle_t, void*, tsize_t) { return 0; }
  static toff_t seek(thandle_t handle, toff_t to, int from) {
    TiffSource& s = of(handle);
    if (from == SEEK_SET) s.at = to;
    if (from == SEEK_CUR) s.at += to;
    if (from == SEEK_END) s.at = s.bytes.size() + to;
    return s.at;
  }
  static int close(thandle_t) { return 0; }
  static toff_t size(thandle_t handle) { return of(handle).bytes.size(); }
};

inline std::string& tiff_error() {
  thread_local std::string text;
  return text;
}
inline void keep_tiff_error(const char*, const char* format, va_list parts) {
  char text[200];
  std::vsnprintf(text, sizeof text, format, parts);
  tiff_error() = text;
}

// libtiff passes over a value that lies beyond the end: so look whether all of the first directory's are
// there (TIFF 6.0, section 2: 12 bytes an entry). A BigTIFF, which is larger than 4 GB by design, is left to
// libtiff.
inline void check_directory(const std::string& bytes, const std::string& name) {
  const Bytes file{bytes, bytes.starts_with("II")};
  if (file.u16(2) != 42) return;
  static constexpr std::size_t sizes[] = {0, 1, 1, 2, 4, 8, 1,
                                          1, 2, 4, 8, 4, 8, 4};  // of the types of values
  const std::size_t directory = file.u32(4), entries = file.u16(directory);
  bool whole = file.has(directory, 2) && file.has(directory + 2, 12 * entries);
  for (std::size_t at = directory + 2; whole && at < directory + 2 + 12 * entries; at += 12) {
    const std::size_t type = file.u16(at + 2), count = file.u32(at + 4);
    const std::size_t size = type < std::size(sizes) ? count * sizes[type] : 0;
    if (size > 4) whole = file.has(file.u32(at + 8), size);
  }
  if (!whole) refuse(name, "is truncated: its ", bytes.size(), " bytes end before the TIFF does");
}

using Tiff = std::unique_ptr<TIFF, void (*)(TIFF*)>;

inline Tiff open_tiff(TiffSource& source, const std::string& name) {
  TIFFSetErrorHandler(keep_tiff_error);
  TIFFSetWarningHandler(nullptr);
  tiff_error().clear();
  check_directory(source.bytes, name);
  Tiff tiff(TIFFClientOpen(name.c_str(), "rm", &source, TiffSource::read, TiffSource::write, TiffSource::seek,
                           TiffSource::close, TiffSource::size, nullptr, nullptr),
            TIFFClose);
  if (!tiff) refuse(name, "is a damaged TIFF: ", tiff_error());
  return tiff;
}

template <class T>
T tag(const Tiff& tiff, std::uint32_t which, T otherwise) {
  T value = otherwise;
  return TIFFGetFieldDefaulted(tiff.get(), which, &value) ? value : otherwise;
}

}  // namespace detail

/// What a TIFF file says before its samples.
struct TiffHeader {
  Index height = 0, width = 0;
  Index samples = 1;  // of a pixel
  int bits = 1;       // of a sample
  std::uint16_t photometric = 0, planes = 0, format = 0, extra = 0;
  bool is_tiled = false, has_alpha = false;
  int orientation = 1;
  ColourInfo colour{};
  bool further_pictures = false;

  /// Whether the samples can be taken as they are.
  bool is_plain() const {
    const bool gray = photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
    const bool rgb = photometric == PHOTOMETRIC_RGB;
    const Index colours = samples - (has_alpha ? 1 : 0);
    return (bits == 8 || bits == 16) && planes == PLANARCONFIG_CONTIG && format == SAMPLEFORMAT_UINT &&
           ((gray && colours == 1) || (rgb && colours == 3)) && extra != EXTRASAMPLE_ASSOCALPHA;
  }
};

namespace detail {

inline TiffHeader tiff_header(const Tiff& tiff, const std::string& name) {
  TiffHeader h;
  h.height = Index(tag<std::uint32_t>(tiff, TIFFTAG_IMAGELENGTH, 0));
  h.width = Index(tag<std::uint32_t>(tiff, TIFFTAG_IMAGEWIDTH, 0));
  if (h.width < 1 || h.height < 1)
    refuse(name, "is damaged: it says that it has ", h.height, " x ", h.width, " pixels");
  check_pixels(h.height, h.width, name);
  h.samples = tag<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  h.bits = tag<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  h.photometric = tag<std::uint16_t>(tiff, TIFFTAG_PHOTOMETRIC, 0);
  h.planes = tag<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  h.format = tag<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  h.orientation = std::clamp<int>(tag<std::uint16_t>(tiff, TIFFTAG_ORIENTATION, 1), 1, 8);
  h.is_tiled = TIFFIsTiled(tiff.get()) != 0;
  std::uint16_t count = 0, *kinds = nullptr;
  if (TIFFGetFieldDefaulted(tiff.get(), TIFFTAG_EXTRASAMPLES, &count, &kinds) && count > 0) {
    h.has_alpha = count == 1;
    h.extra = kinds[0];
  }
  std::uint32_t size = 0;
  void* profile = nullptr;
  if (TIFFGetField(tiff.get(), TIFFTAG_ICCPROFILE, &size, &profile))
    h.colour.icc.assign(static_cast<const char*>(profile), size);
  const auto unit = tag<std::uint16_t>(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
  const double metre = unit == RESUNIT_CENTIMETER ? 100 : 1 / 0.0254;
  for (std::size_t i = 0; i < 2 && unit != RESUNIT_NONE; ++i) {
    const float dots = tag<float>(tiff, i == 0 ? TIFFTAG_XRESOLUTION : TIFFTAG_YRESOLUTION, 0);
    if (dots > 0 && dots < 1e6f) h.colour.density[i] = std::uint32_t(double(dots) * metre + 0.5);
  }
  h.colour.per_metre = true;
  h.further_pictures = TIFFLastDirectory(tiff.get()) == 0;
  return h;
}

// No compression of samples makes more than 1032 bytes of one (that is deflate); of pixels of less than 8
// bits some do, but not of more than blank paper.
inline void check_size(const TiffHeader& h, std::size_t there, const std::string& name) {
  constexpr double ratio = 1032, little = 1 << 22;
  const double pixels = double(h.height) * double(h.width);
  const double bytes = h.bits >= 8 ? pixels * double(h.samples) * h.bits / 8 : pixels;
  if (bytes > little) check_enough(bytes / ratio, there, h.height, h.width, name);
}

// The samples as they are, by strips or tiles, to (H, W, C).
template <class Sample>
void read_plain_tiff(const Tiff& tiff, const TiffHeader& h, Image& image, const std::string& name) {
  const Index C = h.samples;
  Index rows = Index(tag<std::uint32_t>(tiff, TIFFTAG_ROWSPERSTRIP, 1)), columns = h.width;
  if (h.is_tiled) {
    rows = Index(tag<std::uint32_t>(tiff, TIFFTAG_TILELENGTH, 0));
    columns = Index(tag<std::uint32_t>(tiff, TIFFTAG_TILEWIDTH, 0));
  }
  rows = h.is_tiled ? rows : std::min(rows, h.height);
  const Index limit = std::max<Index>(1 << 22, 4 * h.height * h.width);
  if (rows < 1 || columns < 1 || rows > limit / columns)
    refuse(name, "is damaged: a TIFF with tiles of ", rows, " x ", columns);
  std::vector<Sample> block(std::size_t(rows * columns * C));
  const tsize_t bytes = tsize_t(block.size() * sizeof(Sample));
  const float step = sizeof(Sample) == 2 ? 257.0f : 1.0f;
  const bool white_is_0 = h.photometric == PHOTOMETRIC_MINISWHITE;
  std::uint32_t number = 0;
  for (Index top = 0; top < h.height; top += rows)
    for (Index left = 0; left < h.width; left += columns, ++number) {
      const tsize_t got = h.is_tiled ? TIFFReadEncodedTile(tiff.get(), number, block.data(), bytes)
                                     : TIFFReadEncodedStrip(tiff.get(), number, block.data(), bytes);
      const Index height = std::min(rows, h.height - top), width = std::min(columns, h.width - left);
      if (got < tsize_t(((height - 1) * columns + width) * C) * tsize_t(sizeof(Sample)))
        refuse(name, "is a damaged or truncated TIFF: ", tiff_error());
      for (Index i = 0; i < height; ++i)
        for (Index k = 0; k < width * C; ++k) {
          const float v = float(block[std::size_t(i * columns * C + k)]) / step;
          const bool alpha = h.has_alpha && k % C == C - 1;
          image.samples[std::size_t(((top + i) * h.width + left) * C + k)] =
              white_is_0 && !alpha ? 255 - v : v;
        }
    }
}

// What else libtiff knows: palettes, one bit, YCbCr, CMYK, separate planes.
inline Image read_tiff_as_rgba(const Tiff& tiff, const TiffHeader& h, const std::string& name) {
  std::vector<std::uint32_t> pixels(std::size_t(h.height * h.width));
  char why[1024] = "";
  if (!TIFFRGBAImageOK(tiff.get(), why))
    refuse(name, "is a TIFF of a kind that is not read: ", why, "\n  hint: save it as PNG");
  const int as_stored = h.orientation;  // it is turned later
  if (!TIFFReadRGBAImageOriented(tiff.get(), std::uint32_t(h.width), std::uint32_t(h.height), pixels.data(),
                                 as_stored, 1))
    refuse(name, "is a damaged or truncated TIFF: ", tiff_error());
  const Index channels = h.has_alpha ? 4 : 3;
  Image image(h.height, h.width, channels);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const float alpha = float(pixels[i] >> 24);
    float* const to = &image.samples[i * std::size_t(channels)];
    for (int c = 0; c < 3; ++c) {
      to[c] = float(pixels[i] >> (8 * c) & 255);
      if (h.has_alpha && alpha > 0)
        to[c] = std::min(255.0f, std::round(to[c] * 255 / alpha));  // it was times alpha
    }
    if (h.has_alpha) to[3] = alpha;
  }
  return image;
}

}  // namespace detail

/// The header of the first picture in a TIFF file. Throws Error with the name where it is damaged.
inline TiffHeader tiff_header(const std::string& bytes, const std::string& name) {
  detail::TiffSource source{bytes};
  return detail::tiff_header(detail::open_tiff(source, name), name);
}

/// The first picture in a TIFF file. Throws Error with the name for what is cut short, damaged or not read.
inline Picture decode_tiff(const std::string& bytes, const std::string& name) {
  detail::TiffSource source{bytes};
  const detail::Tiff tiff = detail::open_tiff(source, name);
  TiffHeader h = detail::tiff_header(tiff, name);
  detail::check_size(h, bytes.size(), name);
  const bool plain = h.is_plain();
  if (!plain && (h.bits > 8 || h.format != SAMPLEFORMAT_UINT))
    refuse(name, "is a TIFF of ", h.samples, " samples of ", h.bits,
           " bits a pixel, not gray, RGB or RGBA of 8 or 16 bits\n  hint: save it as PNG");
  Picture picture{.bits = h.bits == 16 ? 16 : 8, .orientation = h.orientation};
  if (plain) {
    picture.image = Image(h.height, h.width, h.samples);
    if (h.bits == 16) detail::read_plain_tiff<std::uint16_t>(tiff, h, picture.image, name);
    else detail::read_plain_tiff<unsigned char>(tiff, h, picture.image, name);
  } else {
    picture.image = detail::read_tiff_as_rgba(tiff, h, name);
  }
  if (h.further_pictures) picture.notes.push_back("a TIFF of several pictures: its first alone is read");
  picture.colour = std::move(h.colour);
  return picture;
}

}  // namespace crisp::data::formats
