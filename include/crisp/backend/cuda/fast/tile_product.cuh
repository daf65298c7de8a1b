// The inner loop of the GPU's convolutions: a warp multiplies a tile a (32, 16) by a tile b (16, 8 NT) that
// lie in shared memory and adds to sums, 8 NT a thread, in registers. Exactly, by fused multiply-adds, or on
// the tensor cores with rounded factors. Tiles of bfloat16 are (32, 32) and (32, 8 NT), and there is nothing
// to round.
#pragma once
#include <concepts>

#include "crisp/backend/cuda/intrinsics.cuh"
#include "crisp/backend/cuda/plain.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

// The numbers that a block shares for its product: 128 rows of a, 32 for each of four warps, and 8 NT columns
// of b.
constexpr int tile_threads = 128, tile_rows = 128, tile_stages = 3;
template <class T>
constexpr int tile_depth = 64 / int(sizeof(T));  // of what is copied and multiplied in one step
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
// Blocks on one multiprocessor, which has no room for more, and does the work of tensor cores by other means.
constexpr int tile_blocks = 1;
#else
// Blocks on one multiprocessor, at least: up to 168 registers a thread, which is enough.
constexpr int tile_blocks = 3;
#endif

// How a tile lies in shared memory: depth_last, each row of a and each column of b is a line along the depth;
// depth_first, the depth counts the lines, each with all rows (or all columns). What is added to the length
// of a line keeps what a warp reads at once, 16 bytes of each of eight lines or eight numbers of each of four
// lines, in different banks.
enum class Layout { depth_last, depth_first };
template <class T, Layout layout, int width>  // width: rows of a, or columns of b
struct Tile {
  static constexpr int lines = layout == Layout::depth_last ? width : tile_depth<T>;
  static constexpr int used = layout == Layout::depth_last ? tile_depth<T> : width;  // numbers of a line
  static constexpr int padded = width % 32 == 0 ? width + 8 : width;
  static constexpr int line = layout == Layout::depth_last ? used + 16 / int(sizeof(T)) : padded;
  T at[lines][line];
};

// Sum sums[i][j][e] of a thread belongs to row(i, e) of the 32 of its warp and to column(j, e) of the tile.
template <class T, Math math, Layout layout, int NT>
struct TileProduct;

// The lanes of a warp as 4 rows x 8 columns, so that few different numbers are read at a time. A GPU reads
// vectors of 4 numbers for half a warp at once where lanes that differ in bit 0, or those that differ in bit
// 1, want the same: the first are of one row, the second of one column.
__device__ __forceinline__ int lane_row() {
  return (int(threadIdx.x) >> 1 & 1) + (int(threadIdx.x) >> 3 & 2);
}
__device__ __forceinline__ int lane_column() { return (int(threadIdx.x) & 1) + (int(threadIdx.x) >> 1 & 6); }

// Exactly. Each thread has 8 rows and NT columns; for a depth of 4 it reads 8 + NT vectors of 4 numbers for
// 32 NT multiplications.
template <int NT>
struct TileProduct<float, Math::fp32, Layout::depth_last, NT> {
  __device__ static int row(int i, int e) { return lane_row() + 4 * (4 * i + e); }
  __device__ static int column(int j, int) { return 8 * j + lane_column(); }

  template <class A, class B>
  __device__ static void add(float (&sums)[2][NT][4], const A& a, const B& b, int warp_row) {
    CRISP_ROLLED
    for (int k = 0; k < tile_depth<float>; k += 4) {
      float4 left[8];
      CRISP_UNROLL
      for (int r = 0; r < 8; ++r)
        left[r] = *reinterpret_cast<const float4*>(&a.at[warp_row + row(r / 4, r % 4)][k]);
      CRISP_UNROLL
      for (int j = 0; j < NT; ++j) {
        const float4 right = *reinterpret_cast<const float4*>(&b.at[column(j, 0)][k]);
        CRISP_UNROLL
        for (int r = 0; r < 8; ++r) {
          float& sum = sums[r / 4][j][r % 4];
          sum += left[r].x * right.x;
          sum += left[r].y * right.y;
          sum += left[r].z * right.z;
          sum += left[r].w * right.w;
        }
      }
    }
  }
};

// The same where the rows, and the columns, are neighbours: vectors of 4 of those.
template <int NT>
struct TileProduct<float, Math::fp32, Layout::depth_first, NT> {
  static_assert(NT == 1 || NT % 4 == 0);
  __device__ static int row(int i, int e) { return 16 * i + lane_row() * 4 + e; }
  __device__ static int column(int j, int) {
    return NT == 1 ? lane_column() : 32 * (j / 4) + lane_column() * 4 + j % 4;
  }

