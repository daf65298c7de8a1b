// JPEG (ITU-T T.81) and JFIF (ITU-T T.871): its segments, what they say about the picture, and the samples of
// baseline and progressive files by stb.
#pragma once
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "crisp/core/rounding.hpp"
#include "crisp/data/formats/exif.hpp"
#include "crisp/data/picture.hpp"
#include "crisp/data/stb.hpp"

namespace crisp::data::formats {

/// A part of a JPEG file: its marker's second byte, and what follows the length. A scan's data (marker 0)
/// follows the segment that begins it.
struct JpegSegment {
  std::uint32_t marker = 0;
  std::string_view data;
};

/// The names of the markers that are used here: T.81, table B.1.
namespace jpeg {
inline constexpr std::uint32_t first = 0xc0, first_restart = 0xd0, last_restart = 0xd7, begin = 0xd8,
                               end = 0xd9, scan = 0xda, huffman_tables = 0xc4, quantisation_tables = 0xdb,
                               jpeg_ls = 0xf7, app0 = 0xe0, app1 = 0xe1, app2 = 0xe2, app14 = 0xee;
/// Whether the marker begins a frame: SOF0 to SOF15, without DHT, JPG and DAC, which lie between them.
inline bool is_frame(std::uint32_t m) {
  return m >= 0xc0 && m <= 0xcf && m != 0xc4 && m != 0xc8 && m != 0xcc;
}
}  // namespace jpeg

namespace detail {

// Where the data of the scan that begins at `at` end: at a marker that is no restart.
inline std::size_t end_of_scan(const Bytes& file, std::size_t at) {
  for (;; ++at) {
    at = file.all.find('\xff', at);
    if (at >= file.size()) return file.size();
    const std::uint32_t next = file.u8(at + 1);
    const bool restart = next >= jpeg::first_restart && next <= jpeg::last_restart;
    if (next != 0 && next != 0xff && !restart) return at;
  }
}

}  // namespace detail

/// The segments of a JPEG file up to its end, or up to the last scan where only one of each component can be
/// there (not progressive). Bytes between them that are no segment are passed over. Throws Error with the
/// name where the file is cut short.
inline std::vector<JpegSegment> jpeg_segments(std::string_view bytes, const std::string& name) {
  const Bytes file{bytes};
  std::vector<JpegSegment> segments;
  bool progressive = true;
  std::size_t components = 0, coded = 0;
  for (std::size_t at = 2;;) {
    at = std::min(file.all.find('\xff', at), file.size());
    while (file.u8(at) == 0xff) ++at;
    if (!file.has(at, 1)) refuse(name, "is truncated: its ", bytes.size(), " bytes end before the JPEG does");
    const std::uint32_t marker = file.u8(at++);
    if (marker == jpeg::end) return segments;
    const bool alone = marker < jpeg::first || (marker >= jpeg::first_restart && marker <= jpeg::begin);
    if (alone) continue;
    const std::size_t size = file.u16(at);
    if (size < 2 || !file.has(at, size))
      refuse(name, "is truncated: its ", bytes.size(), " bytes end before the JPEG does");
    const Bytes data = file.part(at + 2, size - 2);
    segments.push_back({marker, data.all});
    at += size;
    if (jpeg::is_frame(marker)) {
      progressive = marker != 0xc0 && marker != 0xc1 && marker != 0xc9;
      components = data.u8(5);
    }
    if (marker != jpeg::scan) continue;
    const std::size_t end = detail::end_of_scan(file, at);
    segments.push_back({0, file.part(at, end - at).all});
    at = end;
    coded += data.u8(0);
    if (!progressive && coded >= components && end < file.size()) return segments;
  }
}

/// What a JPEG file says before its samples.
struct JpegHeader {
  Index height = 0, width = 0;
  std::uint32_t frame = 0;     // the marker of the frame: 0xc0 baseline, 0xc2 progressive, ...
  std::size_t components = 0;  // 1 gray, 3 colours, 4 CMYK
  bool has_adobe_marker = false;
  int orientation = 1;
  int quality = 0;  // as detail::quality_of has it
  ColourInfo colour{};

