// What the readers of images share: refusing a file, and the two checksums of PNG.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "crisp/core/bytes.hpp"
#include "crisp/core/error.hpp"

namespace crisp::data::formats {

/// Ends the reading of the image file `name`: "load_image: 'photo.jpg' is truncated ...".
template <class... Parts>
[[noreturn]] void refuse(const std::string& name, const Parts&... parts) {
  throw Error(str("load_image: '", name, "' ", parts...));
}

/// Throws Error with the name for an image of more pixels than are read; called before memory is taken.
inline void check_pixels(Index height, Index width, const std::string& name) {
  constexpr Index limit = Index(1) << 28;
  if (height < 0 || width < 0 || (width > 0 && height > limit / width))
    refuse(name, "has ", height, " x ", width, " pixels; at most ", limit, " can be read");
}

/// Throws Error with the name where an image needs more bytes than its file can hold: `least` is how many
/// bytes the format takes at the very least for these pixels, `there` how many there are. A file of a few
/// bytes must not ask for gigabytes.
inline void check_enough(double least, std::size_t there, Index height, Index width,
                         const std::string& name) {
  if (least > double(there) + 1)
    refuse(name, "is damaged or truncated: ", there, " bytes cannot hold ", height, " x ", width, " pixels");
}

/// The number as 2, 4 or 8 bytes, the high one first.
inline std::string big_endian(std::uint64_t value, std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t i = 0; i < count; ++i) bytes[count - 1 - i] = static_cast<char>(value >> (8 * i) & 255);
  return bytes;
}

/// CRC-32 (ISO 3309), as PNG has it after each chunk.
inline std::uint32_t crc32(std::string_view bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      t[i] = i;
      for (int bit = 0; bit < 8; ++bit) t[i] = t[i] >> 1 ^ (t[i] & 1 ? 0xedb88320u : 0u);
    }
    return t;
  }();
  std::uint32_t crc = 0xffffffffu;
  for (const char c : bytes) crc = table[(crc ^ static_cast<unsigned char>(c)) & 255] ^ crc >> 8;
  return ~crc;
}

/// Adler-32 (RFC 1950), which ends a zlib stream.
inline std::uint32_t adler32(std::string_view bytes) {
  std::uint32_t a = 1, b = 0;
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, 5552);  // as many as 32 bits can sum
    for (const char c : part) b += a += static_cast<unsigned char>(c);
    a %= 65521;
    b %= 65521;
    bytes.remove_prefix(part.size());
  }
  return b << 16 | a;
}

}  // namespace crisp::data::formats
