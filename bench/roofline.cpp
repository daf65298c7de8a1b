// The roofline of one core (Williams, Waterman and Patterson 2009): how many floating-point operations it can
// do a second, and how many bytes it can read a second from each cache and from memory. An op that does fewer
// operations a byte than the quotient waits for memory.
//
// usage: roofline
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "crisp/backend/cpu/simd/block.hpp"
#include "crisp/backend/cpu/simd/scratch.hpp"

using namespace crisp;
using namespace crisp::cpu;

// The best of several runs: what the core can do, not what its neighbours let it.
template <class F>
static double best_seconds(F f) {
  double best = 1e9;
  for (int round = 0; round < 20; ++round) {
    const auto start = std::chrono::steady_clock::now();
    f();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

int main() {
  static float sink = 0;
  constexpr int R = rows_for<wide>;
  constexpr Index k = 256, repeats = 2000;
  float* a = scratch<float, 0>(R * k);
  float* b = scratch<float, 1>(k * wide * width<float>);
  const double multiply = best_seconds([&] {
    Block<float, R, wide> block;
    block.clear();
    for (Index i = 0; i < repeats; ++i) block.add(a, k, 1, b, wide * width<float>, k);
    for (const auto& row : block.sum)
      for (const auto& v : row) sink += v[0];
  });
  const double flops = 2.0 * R * wide * width<float> * k * repeats / multiply;
  std::printf("vectors of %d floats; %.0f GFLOP/s (multiply and add)\n", width<float>, flops / 1e9);

  for (const auto& [name, bytes] : {std::pair{"first cache, 16 KB", Index(1) << 14},
                                    {"second cache, 256 KB", Index(1) << 18},
                                    {"third cache, 4 MB", Index(1) << 22},
                                    {"memory, 256 MB", Index(1) << 28}}) {
    const Index n = bytes / Index(sizeof(float)), times = std::max<Index>(1, (Index(1) << 27) / bytes);
    const float* from = scratch<float, 2>(n);
    const double read = best_seconds([&] {
      Vector<float> sum[8] = {};
      for (Index t = 0; t < times; ++t)
        for (Index i = 0; i < n; i += 8 * width<float>)
#pragma GCC unroll 8
          for (int v = 0; v < 8; ++v) sum[v] += load(from + i + v * width<float>);
      Vector<float> total = sum[0];
#pragma GCC unroll 8
      for (int v = 1; v < 8; ++v) total += sum[v];
      sink += total[0];
    });
    const double rate = double(bytes) * double(times) / read;
    std::printf("%-22s %6.0f GB/s; an op needs %.1f operations a byte to be limited by arithmetic\n", name,
                rate / 1e9, flops / rate);
  }
  return sink == 1 ? 1 : 0;
}
