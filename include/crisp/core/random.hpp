// Rng: a small seeded generator whose whole state is one number, so that it can be split and saved.
#pragma once
#include <cmath>
#include <numbers>

#include "crisp/core/error.hpp"

namespace crisp {

namespace detail {

// SplitMix64: the i-th number is a hash of seed + i * golden ratio. Kernels call the hash directly.
struct SplitMix64 {
  static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ull;

  CRISP_HD static std::uint64_t hash(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }

  /// 64 random bits as a number in [0, 1).
  CRISP_HD static double uniform(std::uint64_t bits) { return double(bits >> 11) * 0x1.0p-53; }
};

}  // namespace detail

/// SplitMix64 (Steele, Lea, Flood 2014). The same seed gives the same numbers with every compiler and
/// standard library.
class Rng {
 public:
  explicit Rng(std::uint64_t seed = 0) : state_(Mix::hash(seed + Mix::golden)) {}

  /// An independent generator, the same for the same (generator state, stream). *this does not advance.
  Rng split(std::uint64_t stream) const { return Rng(state_ ^ Mix::hash(stream + 0x632be59bd9b4e019ull)); }

  /// 64 random bits.
  std::uint64_t bits() { return Mix::hash(state_ += Mix::golden); }

  /// Uniform in [0, 1).
  double uniform() { return Mix::uniform(bits()); }

  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  /// A whole number, uniform in [0, count). Throws Error where count < 1.
  Index below(Index count) {
    check(count >= 1, "Rng::below: the range must hold at least one number, not ", count);
    return Index(uniform() * double(count));
  }

  /// Gaussian with the given mean and standard deviation (Box and Muller 1958).
  double normal(double mean = 0, double deviation = 1) {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return mean + deviation * radius * std::cos(2 * std::numbers::pi * uniform());
  }

  /// The whole state, to save in a checkpoint and to restore from it.
  std::uint64_t state() const { return state_; }
  void set_state(std::uint64_t state) { state_ = state; }

 private:
  using Mix = detail::SplitMix64;
  std::uint64_t state_;
};

}  // namespace crisp
