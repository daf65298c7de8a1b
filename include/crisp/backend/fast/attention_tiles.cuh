// The matrices of window attention as the tensor cores want them, for windows of 64 pixels (8 x 8) and heads of d <= DP channels, DP a multiple
// of 16: float values in TF32, bfloat16 values as they are; sums and the softmax are float. Each of four warps has 16 of the queries, or of the keys.
//
// In registers, thread 4 g + t has of a tile (16, 8 tiles) the numbers x[j][0 .. 4) at rows g, g, g + 8, g + 8 and columns 8 j + 2 t,
// 8 j + 2 t + 1, and so on alternately. In shared memory a row has 16 bytes more than its numbers need, which keeps what a warp reads at once in different banks.
#pragma once
#include "crisp/backend/cuda/intrinsics.cuh"
#include "crisp/backend/fast/attention_rows.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

constexpr int tensor_window = 64, tensor_threads = 128;  // pixels of a window, threads of a block

// The pixel that is number i of its window in all these matrices, and the other way round: exchanged are bits 1, 2 and bits 3, 4. The columns
// of a thread are then eight neighbouring keys, from 8 t on, and eight more, from 32 + 8 t on: it reads their biases at once.
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
__device__ __forceinline__ void read_eight(float (&x)[8], const bfloat16* from) {
  alignas(16) unsigned pairs[4];
  copy_aligned<16>(pairs, from);
  CRISP_UNROLL
  for (int i = 0; i < 4; ++i) x[2 * i] = low_bf16(pairs[i]), x[2 * i + 1] = high_bf16(pairs[i]);
}

template <class T, int DP>
struct AttentionTiles;

// What both types of values share. `a` and `b` below are rows in shared memory.
template <class T, int DP>
struct AttentionTilesOf {
  static constexpr int line = DP + 16 / int(sizeof(T)), scores = tensor_window / 8, channels = DP / 8;  // numbers of a row; tiles of 8 columns
  static constexpr int size = tensor_window * line, p_line = tensor_window + 16 / int(sizeof(T)), p_size = tensor_window * p_line;

  __device__ static int lane() { return int(threadIdx.x) % 32; }
  __device__ static int g() { return lane() / 4; }
  __device__ static int t() { return lane() % 4; }
  __device__ static int first() { return int(threadIdx.x) / 32 * 16; }  // of the queries, or the keys, of this warp

  // f(row, c) for the pieces of `together` numbers of all 64 rows that this thread of the block copies, or of the 16 rows of its warp.
  template <int together, bool of_block, class F>
  __device__ static void each_piece(const F& f) {
    constexpr int across = DP / together, rows = of_block ? tensor_window : 16, step = (of_block ? tensor_threads : 32) / across;
    static_assert(rows % step == 0);
    const int me = of_block ? int(threadIdx.x) : lane(), begin = (of_block ? 0 : first()) + me / across, c = me % across * together;
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
    AttentionTiles<T, DP>::each_tile(a, b, [&](int j, const float (&x)[4]) {
      CRISP_UNROLL
      for (int e = 0; e < 4; ++e) s[j][e] = x[e];
    });
  }

  // s becomes the softmax along the keys of factor s + bias (query, key), in windows that join edges without what is of other parts.
  __device__ static void softmax(float (&s)[scores][4], float factor, const T* bias, const int* parts, bool masked) {
    CRISP_UNROLL
    for (int half = 0; half < 2; ++half) {  // the rows g and g + 8
      const int query = first() + g() + 8 * half;
      const T* row = bias + tensor_order(query) * tensor_window + 8 * t();
      CRISP_UNROLL
      for (int j = 0; j < scores; j += 4) {
        float b[8];
        read_eight(b, row + 8 * j);
        CRISP_UNROLL
        for (int i = 0; i < 8; ++i) s[j + i / 2][2 * half + i % 2] = factor * s[j + i / 2][2 * half + i % 2] + b[i];
      }
      if (masked) {
        CRISP_UNROLL
        for (int j = 0; j < scores; ++j)
          CRISP_UNROLL
          for (int e = 0; e < 2; ++e)
            if (parts[8 * j + 2 * t() + e] != parts[query]) s[j][2 * half + e] -= 100;
      }
      float most = -INFINITY, sum = 0;  // a NaN makes the sum NaN, whatever the largest is
      CRISP_UNROLL
      for (int j = 0; j < scores; ++j)
        CRISP_UNROLL
        for (int e = 0; e < 2; ++e) most = fmaxf(most, s[j][2 * half + e]);
      most = join_lanes<Max>(most, 4);
      CRISP_UNROLL
      for (int j = 0; j < scores; ++j)
        CRISP_UNROLL
        for (int e = 0; e < 2; ++e) sum += s[j][2 * half + e] = exponential(s[j][2 * half + e], most);
      const float inverse = 1 / join_lanes<Sum>(sum, 4);
      CRISP_UNROLL
      for (int j = 0; j < scores; ++j)
        CRISP_UNROLL
        for (int e = 0; e < 2; ++e) s[j][2 * half + e] *= inverse;
    }
  }

