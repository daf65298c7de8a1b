// The matrices of window attention as the tensor cores want them, for windows of 64 pixels (8 x 8) and heads
// of d <= DP channels, DP a multiple of 16: float values in TF32, bfloat16 values as they are; sums and the
// softmax are float. Each of four warps has 16 of the queries, or of the keys.
//
// In registers, thread 4 g + t has of a tile (16, 8 tiles) the numbers x[j][0 .. 4) at rows g, g, g + 8, g +
// 8 and columns 8 j + 2 t, 8 j + 2 t + 1, and so on alternately. In shared memory a row has 16 bytes more
// than its numbers need, which keeps what a warp reads at once in different banks.
#pragma once
#include "crisp/backend/cuda/fast/attention_rows.cuh"
#include "crisp/backend/cuda/intrinsics.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

constexpr int tensor_window = 64, tensor_threads = 128;  // pixels of a window, threads of a block

// The pixel that is number i of its window in all these matrices, and the other way round: exchanged are bits
// 1, 2 and bits 3, 4. The columns of a thread are then eight neighbouring keys, from 8 t on, and eight more,
// from 32 + 8 t on: it reads their biases at once.
CRISP_HD inline int tensor_order(int i) { return (i & 33) | (i & 6) << 2 | (i & 24) >> 2; }

// As one load and one store: both addresses are multiples of `bytes`.
template <int bytes>
__device__ __forceinline__ void copy_aligned(void* to, const void* from) {
  __builtin_memcpy(__builtin_assume_aligned(to, bytes), __builtin_assume_aligned(from, bytes), bytes);
}

__device__ __forceinline__ void read_eight(float (&x)[8], const float* from) {
  CRISP_UNROLL
  for (int i = 0; i < 8; i += 4) {
    const float4 v = *reinterpret_cast<const float4*>(from + i);
    x[i] = v.x, x[i + 1] = v.y, x[i + 2] = v.z, x[i + 3] = v.w;
  }
}
__device__ __forceinline__ void read_eight(float (&x)[8], const bfloat16* from) { load(from, x); }

template <class T, int DP>
struct AttentionTiles;

// What both types of values share. `a` and `b` below are rows in shared memory.
template <class T, int DP>
struct AttentionTilesOf {
  static constexpr int line = DP + 16 / int(sizeof(T)), scores = tensor_window / 8,
                       channels = DP / 8;  // numbers of a row; tiles of 8 columns
  static constexpr int size = tensor_window * line, p_line = tensor_window + 16 / int(sizeof(T)),
                       p_size = tensor_window * p_line;

  __device__ static int lane() { return int(threadIdx.x) % 32; }
  __device__ static int g() { return lane() / 4; }
  __device__ static int t() { return lane() % 4; }
  __device__ static int first() {
    return int(threadIdx.x) / 32 * 16;
  }  // of the queries, or the keys, of this warp

  // f(row, c) for the chunks of `together` numbers of all 64 rows that this thread of the block copies, or of
  // the 16 rows of its warp.
  template <int together, bool of_block, class F>
  __device__ static void each_chunk(const F& f) {
    constexpr int across = DP / together, rows = of_block ? tensor_window : 16,
                  step = (of_block ? tensor_threads : 32) / across;
    static_assert(rows % step == 0);
    const int me = of_block ? int(threadIdx.x) : lane(), begin = (of_block ? 0 : first()) + me / across,
              c = me % across * together;
    if constexpr (std::is_same_v<T, float>) {  // reads ahead
      CRISP_UNROLL_FEW
      for (int row = 0; row < rows; row += step) f(begin + row, c);
    } else {  // the copies go on by themselves, and registers are scarce
      CRISP_ROLLED
      for (int row = 0; row < rows; row += step) f(begin + row, c);
    }
  }

  // s = the rows of a that belong to this warp times b^T.
  __device__ static void times_transposed(float (&s)[scores][4], const T* a, const T* b) {
    AttentionTiles<T, DP>::each_tile(a, b, [&](int j, const float(&x)[4]) {
      CRISP_UNROLL
      for (int e = 0; e < 4; ++e) s[j][e] = x[e];
    });
  }