  bool arithmetic() const { return frame == 0xc9 || frame == 0xca; }
};

namespace detail {

inline void take_frame(JpegHeader& h, const JpegSegment& s, const std::string& name) {
  const Bytes data{s.data};
  if (h.frame != 0) refuse(name, "is damaged: the JPEG has two frames");
  h.frame = s.marker;
  h.height = Index(data.u16(1));
  h.width = Index(data.u16(3));
  h.components = data.u8(5);
  if (data.size() < 6 + 3 * h.components || h.width < 1 || h.height < 1)
    refuse(name, "is damaged: it says that it has ", h.height, " x ", h.width, " pixels of ", h.components,
           " components");
  check_pixels(h.height, h.width, name);
  const bool sequential = h.frame <= 0xc2 || h.arithmetic();
  const char* kind = sequential ? "" : "lossless or hierarchical";
  if (sequential && data.u8(0) != 8) kind = "not of 8 bits a sample";
  if (*kind) refuse(name, "is a JPEG that is ", kind, ", which is not read\n  hint: save it as PNG");
  if (h.components != 1 && h.components != 3 && h.components != 4)
    refuse(name, "is a JPEG of ", h.components, " components; 1 (gray), 3 (colour) and 4 (CMYK) are read");
}

// The quality, 1 to 100, by which programs would make the first quantisation table of a segment (for luma):
// they scale the example of T.81, table K.1. Its first ten numbers, in the order of the file, are 132
// together, and the last that reach 255. 0 for another table.
inline int quality_of(const Bytes& segment) {
  if (segment.u8(0) != 0 || !segment.has(0, 65)) return 0;
  double sum = 0;
  for (std::size_t i = 1; i <= 10; ++i) sum += segment.u8(i);
  const double scale = 100 * sum / 132;  // in percent
  return std::clamp(int(std::lround(scale > 100 ? 5000 / scale : 100 - scale / 2)), 1, 100);
}

inline void take_density(ColourInfo& colour, const Bytes& jfif) {
  const std::uint32_t unit = jfif.u8(7);  // 0: none, 1: inch, 2: centimetre
  const double metre = unit == 1 ? 1 / 0.0254 : 100;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::uint32_t dots = jfif.u16(8 + 2 * i);
    colour.density[i] = unit == 0 ? dots : std::uint32_t(dots * metre + 0.5);
  }
  colour.per_metre = unit != 0;
  if (unit == 0 && colour.density[0] == colour.density[1]) colour.density = {};  // square pixels, as usual
}

// An ICC profile in several segments (ICC.1:2022, annex B.4); empty where one is missing or twice there.
inline std::string joined_profile(const std::vector<JpegSegment>& segments) {
  constexpr std::string_view sign("ICC_PROFILE\0", 12);
  std::map<std::uint32_t, std::string_view> parts;
  std::uint32_t count = 0;
  for (const JpegSegment& s : segments) {
    if (s.marker != jpeg::app2 || !s.data.starts_with(sign) || s.data.size() < 14) continue;
    const Bytes data{s.data};
    if (!parts.emplace(data.u8(12), s.data.substr(14)).second) return "";
    count = data.u8(13);
  }
  std::string profile;
  for (std::uint32_t i = 1; i <= count; ++i) {
    if (!parts.contains(i)) return "";
    profile += parts[i];
  }
  return profile;
}

// The tables that are given, and whether a scan asks for others (T.81, annex B.2.3 and B.2.4): decoders use
// what they find in memory instead.
class JpegTables {
 public:
  explicit JpegTables(std::string name) : name_(std::move(name)) {}

  // Throws Error where a scan asks for a table that is not there, or where a component has no scan.
  void check(const std::vector<JpegSegment>& segments, const JpegHeader& h) {
    for (const JpegSegment& s : segments) {
      if (s.marker == jpeg::quantisation_tables) take_quantisation({s.data});
      if (s.marker == jpeg::huffman_tables) take_huffman({s.data});
      if (jpeg::is_frame(s.marker)) frame_ = {s.data};
      if (s.marker == jpeg::scan) check_scan({s.data}, h);
    }
    if (coded_.size() < h.components)  // the file was cut, and ended again
      refuse(name_, "is damaged: the JPEG has samples for ", coded_.size(), " of ", h.components,
             " components");
  }

 private:
  void take_quantisation(const Bytes& data) {
    for (std::size_t at = 0; at < data.size();) {
      const bool wide = data.u8(at) >> 4 != 0;
      quantisation_.insert(data.u8(at) & 15);
      at += wide ? 129 : 65;
      if (at > data.size()) refuse(name_, "is damaged: a quantisation table of the JPEG is cut short");
    }
  }
  void take_huffman(const Bytes& data) {
    for (std::size_t at = 0; at < data.size();) {
      std::size_t codes = 0;
      std::int64_t left = 1;  // codes that may still be given out, of each length
      for (std::size_t i = 1; i <= 16; ++i) {
        codes += data.u8(at + i);
        left = 2 * left - std::int64_t(data.u8(at + i));
        if (left < 0)
          refuse(name_, "is damaged: a Huffman table of the JPEG has too many codes of ", i, " bits");
      }
      if (codes > 256 || !data.has(at, 17 + codes))
        refuse(name_, "is damaged: a Huffman table of the JPEG has ", codes, " codes");
      huffman_.insert(data.u8(at));
      at += 17 + codes;
    }
  }
  void check_scan(const Bytes& scan, const JpegHeader& h) {
    const std::size_t count = scan.u8(0);
    if (count < 1 || count > 4 || scan.size() < 4 + 2 * count)
      refuse(name_, "is damaged: a scan of the JPEG has ", count, " components");
    const std::uint32_t first = scan.u8(1 + 2 * count), refining = scan.u8(3 + 2 * count) >> 4;
    const bool progressive = h.frame == 0xc2;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t component = scan.u8(1 + 2 * i), tables = scan.u8(2 + 2 * i);
      coded_.insert(component);
      check_quantisation(component, h);
      if (h.arithmetic()) continue;
      const bool needs_dc = !progressive || (first == 0 && refining == 0);
      if (needs_dc) check_huffman(tables >> 4);
      if (!progressive || first > 0) check_huffman((tables & 15) | 0x10);
    }
  }
  void check_huffman(std::uint32_t table) const {
    if (!huffman_.contains(table)) refuse(name_, "is damaged: a Huffman table of the JPEG is not there");
  }
  void check_quantisation(std::uint32_t component, const JpegHeader& h) const {
    for (std::size_t i = 0; i < h.components; ++i)
      if (frame_.u8(6 + 3 * i) == component && quantisation_.contains(frame_.u8(8 + 3 * i))) return;
    refuse(name_, "is damaged: a quantisation table of the JPEG is not there");
  }