  // p becomes the gradient of the scores, p (dp - the sum over the keys of p dp), where dp = dout v^T. That is computed twice: registers are scarce.
  __device__ static void softmax_back(float (&p)[scores][4], const T* dout, const T* v) {
    float along[2] = {};
    AttentionTiles<T, DP>::each_tile(dout, v, [&](int j, const float (&dp)[4]) {
      CRISP_UNROLL
      for (int e = 0; e < 4; ++e) along[e / 2] += p[j][e] * dp[e];
    });
    CRISP_UNROLL
    for (float& sum : along) sum = join_lanes<Sum>(sum, 4);
    AttentionTiles<T, DP>::each_tile(dout, v, [&](int j, const float (&dp)[4]) {
      CRISP_UNROLL
      for (int e = 0; e < 4; ++e) p[j][e] *= dp[e] - along[e / 2];
    });
  }

  // Where they belong in y (query, key).
  __device__ static void store_scores(const float (&x)[scores][4], float* y) {
    CRISP_UNROLL
    for (int half = 0; half < 2; ++half)
      CRISP_UNROLL
      for (int j = 0; j < scores; j += 2)
        *reinterpret_cast<float4*>(y + tensor_order(first() + g() + 8 * half) * tensor_window + j / 4 * 32 + 8 * t() + j % 4 * 2) =
            make_float4(x[j][2 * half], x[j][2 * half + 1], x[j + 1][2 * half], x[j + 1][2 * half + 1]);
  }

  template <int tiles>
  __device__ static void clear(float (&x)[tiles][4]) {
    CRISP_UNROLL
    for (int j = 0; j < tiles; ++j)
      CRISP_UNROLL
      for (int e = 0; e < 4; ++e) x[j][e] = 0;
  }

  // f(row, column, first of two neighbours) for all pairs that this thread has of the rows of its warp.
  template <int tiles, class F>
  __device__ static void each_pair(const float (&x)[tiles][4], const F& f) {
    CRISP_UNROLL
    for (int j = 0; j < tiles; ++j)
      CRISP_UNROLL
      for (int half = 0; half < 2; ++half) f(first() + g() + 8 * half, 8 * j + 2 * t(), &x[j][2 * half]);
  }

 private:
  __device__ static float exponential(float x, float most) {  // of x - most
    constexpr float log2_of_e = 1.44269504f;
    if constexpr (std::is_same_v<T, bfloat16>) return fast_exp2(x * log2_of_e - most * log2_of_e);
    return expf(x - most);
  }
};

// Rows hold what is rounded to TF32 already.
template <int DP>
struct AttentionTiles<float, DP> : AttentionTilesOf<float, DP> {
  using Of = AttentionTilesOf<float, DP>;
  using Of::channels, Of::clear, Of::each_pair, Of::first, Of::g, Of::lane, Of::line, Of::p_line, Of::scores, Of::t;
  static constexpr bool both_scores = false;  // whether there is shared memory for p and ds at once
  static constexpr int blocks = 2;            // of the way back, at least, on one multiprocessor

  // From images whose numbers lie `apart` from each other.
  template <int images>
  __device__ static void copy_in(float* const (&rows)[images], const float* image, int apart, int image_channels, const int* pixels, const Attention<float>& a) {
    Of::template each_piece<1, true>([&](int row, int c) {
      const float* from = image + Index(pixels[row]) * image_channels + c;
      CRISP_UNROLL
      for (int i = 0; i < images; ++i) rows[i][row * line + c] = c < a.d ? __uint_as_float(to_tf32(from[i * apart])) : 0;
    });
  }
  // Of the rows of this warp.
  template <int images>
  __device__ static void copy_out(float* const (&rows)[images], float* image, int apart, int image_channels, const int* pixels, const Attention<float>& a) {
    __syncwarp();
    Of::template each_piece<1, false>([&](int row, int c) {
      float* to = image + Index(pixels[row]) * image_channels + c;
      CRISP_UNROLL
      for (int i = 0; i < images; ++i)
        if (c < a.d) to[i * apart] = rows[i][row * line + c];
    });
  }

