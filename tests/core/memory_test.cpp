// The pool of host memory: blocks that do not overlap, are joined again, and are counted.
#include <cstdint>

#include "crisp/backend/cpu/memory.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using detail::HostPool;

TEST_CASE(
    "blocks are aligned, do not overlap, and keep what is written to them, in any order of taking and giving "
    "back") {
  struct Block {
    unsigned char* at;
    std::size_t bytes;
    unsigned char mark;
  };
  HostPool& pool = HostPool::instance();
  const Index before = pool.use().now;
  Rng rng(1);
  std::vector<Block> blocks;
  const auto give_back = [&](std::size_t i) {
    const Block b = blocks[i];
    CHECK(b.at[0] == b.mark);
    CHECK(b.at[b.bytes / 2] == b.mark);
    CHECK(b.at[b.bytes - 1] == b.mark);
    pool.deallocate(b.at, b.bytes);
    blocks.erase(blocks.begin() + std::ptrdiff_t(i));
  };
  for (int round = 0; round < 3000; ++round) {
    if (blocks.size() > 40 || (!blocks.empty() && rng.below(2))) {
      give_back(std::size_t(rng.below(Index(blocks.size()))));
    } else {
      const auto bytes = std::size_t(1 + rng.below(rng.below(20) ? 5000 : 3000000));
      const Block b{static_cast<unsigned char*>(pool.allocate(bytes)), bytes,
                    static_cast<unsigned char>(round)};
      CHECK(reinterpret_cast<std::uintptr_t>(b.at) % 64 == 0);
      std::fill_n(b.at, bytes, b.mark);
      blocks.push_back(b);
    }
  }
  while (!blocks.empty()) give_back(0);
  CHECK(pool.use().now == before);
}

TEST_CASE(
    "what was freed serves requests of other sizes: two halves in the place of a whole, and a whole in that "
    "of two halves") {
  constexpr Index mb = 1 << 18;  // floats
  Cpu::reset_peak();
  const Index before = Cpu::memory_use().peak;
  { const Tensor<float, Cpu> whole({20 * mb}); }
  { const Tensor<float, Cpu> half({10 * mb}), other({10 * mb}); }
  { const Tensor<float, Cpu> whole({20 * mb}); }
  CHECK(Cpu::memory_use().peak - before <= 20 * mb * Index(sizeof(float)) + 4096);
}

TEST_CASE("reset_peak gives back what is kept") {
  const Index before = Cpu::memory_use().now;
  { const Tensor<float, Cpu> x({1 << 24}, 1.f); }
  Cpu::reset_peak();
  CHECK(Cpu::memory_use().now == before);
  CHECK(Cpu::memory_use().peak - before < (1 << 24));  // fewer than half of the 64 MB
  const Tensor<float, Cpu> x({1 << 24}, 2.f);          // and the addresses can be used again
  CHECK(x.to_host()[(1 << 24) - 1] == 2.f);
}

TEST_CASE("a tensor without elements is one too") {
  const Tensor<float, Cpu> x({0}), y({3, 0});
  CHECK(x.defined());
  CHECK(x.data() != y.data());
}
