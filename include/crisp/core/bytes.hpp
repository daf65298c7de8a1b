// Reading numbers from the bytes of a file, never beyond their end.
#pragma once
#include <cstdint>
#include <string_view>

namespace crisp {

/// The bytes of a part of a file, and the order in which its numbers are written.
struct Bytes {
  std::string_view all;
  bool little_endian = false;

  std::size_t size() const { return all.size(); }
  bool has(std::size_t at, std::size_t count) const { return at <= size() && count <= size() - at; }
  bool begins(std::string_view with) const { return all.starts_with(with); }

  /// `count` bytes from `at`; fewer where the end comes before.
  Bytes part(std::size_t at, std::size_t count = std::string_view::npos) const {
    return {at < size() ? all.substr(at, count) : std::string_view(), little_endian};
  }
  /// The number in 1 to 8 bytes at `at`; 0 beyond the end.
  std::uint64_t number(std::size_t at, std::size_t count) const {
    if (!has(at, count)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
      value = value << 8 | static_cast<unsigned char>(all[at + (little_endian ? count - 1 - i : i)]);
    return value;
  }
  std::uint32_t u8(std::size_t at) const { return std::uint32_t(number(at, 1)); }
  std::uint32_t u16(std::size_t at) const { return std::uint32_t(number(at, 2)); }
  std::uint32_t u32(std::size_t at) const { return std::uint32_t(number(at, 4)); }
  std::uint64_t u64(std::size_t at) const { return number(at, 8); }
  std::int32_t i32(std::size_t at) const { return static_cast<std::int32_t>(u32(at)); }
};

}  // namespace crisp