  // s becomes the softmax along the keys of factor s + bias (query, key), in windows that join edges without
  // what is of other parts.
  __device__ static void softmax(float (&s)[scores][4], float factor, const T* bias, const int* parts,
                                 bool masked) {
    CRISP_UNROLL
    for (int half = 0; half < 2; ++half) {  // the rows g and g + 8
      const int query = first() + g() + 8 * half;
      const T* row = bias + tensor_order(query) * tensor_window + 8 * t();
      CRISP_UNROLL
      for (int j = 0; j < scores; j += 4) {
        float b[8];
        read_eight(b, row + 8 * j);
        CRISP_UNROLL
        for (int i = 0; i < 8; ++i)
          s[j + i / 2][2 * half + i % 2] = factor * s[j + i / 2][2 * half + i % 2] + b[i];
      }
      if (masked) {
        CRISP_UNROLL
        for (int j = 0; j < scores; ++j) CRISP_UNROLL
        for (int e = 0; e < 2; ++e)
          if (parts[8 * j + 2 * t() + e] != parts[query]) s[j][2 * half + e] -= 100;
      }
      float largest = -INFINITY, sum = 0;  // a NaN makes the sum NaN, whatever the largest is
      CRISP_UNROLL
      for (int j = 0; j < scores; ++j) CRISP_UNROLL
      for (int e = 0; e < 2; ++e) largest = fmaxf(largest, s[j][2 * half + e]);
      largest = join_lanes<Max>(largest, 4);
      CRISP_UNROLL
      for (int j = 0; j < scores; ++j) CRISP_UNROLL
      for (int e = 0; e < 2; ++e) sum += s[j][2 * half + e] = exponential(s[j][2 * half + e], largest);
      const float inverse = 1 / join_lanes<Sum>(sum, 4);
      CRISP_UNROLL
      for (int j = 0; j < scores; ++j) CRISP_UNROLL
      for (int e = 0; e < 2; ++e) s[j][2 * half + e] *= inverse;
    }
  }

  // p becomes the gradient of the scores, p (dp - the sum over the keys of p dp), where dp = dout v^T. That
  // is computed twice: registers are scarce.
  __device__ static void softmax_back(float (&p)[scores][4], const T* dout, const T* v) {
    float along[2] = {};
    AttentionTiles<T, DP>::each_tile(dout, v, [&](int j, const float(&dp)[4]) {
      CRISP_UNROLL
      for (int e = 0; e < 4; ++e) along[e / 2] += p[j][e] * dp[e];
    });
    CRISP_UNROLL
    for (float& sum : along) sum = join_lanes<Sum>(sum, 4);
    AttentionTiles<T, DP>::each_tile(dout, v, [&](int j, const float(&dp)[4]) {
      CRISP_UNROLL
      for (int e = 0; e < 4; ++e) p[j][e] *= dp[e] - along[e / 2];
    });
  }

  // Where they belong in y (query, key).
  __device__ static void store_scores(const float (&x)[scores][4], float* y) {
    CRISP_UNROLL
    for (int half = 0; half < 2; ++half) CRISP_UNROLL
    for (int j = 0; j < scores; j += 2)
      *reinterpret_cast<float4*>(y + tensor_order(first() + g() + 8 * half) * tensor_window + j / 4 * 32 +
                                 8 * t() + j % 4 * 2) =
          make_float4(x[j][2 * half], x[j][2 * half + 1], x[j + 1][2 * half], x[j + 1][2 * half + 1]);
  }

  template <int tiles>
  __device__ static void clear(float (&x)[tiles][4]) {
    CRISP_UNROLL
    for (int j = 0; j < tiles; ++j) CRISP_UNROLL
    for (int e = 0; e < 4; ++e) x[j][e] = 0;
  }

  // f(row, column, first of two neighbours) for all pairs that this thread has of the rows of its warp.
  template <int tiles, class F>
  __device__ static void each_pair(const float (&x)[tiles][4], const F& f) {
    CRISP_UNROLL
    for (int j = 0; j < tiles; ++j) CRISP_UNROLL
    for (int half = 0; half < 2; ++half) f(first() + g() + 8 * half, 8 * j + 2 * t(), &x[j][2 * half]);
  }

 private:
  __device__ static float exponential(float x, float largest) {  // of x - largest
    constexpr float log2_of_e = 1.44269504f;
    if constexpr (std::is_same_v<T, bfloat16>) return fast_exp2(x * log2_of_e - largest * log2_of_e);
    return expf(x - largest);
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