  // f(j, x) for each tile x of the rows of a that belong to this warp times b^T.
  template <class F>
  __device__ static void each_tile(const float* a, const float* b, const F& f) {
    unsigned left[channels][4];
    CRISP_UNROLL
    for (int k = 0; k < channels; ++k) load_matrices(left[k], a + (first() + lane() % 16) * line + 8 * k + lane() / 16 * 4);
    CRISP_UNROLL
    for (int j = 0; j < scores; ++j) {
      float x[4] = {};
      CRISP_UNROLL
      for (int k = 0; k < channels; k += 2) {
        unsigned right[4];
        load_matrices(right, b + (8 * j + lane() % 8) * line + 8 * k + lane() / 8 * 4);
        multiply_tf32(x, left[k], {right[0], right[1]});
        multiply_tf32(x, left[k + 1], {right[2], right[3]});
      }
      f(j, x);
    }
  }

  // out = p times the rows of b. The registers hold keys 2 t and 2 t + 1, where the tensor cores ask for t and t + 4: a sum does not ask for the
  // order of its terms, so the rows of b are read in that order too.
  __device__ static void times(float (&out)[channels][4], const float (&p)[scores][4], const float* b) {
    clear(out);
    CRISP_UNROLL
    for (int n = 0; n < scores; ++n) {
      const unsigned left[4] = {to_tf32(p[n][0]), to_tf32(p[n][2]), to_tf32(p[n][1]), to_tf32(p[n][3])};
      const float* row = b + (8 * n + 2 * t()) * line + g();
      CRISP_UNROLL
      for (int j = 0; j < channels; ++j) multiply_tf32(out[j], left, {__float_as_uint(row[8 * j]), __float_as_uint(row[8 * j + line])});
    }
  }

  // out = p^T times the rows of b, for the 16 keys of this warp; p (query, key) lies in shared memory.
  __device__ static void transposed_times(float (&out)[channels][4], const float* p, const float* b) {
    clear(out);
    CRISP_ROLLED
    for (int query = 2 * t(); query < tensor_window; query += 8) {
      const float* from = p + query * p_line + first() + g();
      const unsigned left[4] = {__float_as_uint(from[0]), __float_as_uint(from[8]), __float_as_uint(from[p_line]), __float_as_uint(from[p_line + 8])};
      const float* row = b + query * line + g();
      CRISP_UNROLL
      for (int j = 0; j < channels; ++j) multiply_tf32(out[j], left, {__float_as_uint(row[8 * j]), __float_as_uint(row[8 * j + line])});
    }
  }

  __device__ static void write_rows(const float (&x)[channels][4], float* rows, float factor = 1) {
    each_pair(x, [&](int row, int column, const float* v) { *reinterpret_cast<float2*>(rows + row * line + column) = make_float2(factor * v[0], factor * v[1]); });
  }
  __device__ static void write_scores(const float (&x)[scores][4], float* p) {
    each_pair(x, [&](int row, int column, const float* v) {
      *reinterpret_cast<float2*>(p + row * p_line + column) = make_float2(__uint_as_float(to_tf32(v[0])), __uint_as_float(to_tf32(v[1])));
    });
  }
};

// Half the memory, and twice as many multiplications at once. Of four matrices (8, 8) that a load brings, two belong to one tile of columns and two
// to the next.
template <int DP>
struct AttentionTiles<bfloat16, DP> : AttentionTilesOf<bfloat16, DP> {
  using Of = AttentionTilesOf<bfloat16, DP>;
  using Of::channels, Of::clear, Of::each_pair, Of::first, Of::lane, Of::line, Of::p_line, Of::scores;
  static constexpr bool both_scores = true;
  static constexpr int blocks = 3;

