// Samples: a decoded picture in as few bytes as hold it, 1 or 2 a sample as in its file, not the 4 of an
// Image; and checksums of them.
#pragma once
#include <bit>
#include <cstring>
#include <string_view>

#include "crisp/core/random.hpp"
#include "crisp/data/alpha.hpp"

namespace crisp::data {

/// A picture, (H, W, C), the last axis fastest. `bits` of a sample: 8 and 16 as in files, v and v / 257 of an
/// Image; 32 is float, for values that were computed.
struct Samples {
  Index height = 0, width = 0, channels = 0;
  int bits = 8;
  std::vector<unsigned char> bytes{};  // in the order of this machine
};

/// A checksum of 64 bits. It finds with certainty whatever lies within 8 bytes, such as a flipped bit, and
/// all else but for one case in 2^64. Checksums of this version are written to files.
inline std::uint64_t checksum(std::string_view bytes, std::uint64_t seed = 0) {
  using Mix = crisp::detail::SplitMix64;
  constexpr std::size_t lanes = 4, word = 8;  // so many sums, each without waiting for the others
  std::uint64_t sum[lanes];
  for (std::size_t k = 0; k < lanes; ++k) sum[k] = Mix::hash(seed + (k + 1) * Mix::golden);
  const auto take = [&sum](const char* from) {
    for (std::size_t k = 0; k < lanes; ++k) {
      std::uint64_t value = 0;
      std::memcpy(&value, from + k * word, word);
      sum[k] = std::rotl(sum[k] ^ value, 29) * Mix::golden;
    }
  };
  std::size_t at = 0;
  for (; at + lanes * word <= bytes.size(); at += lanes * word) take(bytes.data() + at);
  char rest[lanes * word] = {};
  std::copy(bytes.begin() + std::ptrdiff_t(at), bytes.end(), rest);
  take(rest);
  std::uint64_t all = Mix::hash(bytes.size());
  for (const std::uint64_t one : sum) all = Mix::hash(all ^ one);
  return all;
}

/// The checksum of a picture: of its size, its kind and its samples, which lie at `bytes`.
inline std::uint64_t checksum(const Samples& x, std::string_view bytes) {
  std::uint64_t seed = 0;
  for (const Index number : {x.height, x.width, x.channels, Index(x.bits)})
    seed = crisp::detail::SplitMix64::hash(seed ^ std::uint64_t(number));
  return checksum(bytes, seed);
}
inline std::uint64_t checksum(const Samples& x) {
  return checksum(x, {reinterpret_cast<const char*>(x.bytes.data()), x.bytes.size()});
}

namespace detail {

// Writes every sample as a Stored, v times `step`; false where one does not come back as it was.
template <class Stored>
bool narrow(const Image& x, float step, std::vector<unsigned char>& bytes) {
  constexpr float largest = float(Stored(-1));
  bytes.resize(x.samples.size() * sizeof(Stored));
  for (std::size_t i = 0; i < x.samples.size(); ++i) {
    const float v = x.samples[i], scaled = v * step;
    if (!(scaled >= 0 && scaled <= largest)) return false;  // NaN too
    const Stored stored = Stored(scaled + 0.5f);
    if (std::bit_cast<std::uint32_t>(float(stored) / step) != std::bit_cast<std::uint32_t>(v)) return false;
    std::memcpy(&bytes[i * sizeof(Stored)], &stored, sizeof(Stored));
  }
  return true;
}

}  // namespace detail

/// The samples of an image, in as few bits as give each back to the bit.
inline Samples samples_of(const Image& x) {
  Samples s{x.height, x.width, x.channels};
  if (detail::narrow<std::uint8_t>(x, 1, s.bytes)) return s;
  s.bits = 16;
  if (detail::narrow<std::uint16_t>(x, 257, s.bytes)) return s;
  s.bits = 32;
  s.bytes.resize(x.samples.size() * sizeof(float));
  std::memcpy(s.bytes.data(), x.samples.data(), s.bytes.size());
  return s;
}

/// Whether an alpha of 0 hides the colour of a pixel, so that it has to be filled from its neighbours.
inline bool hides_colours(const Image& x) {
  if (!x.has_alpha()) return false;
  for (Index i = 1; i <= x.height * x.width; ++i)
    if (!(x.samples[std::size_t(i * x.channels - 1)] > 0)) return true;
  return false;
}

/// The samples that a data set keeps of a picture: alpha only where it hides colours.
inline Samples kept_samples(const Image& x) {
  return samples_of(x.has_alpha() && !hides_colours(x) ? channels(x, 0, x.channels - 1) : x);
}

}  // namespace crisp::data
