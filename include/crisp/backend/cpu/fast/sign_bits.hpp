// Which numbers are positive, as bits: 32 to a word. Each vector is compared at once, and its lanes are told
// apart by one bit each.
#pragma once
#include <algorithm>
#include <cstdint>

#include "crisp/backend/cpu/simd/vector.hpp"
#include "crisp/core/parallel.hpp"

namespace crisp::cpu::inline CRISP_CPU_KIND {

// Not within the struct: nvcc loses the attributes of such a type where a lambda uses it.
typedef std::uint32_t Words __attribute__((vector_size(Simd<float>::bytes), may_alias));

struct FastSignBits {
  /// Bit i % 32 of bits[i / 32] is whether y[i] > 0, for i < n; the bits beyond n are 0.
  static bool positive_bits(const float* y, Index n, std::uint32_t* bits) {
    for_words(n, [=](Index word, Index count) {
      std::uint32_t all = 0;
      for (Index i = 0; i < count; i += width<float>) {
        Words lanes = (Words)(load_first(y + 32 * word + i, count - i) > broadcast(0.f)) & lane_bits();
        all |= sum_halves<std::uint32_t, width<float>>(reinterpret_cast<std::uint32_t*>(&lanes)) << i;
      }
      bits[word] = all;
    });
    return true;
  }

  /// dx[i] = dy[i] where bit i is set, else 0; dx may be dy.
  static bool where_bits(const std::uint32_t* bits, const float* dy, Index n, float* dx) {
    for_words(n, [=](Index word, Index count) {
      for (Index i = 0; i < count; i += width<float>) {
        const Words set = ((bits[word] >> i) & lane_bits()) != 0;
        store_first(dx + 32 * word + i,
                    (Vector<float>)((Words)load_first(dy + 32 * word + i, count - i) & set), count - i);
      }
    });
    return true;
  }

 private:
  [[gnu::always_inline]] static inline Words lane_bits() {
    Words one{};
    for (int i = 0; i < width<float>; ++i) one[i] = std::uint32_t(1) << i;
    return one;
  }
  // f(word, numbers of it) for all words; a chunk of 4096 words at a time.
  template <class F>
  static void for_words(Index n, F f) {
    constexpr Index chunk = 4096;
    const Index words = ceil_div(n, 32);
    parallel_for(ceil_div(words, chunk), words > chunk, [=](Index p) {
      for (Index word = p * chunk; word < std::min(words, (p + 1) * chunk); ++word)
        f(word, std::min<Index>(32, n - 32 * word));
    });
  }
};

}  // namespace crisp::cpu::inline CRISP_CPU_KIND
