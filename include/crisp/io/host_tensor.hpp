// HostTensor: a tensor of a file, as bytes with a name for their type; and what becomes of the types that
// crisp computes with.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "crisp/core/bfloat16.hpp"
#include "crisp/core/error.hpp"
#include "crisp/core/shape.hpp"

namespace crisp::io {

namespace detail {

// Bytes of an element, by the names of the safetensors format; 0 for a type that is not known.
inline Index type_width(const std::string& dtype) {
  static const std::map<std::string, Index> widths{{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2},
                                                   {"I64", 8}, {"I32", 4}, {"I16", 2}, {"I8", 1},
                                                   {"U8", 1},  {"BOOL", 1}};
  const auto found = widths.find(dtype);
  return found == widths.end() ? 0 : found->second;
}

// IEEE 754 half precision: 1 bit of sign, 5 of exponent, 10 of fraction.
inline float from_half(std::uint16_t h) {
  const std::uint32_t sign = std::uint32_t(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000 | fraction << 13);  // infinity, NaN
  if (exponent > 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float tiny = float(fraction) / 16777216.0f;  // 2^-24
  return sign ? -tiny : tiny;
}

// The nearest half, of two equally near ones that with an even fraction; infinity from 65520 on.
inline std::uint16_t to_half(float v) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(v), magnitude = bits & 0x7fffffff;
  const std::uint32_t sign = bits >> 16 & 0x8000;
  if (magnitude > 0x7f800000) return std::uint16_t(sign | 0x7e00);  // NaN
  if (std::abs(v) >= 65520) return std::uint16_t(sign | 0x7c00);    // infinity
  if (std::abs(v) < 0x1p-14f)                                       // below the smallest normal one
    return std::uint16_t(sign | std::uint32_t(std::nearbyint(std::abs(v) * 0x1p24f)));
  const std::uint32_t exponent_of_half = magnitude - (std::uint32_t(112) << 23);
  return std::uint16_t(sign | (exponent_of_half + 0xfff + (exponent_of_half >> 13 & 1)) >> 13);
}

}  // namespace detail

/// A tensor of a file, little-endian, last axis fastest. dtype: F64, F32, F16, BF16; or integers and BOOL,
/// which are kept but are no weights.
struct HostTensor {
  std::string dtype = "F32";
  Shape shape;
  std::string bytes;

  template <class T>
  static HostTensor of(Shape shape, const std::vector<T>& values) {
    static_assert(std::same_as<T, float> || std::same_as<T, double>, "crisp: a file holds float or double");
    check(Index(values.size()) == shape.numel(), "HostTensor: shape ", shape, " holds ", shape.numel(),
          " elements, but ", values.size(), " were given");
    HostTensor t{std::same_as<T, float> ? "F32" : "F64", shape, std::string(values.size() * sizeof(T), '\0')};
    if (!values.empty()) std::memcpy(t.bytes.data(), values.data(), t.bytes.size());
    return t;
  }

  /// The same in half the memory: F16, 11 bits of precision. Throws Error for integers, and where a value is
  /// 65520 or larger, NaN or infinite.
  HostTensor to_half() const {
    HostTensor t{"F16", shape, ""};
    for (const float v : values<float>()) {
      check(std::abs(v) < 65520, "HostTensor: ", v,
            " cannot be written in half precision, which ends at 65504");
      const std::uint16_t half = detail::to_half(v);
      t.bytes += {char(half & 255), char(half >> 8)};
    }
    return t;
  }

  bool is_real() const { return dtype == "F64" || dtype == "F32" || dtype == "F16" || dtype == "BF16"; }

  /// The elements, converted where the file has another type. Throws Error for integers.
  template <class T>
  std::vector<T> values() const {
    if (dtype == "F32") return read<float, T>([](float v) { return v; });
    if (dtype == "F64") return read<double, T>([](double v) { return v; });
    if (dtype == "F16") return read<std::uint16_t, T>(detail::from_half);
    check(dtype == "BF16", "HostTensor: its elements are ", dtype,
          ", and not the numbers of a weight (F64, F32, F16 or BF16)");
    return read<bfloat16, T>([](float v) { return v; });
  }

 private:
  template <class From, class To, class F>
  std::vector<To> read(F convert) const {
    std::vector<To> to(bytes.size() / sizeof(From));
    for (std::size_t i = 0; i < to.size(); ++i) {
      From v;
      std::memcpy(&v, bytes.data() + i * sizeof(From), sizeof(From));
      to[i] = To(convert(v));
    }
    return to;
  }
};

/// What a weights file holds: named tensors, and text.
struct SafeTensors {
  std::map<std::string, std::string> metadata;
  std::map<std::string, HostTensor> tensors;
};

}  // namespace crisp::io