  template <class A, class B>
  __device__ static void add(float (&sums)[2][NT][4], const A& a, const B& b, int warp_row) {
    CRISP_UNROLL
    for (int k = 0; k < tile_depth<float>; ++k) {
      float right[NT];
      if constexpr (NT == 1) right[0] = b.at[k][column(0, 0)];
      else {
        CRISP_UNROLL
        for (int j = 0; j < NT; j += 4)
          unpack(*reinterpret_cast<const float4*>(&b.at[k][column(j, 0)]), &right[j]);
      }
      CRISP_UNROLL
      for (int i = 0; i < 2; ++i) {
        float left[4];
        unpack(*reinterpret_cast<const float4*>(&a.at[k][warp_row + row(i, 0)]), left);
        CRISP_UNROLL
        for (int j = 0; j < NT; ++j) CRISP_UNROLL
        for (int e = 0; e < 4; ++e) sums[i][j][e] += left[e] * right[j];
      }
    }
  }

 private:
  __device__ static void unpack(const float4& v, float* to) {
    to[0] = v.x, to[1] = v.y, to[2] = v.z, to[3] = v.w;
  }
};

// On the tensor cores. Thread 4 g + t holds of 16 rows of a the numbers at rows g and g + 8 (h) and depths t,
// t + 4, t + 8, t + 12 (q), and of 8 columns of b those at column g. In TF32 the depths make two products of
// 8 each; in bf16 one of 16, in which t and t + 4 are one pair, t + 8 and t + 12 the other: a sum does not
// ask for the order of its terms, as long as a and b agree on it. Where the tiles hold bfloat16, each of
// those numbers is a pair of neighbours in the depth, at 2 t, 2 t + 1 and so on, and the depths make two
// products of 16.
template <class T, Math math, Layout layout, int NT>
struct TileProduct {
  static_assert(std::same_as<T, float> || math == Math::bf16);
  __device__ static int row(int i, int e) { return 16 * i + int(threadIdx.x) % 32 / 4 + e / 2 * 8; }
  __device__ static int column(int j, int e) { return 8 * j + int(threadIdx.x) % 4 * 2 + e % 2; }

  template <class A, class B>
  __device__ static void add(float (&sums)[2][NT][4], const A& a, const B& b, int warp_row) {
    unsigned left[2][8];
    CRISP_UNROLL
    for (int i = 0; i < 2; ++i) {
      read_rows(left[i], a, warp_row + 16 * i);
      if constexpr (std::same_as<T, float>) round(left[i]);
    }
    CRISP_UNROLL
    for (int j = 0; j < NT; ++j) {
      unsigned right[4];
      read_columns(right, b, 8 * j);
      if constexpr (std::same_as<T, float>) round(right);
      CRISP_UNROLL
      for (int i = 0; i < 2; ++i) multiply(sums[i][j], left[i], right);
    }
  }

 private:
  static constexpr int vector = 16 / int(sizeof(T));  // numbers that a lane names for load_matrices

  // bits[2 q + h]
  template <class A>
  __device__ static void read_rows(unsigned (&bits)[8], const A& a, int first) {
    const int lane = int(threadIdx.x) % 32, g = lane / 4, t = lane % 4;
    if constexpr (layout == Layout::depth_last ||
                  std::same_as<T, bfloat16>) {  // a lane names 16 bytes, and gets 4 of each of four others'
      unsigned half[4];
      CRISP_UNROLL
      for (int q = 0; q < 4; q += 2) {
        if constexpr (layout == Layout::depth_last)
          load_matrices(half, &a.at[first + lane % 16][(lane / 16 + q) * vector]);
        else load_matrices<true>(half, &a.at[(lane / 16 + q) * 8 + lane % 8][first + lane / 8 % 2 * 8]);
        CRISP_UNROLL
        for (int m = 0; m < 4; ++m) bits[2 * q + m] = half[m];
      }
    } else {
      CRISP_UNROLL
      for (int m = 0; m < 8; ++m) bits[m] = __float_as_uint(a.at[t + m / 2 * 4][first + g + m % 2 * 8]);
    }
  }
  // bits[q]
  template <class B>
  __device__ static void read_columns(unsigned (&bits)[4], const B& b, int first) {
    const int lane = int(threadIdx.x) % 32, g = lane / 4, t = lane % 4;
    if constexpr (layout == Layout::depth_last)
      load_matrices(bits, &b.at[first + lane % 8][lane / 8 * vector]);
    else if constexpr (std::same_as<T, bfloat16>) load_matrices<true>(bits, &b.at[lane][first]);
    else {
      CRISP_UNROLL
      for (int q = 0; q < 4; ++q) bits[q] = __float_as_uint(b.at[t + 4 * q][first + g]);
    }
  }

