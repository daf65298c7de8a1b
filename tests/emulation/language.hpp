// The words of the CUDA language that kernels use, for a plain C++ compiler.
#pragma once
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "emulation/block.hpp"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define CRISP_SHARED(type, name)                                      \
  auto& name = ::crisp::emulation::shared<type>([]() -> const void* { \
    static char tag;                                                  \
    return &tag;                                                      \
  }())
#define CRISP_DYNAMIC_SHARED(type, name) \
  type* const name = static_cast<type*>(::crisp::emulation::Block::current().dynamic_shared())
#define CRISP_UNROLL
#define CRISP_UNROLL_FEW
#define CRISP_ROLLED

struct alignas(8) int2 {
  int x, y;
};
struct alignas(16) int4 {
  int x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) double2 {
  double x, y;
};
inline int2 make_int2(int x, int y) { return {x, y}; }
inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline double2 make_double2(double x, double y) { return {x, y}; }

namespace crisp::emulation {

template <class T>
T& shared(const void* tag, Place place = Place::here()) {
  return *static_cast<T*>(Block::current().shared(tag, sizeof(T), alignof(T), place));
}

// Each lane of the mask gets the value of lane `from`; bits of one where that lane is not in the mask.
template <class T>
T shuffle(unsigned mask, T value, unsigned from, const char* what, Place place) {
  struct Argument {
    T in, out;
    unsigned from;
  } argument{value, value, from};
  Block::current().meet_warp(mask, what, argument, false, place, [](Argument** all) {
    for (int lane = 0; lane < 32; ++lane) {
      if (!all[lane]) continue;
      if (const Argument* source = all[all[lane]->from]) all[lane]->out = source->in;
      else std::memset(static_cast<void*>(&all[lane]->out), 0xff, sizeof(T));
    }
  });
  return argument.out;
}

// The bits of those lanes whose predicate holds.
inline unsigned ballot(unsigned mask, bool predicate, const char* what, Place place) {
  struct Argument {
    bool predicate;
    unsigned bits;
  } argument{predicate, 0};
  Block::current().meet_warp(mask, what, argument, false, place, [](Argument** all) {
    unsigned bits = 0;
    for (int lane = 0; lane < 32; ++lane) bits |= all[lane] && all[lane]->predicate ? 1u << lane : 0;
    for (int lane = 0; lane < 32; ++lane)
      if (all[lane]) all[lane]->bits = bits;
  });
  return argument.bits;
}

}  // namespace crisp::emulation

inline constexpr int warpSize = 32;

inline void __syncthreads(crisp::emulation::Place place = crisp::emulation::Place::here()) {
  crisp::emulation::Block::current().synchronize(place);
}
inline void __syncwarp(unsigned mask = ~0u, crisp::emulation::Place place = crisp::emulation::Place::here()) {
  char none = 0;
  crisp::emulation::Block::current().meet_warp(mask, "__syncwarp", none, true, place, [](char**) {});
}
inline void __threadfence() {}
inline void __threadfence_block() {}

template <class T>
T __shfl_sync(unsigned mask, T value, int from, int width = 32,
              crisp::emulation::Place place = crisp::emulation::Place::here()) {
  const unsigned lane = crisp::emulation::Block::current().lane(), group = lane & ~unsigned(width - 1);
  return crisp::emulation::shuffle(mask, value, group + (unsigned(from) & unsigned(width - 1)), "__shfl_sync",
                                   place);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int distance, int width = 32,
                  crisp::emulation::Place place = crisp::emulation::Place::here()) {
  const unsigned lane = crisp::emulation::Block::current().lane(), from = lane ^ unsigned(distance),
                 group = ~unsigned(width - 1);
  return crisp::emulation::shuffle(mask, value, (from & group) <= (lane & group) ? from : lane,
                                   "__shfl_xor_sync", place);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = 32,
                   crisp::emulation::Place place = crisp::emulation::Place::here()) {
  const unsigned lane = crisp::emulation::Block::current().lane(), within = lane & unsigned(width - 1);
  return crisp::emulation::shuffle(mask, value, within + distance < unsigned(width) ? lane + distance : lane,
                                   "__shfl_down_sync", place);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = 32,
                 crisp::emulation::Place place = crisp::emulation::Place::here()) {
  const unsigned lane = crisp::emulation::Block::current().lane(), within = lane & unsigned(width - 1);
  return crisp::emulation::shuffle(mask, value, within >= distance ? lane - distance : lane, "__shfl_up_sync",
                                   place);
}
inline unsigned __ballot_sync(unsigned mask, int predicate,
                              crisp::emulation::Place place = crisp::emulation::Place::here()) {
  return crisp::emulation::ballot(mask, predicate != 0, "__ballot_sync", place);
}
inline int __any_sync(unsigned mask, int predicate,
                      crisp::emulation::Place place = crisp::emulation::Place::here()) {
  return crisp::emulation::ballot(mask, predicate != 0, "__any_sync", place) != 0;
}
inline int __all_sync(unsigned mask, int predicate,
                      crisp::emulation::Place place = crisp::emulation::Place::here()) {
  return crisp::emulation::ballot(mask, predicate != 0, "__all_sync", place) == mask;
}

template <class T>
T atomicAdd(T* p, T value) {
  std::atomic_ref<T> place(*p);
  T before = place.load(std::memory_order_relaxed);
  while (!place.compare_exchange_weak(before, before + value, std::memory_order_relaxed)) {
  }
  return before;
}
template <class T>
T atomicMax(T* p, T value) {
  std::atomic_ref<T> place(*p);
  T before = place.load(std::memory_order_relaxed);
  while (!place.compare_exchange_weak(before, before < value ? value : before, std::memory_order_relaxed)) {
  }
  return before;
}
template <class T>
T atomicCAS(T* p, T expected, T value) {
  std::atomic_ref<T>(*p).compare_exchange_strong(expected, value, std::memory_order_relaxed);
  return expected;
}
template <class T>
T atomicExch(T* p, T value) {
  return std::atomic_ref<T>(*p).exchange(value, std::memory_order_relaxed);
}

template <class T>
T __ldg(const T* p) {
  return *p;
}
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline float __int_as_float(int x) { return std::bit_cast<float>(x); }
inline int __popc(unsigned x) { return std::popcount(x); }
inline int __clz(int x) { return std::countl_zero(unsigned(x)); }
inline float __expf(float x) { return std::exp(x); }
inline float __logf(float x) { return std::log(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __fmaf_rn(float x, float y, float z) { return std::fma(x, y, z); }
inline float rsqrtf(float x) { return 1 / std::sqrt(x); }
inline double rsqrt(double x) { return 1 / std::sqrt(x); }
template <class T>
constexpr T min(T a, T b) {
  return b < a ? b : a;
}
template <class T>
constexpr T max(T a, T b) {
  return a < b ? b : a;
}