  template <int images>
  __device__ static void copy_in(bfloat16* const (&rows)[images], const bfloat16* image, int apart, int image_channels, const int* pixels, const Attention<bfloat16>& a) {
    const auto copy = [&](auto constant) {
      constexpr int together = decltype(constant)::value;
      Of::template each_piece<together, true>([&](int row, int c) {
        const bfloat16* from = image + (c < a.d ? Index(pixels[row]) * image_channels + c : 0);
        CRISP_UNROLL
        for (int i = 0; i < images; ++i) {
          bfloat16* to = rows[i] + row * line + c;
          if constexpr (together > 1) copy_async<2 * together>(to, from + i * apart, c < a.d);
          else *to = c < a.d ? from[i * apart] : bfloat16(0);
        }
      });
    };
    with_together(a, copy);
    copy_async_commit();
    copy_async_wait<0>();
  }
  template <int images>
  __device__ static void copy_out(bfloat16* const (&rows)[images], bfloat16* image, int apart, int image_channels, const int* pixels, const Attention<bfloat16>& a) {
    __syncwarp();
    const auto copy = [&](auto constant) {
      constexpr int together = decltype(constant)::value;
      Of::template each_piece<together, false>([&](int row, int c) {
        bfloat16* to = image + Index(pixels[row]) * image_channels + c;
        CRISP_UNROLL
        for (int i = 0; i < images; ++i)
          if (c < a.d) copy_aligned<2 * together>(to + i * apart, rows[i] + row * line + c);
      });
    };
    with_together(a, copy);
  }

  template <class F>
  __device__ static void each_tile(const bfloat16* a, const bfloat16* b, const F& f) {
    unsigned left[DP / 16][4], right[4];
    CRISP_UNROLL
    for (int k = 0; k < DP / 16; ++k) load_matrices(left[k], a + (first() + lane() % 16) * line + 16 * k + lane() / 16 * 8);
    CRISP_UNROLL
    for (int j = 0; j < scores; j += 2) {
      float x[2][4] = {};
      CRISP_UNROLL
      for (int k = 0; k < DP / 16; ++k) {
        load_matrices(right, b + (8 * j + lane() / 16 * 8 + lane() % 8) * line + 16 * k + lane() / 8 % 2 * 8);
        multiply_bf16(x[0], left[k], {right[0], right[1]});
        multiply_bf16(x[1], left[k], {right[2], right[3]});
      }
      f(j, x[0]);
      f(j + 1, x[1]);
    }
  }

  // The numbers of p lie in the registers where the tensor cores ask for them.
  __device__ static void times(float (&out)[channels][4], const float (&p)[scores][4], const bfloat16* b) {
    clear(out);
    CRISP_UNROLL
    for (int n = 0; n < scores; n += 2)
      add_product(out, {to_bf16_pair(p[n][0], p[n][1]), to_bf16_pair(p[n][2], p[n][3]), to_bf16_pair(p[n + 1][0], p[n + 1][1]), to_bf16_pair(p[n + 1][2], p[n + 1][3])}, b, 8 * n);
  }

  __device__ static void transposed_times(float (&out)[channels][4], const bfloat16* p, const bfloat16* b) {
    clear(out);
    CRISP_UNROLL
    for (int query = 0; query < tensor_window; query += 16) {
      unsigned left[4];
      load_matrices<true>(left, p + (query + lane() / 16 * 8 + lane() % 8) * p_line + first() + lane() / 8 % 2 * 8);
      add_product(out, left, b, query);
    }
  }

  __device__ static void write_rows(const float (&x)[channels][4], bfloat16* rows, float factor = 1) {
    each_pair(x, [&](int row, int column, const float* v) { write_pair(rows + row * line + column, factor * v[0], factor * v[1]); });
  }
  __device__ static void write_scores(const float (&x)[scores][4], bfloat16* p) {
    each_pair(x, [&](int row, int column, const float* v) { write_pair(p + row * p_line + column, v[0], v[1]); });
  }

 private:
  // Adds left (16, 16) times rows `row` to `row` + 16 of b.
  __device__ static void add_product(float (&out)[channels][4], const unsigned (&left)[4], const bfloat16* b, int row) {
    CRISP_UNROLL
    for (int j = 0; j < channels; j += 2) {
      unsigned right[4];
      load_matrices<true>(right, b + (row + lane() % 16) * line + 8 * j + lane() / 16 * 8);
      multiply_bf16(out[j], left, {right[0], right[1]});
      multiply_bf16(out[j + 1], left, {right[2], right[3]});
    }
  }
  __device__ static void write_pair(bfloat16* to, float low, float high) {
    const unsigned pair = to_bf16_pair(low, high);
    copy_aligned<4>(to, &pair);
  }
  template <class F>
  __device__ static void with_together(const Attention<bfloat16>& a, const F& f) {
    if (a.together == 8) f(std::integral_constant<int, 8>());
    else if (a.together == 2) f(std::integral_constant<int, 2>());
    else f(std::integral_constant<int, 1>());
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