  // Floats to the factors of the tensor cores; in bf16, pairs take the place of the first half.
  __device__ static void round(unsigned (&bits)[8]) {
    if constexpr (math == Math::tf32) {
      CRISP_UNROLL
      for (unsigned& v : bits) v = to_tf32(__uint_as_float(v));
    } else {
      const unsigned pairs[4] = {pair(bits[0], bits[2]), pair(bits[1], bits[3]), pair(bits[4], bits[6]),
                                 pair(bits[5], bits[7])};
      CRISP_UNROLL
      for (int m = 0; m < 4; ++m) bits[m] = pairs[m];
    }
  }
  __device__ static void round(unsigned (&bits)[4]) {
    if constexpr (math == Math::tf32) {
      CRISP_UNROLL
      for (unsigned& v : bits) v = to_tf32(__uint_as_float(v));
    } else {
      bits[0] = pair(bits[0], bits[1]);
      bits[1] = pair(bits[2], bits[3]);
    }
  }
  __device__ static unsigned pair(unsigned low, unsigned high) {
    return to_bf16_pair(__uint_as_float(low), __uint_as_float(high));
  }

  __device__ static void multiply(float (&sums)[4], const unsigned (&a)[8], const unsigned (&b)[4]) {
    if constexpr (math == Math::tf32) {
      multiply_tf32(sums, {a[0], a[1], a[2], a[3]}, {b[0], b[1]});
      multiply_tf32(sums, {a[4], a[5], a[6], a[7]}, {b[2], b[3]});
    } else {
      multiply_bf16(sums, {a[0], a[1], a[2], a[3]}, {b[0], b[1]});
      if constexpr (std::same_as<T, bfloat16>) multiply_bf16(sums, {a[4], a[5], a[6], a[7]}, {b[2], b[3]});
    }
  }
};

// load(step, slot) for each step in turn, a few ahead of multiply(slot), so that copies are under way while
// the block multiplies. There is a barrier between a load and the product of its step, and between that
// product and the next load into its slot.
template <class Load, class Multiply>
__device__ void pipeline(int steps, const Load& load, const Multiply& multiply) {
  CRISP_UNROLL
  for (int step = 0; step < tile_stages - 1; ++step) {
    if (step < steps) load(step, step);
    copy_async_commit();
  }
  for (int step = 0, slot = 0; step < steps; ++step, slot = slot + 1 == tile_stages ? 0 : slot + 1) {
    copy_async_wait<tile_stages - 2>();
    __syncthreads();
    const int ahead = step + tile_stages - 1;
    if (ahead < steps) load(ahead, slot == 0 ? tile_stages - 1 : slot - 1);
    copy_async_commit();  // empty ones keep the count
    multiply(slot);
  }
}

// Where a copy comes from. What is not valid becomes zero; `from` is a place that exists all the same.
template <class T>
struct Source {
  const T* from;
  bool valid;
};

// Copies this thread's part of a tile, `vector` numbers at a time, those at (line, at) from source(line, at).
// All copies are written out; but of bfloat16 no more than eight at once, as small ones are so many that
// their addresses would take all registers.
template <int vector, class T, Layout layout, int width, class F>
__device__ void copy_tile(Tile<T, layout, width>& tile, const F& source) {
  using Places = Tile<T, layout, width>;
  constexpr int across = Places::used / vector, count = Places::lines * across, eight = 8 * tile_threads;
  constexpr int at_once = std::same_as<T, float> || count < eight ? count : eight;
  static_assert((tile_threads % across == 0 || across % tile_threads == 0) && count % at_once == 0);
  CRISP_ROLLED
  for (int group = 0; group < count; group += at_once) {
    const auto each = [&](const auto& f) {  // f(k, line, at)
      CRISP_UNROLL
      for (int first = 0; first < at_once; first += tile_threads) {
        const int i = group + first + int(threadIdx.x);
        if (count % tile_threads == 0 || i < count) f(first / tile_threads, i / across, i % across * vector);
      }
    };
    if constexpr (sizeof(T) * vector ==
                  2) {  // no asynchronous copy is as small: all of them are read before the first is written
      T values[at_once / tile_threads];
      each([&](int k, int line, int at) {
        const Source<T> s = source(line, at);
        values[k] = s.valid ? *s.from : T(0);
      });
      each([&](int k, int line, int at) { tile.at[line][at] = values[k]; });
    } else {
      each([&](int, int line, int at) {
        const Source<T> s = source(line, at);
        copy_async<sizeof(T) * vector>(&tile.at[line][at], s.from, s.valid);
      });
    }
  }
}

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