  std::string name_;
  Bytes frame_{};
  std::set<std::uint32_t> quantisation_, huffman_, coded_;
};

}  // namespace detail

/// The header of a JPEG file. Throws Error with the name for a file that is cut short, damaged, or of a kind
/// that is not read.
inline JpegHeader jpeg_header(const std::vector<JpegSegment>& segments, const std::string& name) {
  JpegHeader h;
  bool turned = false;
  for (const JpegSegment& s : segments) {
    const Bytes data{s.data};
    if (s.marker == jpeg::jpeg_ls)
      refuse(name, "is a JPEG-LS image, which is not read\n  hint: save it as PNG");
    if (jpeg::is_frame(s.marker)) detail::take_frame(h, s, name);
    if (s.marker == jpeg::quantisation_tables && h.quality == 0) h.quality = detail::quality_of(data);
    if (s.marker == jpeg::app0 && data.begins("JFIF") && data.size() >= 12)
      detail::take_density(h.colour, data);
    if (s.marker == jpeg::app1 && data.begins("Exif") && !turned) {
      h.orientation = exif_orientation(s.data);
      turned = true;
    }
    if (s.marker == jpeg::app14 && data.begins("Adobe") && data.size() >= 12) h.has_adobe_marker = true;
  }
  if (h.frame == 0) refuse(name, "is damaged: the JPEG has no frame");
  detail::JpegTables(name).check(segments, h);
  std::size_t coded = 0, scans = 0;
  for (const JpegSegment& s : segments) {
    coded += s.marker == 0 ? s.data.size() : 0;
    scans += s.marker == 0;
  }
  if (scans > 500) refuse(name, "is damaged: the JPEG has ", scans, " scans");  // usual are 1 to 10
  const Index blocks = ceil_div(h.height, 8) * ceil_div(h.width, 8);  // of a bit at least; small ones, by
  constexpr Index little = 1 << 16;                                   // arithmetic coding, of less
  if (blocks > little || !h.arithmetic()) check_enough(double(blocks) / 8, coded, h.height, h.width, name);
  h.colour.icc = detail::joined_profile(segments);
  return h;
}

namespace detail {

inline Picture jpeg_picture(JpegHeader h) {
  return {.orientation = h.orientation, .colour = std::move(h.colour)};
}

// The file as stb reads it: without what it does not need and might stumble over, and with the marker that
// says how CMYK is meant.
inline std::string plain_jpeg(const std::vector<JpegSegment>& segments, const JpegHeader& h) {
  std::string plain = "\xff\xd8";
  const auto put = [&](std::uint32_t marker, std::string_view data) {
    plain += '\xff';
    plain += static_cast<char>(marker);
    plain += big_endian(std::uint32_t(data.size()) + 2, 2);
    plain += data;
  };
  if (h.components == 4 && !h.has_adobe_marker)  // inverted, as all programs write it
    put(jpeg::app14, std::string_view("Adobe\0\x64\0\0\0\0\0", 12));
  for (const JpegSegment& s : segments) {
    const bool application = s.marker >= jpeg::app0 && s.marker <= 0xef;
    const bool needed = s.marker == jpeg::app0 || s.marker == jpeg::app14;
    if (s.marker == 0) plain += s.data;
    else if (s.marker < 0xf0 && (!application || needed)) put(s.marker, s.data);
  }
  return plain + "\xff\xd9";
}

}  // namespace detail

/// The picture in a JPEG file, by stb: gray or RGB. Throws Error with the name for what is cut short, damaged
/// or not read.
inline Picture decode_jpeg(const std::string& bytes, const std::string& name) {
  const std::vector<JpegSegment> segments = jpeg_segments(bytes, name);
  const JpegHeader h = jpeg_header(segments, name);
  if (h.arithmetic())
    refuse(name, "is an arithmetic-coded JPEG, which is not read here\n  hint: save it as PNG");
  Picture picture = detail::jpeg_picture(h);
  picture.image = stb::decode_8(detail::plain_jpeg(segments, h), name);
  return picture;
}

}  // namespace crisp::data::formats
