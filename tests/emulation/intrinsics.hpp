// The emulated bodies of what crisp's kernels otherwise say in PTX: what the threads of a warp compute
// together, with the places in their registers that the PTX manual gives (section "Matrix fragments").
#pragma once
#include "emulation/language.hpp"

namespace crisp::emulation {

struct Fragments {  // of one thread
  const unsigned *a, *b;
  float* c;
};

// c (16, 8) += a (16, K) b (K, 8), with a(row, k) and b(k, col) found among the registers of the warp.
template <int K, class A, class B>
void multiply(Fragments** warp, A a, B b) {
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + i / 2 * 8, col = lane % 4 * 2 + i % 2;
      for (int k = 0; k < K; ++k) warp[lane]->c[i] += a(row, k) * b(k, col);
    }
}

inline void multiply_tf32(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                          Place place = Place::here()) {
  Fragments mine{a, b, c};
  Block::current().meet_warp(~0u, "mma.m16n8k8", mine, false, place, [](Fragments** warp) {
    multiply<8>(
        warp,
        [&](int row, int k) { return __uint_as_float(warp[row % 8 * 4 + k % 4]->a[row / 8 + k / 4 * 2]); },
        [&](int k, int col) { return __uint_as_float(warp[col * 4 + k % 4]->b[k / 4]); });
  });
}

inline void multiply_bf16(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                          Place place = Place::here()) {
  Fragments mine{a, b, c};
  Block::current().meet_warp(~0u, "mma.m16n8k16", mine, false, place, [](Fragments** warp) {
    const auto half = [](unsigned pair, int k) {
      return __uint_as_float(k % 2 ? pair & 0xffff0000u : pair << 16);
    };
    multiply<16>(
        warp, [&](int row, int k) { return half(warp[row % 8 * 4 + k % 8 / 2]->a[row / 8 + k / 8 * 2], k); },
        [&](int k, int col) { return half(warp[col * 4 + k % 8 / 2]->b[k / 8], k); });
  });
}

inline void load_matrices(unsigned (&m)[4], const void* row, bool transposed, Place place = Place::here()) {
  struct Row {
    std::uint16_t values[8];
    unsigned* result;
    bool transposed;
  } mine{{}, m, transposed};
  if (reinterpret_cast<std::uintptr_t>(row) % 16)
    Block::current().fail("ldmatrix: an address is not aligned", place);
  std::memcpy(mine.values, row, sizeof mine.values);
  Block::current().meet_warp(~0u, "ldmatrix", mine, false, place, [](Row** warp) {
    for (int lane = 0; lane < 32; ++lane)
      for (int i = 0; i < 4; ++i) {
        const auto at = [&](int r, int c) { return unsigned(warp[i * 8 + r]->values[c]); };
        const int r = lane / 4, c = lane % 4 * 2;
        warp[lane]->result[i] =
            warp[lane]->transposed ? at(c, r) | at(c + 1, r) << 16 : at(r, c) | at(r, c + 1) << 16;
      }
  });
}

}  // namespace crisp::emulation
