// Fused window attention on the tensor cores, in TF32, for windows of 64 pixels (8 x 8): a block has one head of one window, each of its four
// warps 16 of the queries. The 16 x 64 scores of a warp lie in the registers in which the tensor cores leave them, and so does their softmax.
//
//   s = q k^T + bias,  p = softmax(s),  y = p v                  for the 16 queries of a warp, all 64 keys
//   dp = dy v^T,  ds = p (dp - sum over the keys of p dp),  dq = ds k
//   dv = p^T dy,  dk = ds^T q                                    for 16 keys, all 64 queries: p, then ds, go through shared memory
#pragma once
#include "crisp/backend/cuda/intrinsics.cuh"
#include "crisp/backend/fast/attention_rows.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

constexpr int tensor_window = 64, tensor_threads = 128;  // pixels of a window, threads of a block

// The tiles of a head with d <= DP channels, DP a multiple of 16. Rows in shared memory are 4 numbers longer, which keeps what a warp reads at
// once in different banks, and hold what is rounded to TF32 already. In registers, thread 4 g + t has of a tile (16, 8 tiles) the numbers
// x[j][0 .. 4) at rows g, g, g + 8, g + 8 and columns 8 j + 2 t, 8 j + 2 t + 1, and so on alternately.
template <int DP>
struct AttentionTiles {
  static constexpr int line = DP + 4, scores = tensor_window / 8, channels = DP / 8;  // tiles of 8 columns
  static constexpr int p_line = tensor_window + 4;
  using Rows = AttentionRows<line>;

  __device__ static int lane() { return int(threadIdx.x) % 32; }
  __device__ static int g() { return lane() / 4; }
  __device__ static int t() { return lane() % 4; }
  __device__ static int first() { return int(threadIdx.x) / 32 * 16; }  // of the queries, or the keys, of this warp

  __device__ static void copy_in(float* rows, const float* image, int image_channels, const Index* pixels, const Attention& a, float scale = 1) {
    Rows::template copy_in<true>(rows, image, image_channels, pixels, a, scale);
  }

  // s = the rows of a that belong to this warp times b^T.
  __device__ static void times_transposed(float (&s)[scores][4], const float* a, const float* b) {
    clear(s);
    CRISP_UNROLL
    for (int k = 0; k < DP; k += 16) {
      unsigned left[2][4];
      CRISP_UNROLL
      for (int half = 0; half < 2; ++half) load_matrices(left[half], a + (first() + lane() % 16) * line + k + 8 * half + lane() / 16 * 4);
      CRISP_UNROLL
      for (int j = 0; j < scores; ++j) {
        unsigned right[4];
        load_matrices(right, b + (8 * j + lane() % 8) * line + k + lane() / 8 * 4);
        multiply_tf32(s[j], left[0], {right[0], right[1]});
        multiply_tf32(s[j], left[1], {right[2], right[3]});
      }
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

  // out = p^T times the rows of b, for the 16 keys of this warp; p (query, key) lies in shared memory, rounded.
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

  // s becomes its softmax along the keys, with the bias (query, key) and, in windows that join edges, without what is of other parts.
  __device__ static void softmax(float (&s)[scores][4], const float* bias, const int* parts, bool masked) {
    CRISP_UNROLL
    for (int half = 0; half < 2; ++half) {  // the rows g and g + 8
      const int query = first() + g() + 8 * half;
      float most = -INFINITY, sum = 0;
      CRISP_UNROLL
      for (int j = 0; j < scores; ++j) {
        const int key = 8 * j + 2 * t();
        const float2 b = *reinterpret_cast<const float2*>(bias + query * tensor_window + key);
        CRISP_UNROLL
        for (int e = 0; e < 2; ++e) {
          float& score = s[j][2 * half + e];
          score += e ? b.y : b.x;
          if (masked && parts[key + e] != parts[query]) score -= 100;
          most = score > most || score != score ? score : most;
        }
      }
      most = join_lanes<Max>(most, 4);
      CRISP_UNROLL
      for (int j = 0; j < scores; ++j)
        CRISP_UNROLL
        for (int e = 0; e < 2; ++e) sum += s[j][2 * half + e] = expf(s[j][2 * half + e] - most);
      const float inverse = 1 / join_lanes<Sum>(sum, 4);
      CRISP_UNROLL
      for (int j = 0; j < scores; ++j)
        CRISP_UNROLL
        for (int e = 0; e < 2; ++e) s[j][2 * half + e] *= inverse;
    }
  }

  // dp becomes the gradient of the scores. p is read again from where this thread wrote it: registers are scarce here.
  __device__ static void softmax_back(const float* p, float (&dp)[scores][4]) {
    CRISP_UNROLL
    for (int half = 0; half < 2; ++half) {
      const float* from = p + (first() + g() + 8 * half) * p_line + 2 * t();
      float along = 0;
      CRISP_UNROLL
      for (int j = 0; j < scores; ++j) {
        const float2 v = *reinterpret_cast<const float2*>(from + 8 * j);
        along += v.x * dp[j][2 * half] + v.y * dp[j][2 * half + 1];
        dp[j][2 * half] *= v.x;
        dp[j][2 * half + 1] *= v.y;
      }
      along = join_lanes<Sum>(along, 4);
      CRISP_UNROLL
      for (int j = 0; j < scores; ++j) {
        const float2 v = *reinterpret_cast<const float2*>(from + 8 * j);
        dp[j][2 * half] -= v.x * along;
        dp[j][2 * half + 1] -= v.y * along;
      }
    }
  }

  // f(row, column, first of two neighbours) for all pairs that this thread has of the rows of its warp.
  template <int tiles, class F>
  __device__ static void each_pair(float (&x)[tiles][4], const F& f) {
    CRISP_UNROLL
    for (int j = 0; j < tiles; ++j)
      CRISP_UNROLL
      for (int half = 0; half < 2; ++half) f(first() + g() + 8 * half, 8 * j + 2 * t(), &x[j][2 * half]);
  }
  __device__ static void write_rows(float (&x)[channels][4], float* rows, float factor = 1) {
    each_pair(x, [&](int row, int column, const float* v) { *reinterpret_cast<float2*>(rows + row * line + column) = make_float2(factor * v[0], factor * v[1]); });
  }
  __device__ static void write_scores(float (&x)[scores][4], float* p) {
    each_pair(x, [&](int row, int column, const float* v) {
      *reinterpret_cast<float2*>(p + row * p_line + column) = make_float2(__uint_as_float(to_tf32(v[0])), __uint_as_float(to_tf32(v[1])));
    });
  }

 private:
  template <int tiles>
  __device__ static void clear(float (&x)[tiles][4]) {
    CRISP_UNROLL
    for (int j = 0; j < tiles; ++j)
      CRISP_UNROLL
      for (int e = 0; e < 4; ++e) x[j][e] = 0;
  }
};

// y (N, H, W, C); a.bias is (heads, query, key). Shared: q, k, v, rows of 64 pixels.
template <int DP>
__global__ void __launch_bounds__(tensor_threads) attend_on_tensor_cores(Attention a, float* y) {
  using Tiles = AttentionTiles<DP>;
  CRISP_SHARED(float[3][tensor_window * Tiles::line], rows);
  CRISP_SHARED(Index[tensor_window], pixels);
  CRISP_SHARED(int[tensor_window], parts);
  const int head = int(blockIdx.x % unsigned(a.heads));
  const AttentionWindow window(a, blockIdx.x / unsigned(a.heads));
  if (threadIdx.x < tensor_window) {
    pixels[threadIdx.x] = window.pixel(a, int(threadIdx.x));
    parts[threadIdx.x] = window.part(a, int(threadIdx.x));
  }
  __syncthreads();
  CRISP_UNROLL
  for (int i = 0; i < 3; ++i) Tiles::copy_in(rows[i], a.qkv + i * a.C + head * a.d, 3 * a.C, pixels, a, i == 0 ? a.scale : 1);
  __syncthreads();
  float p[Tiles::scores][4], out[Tiles::channels][4];
  Tiles::times_transposed(p, rows[0], rows[1]);
  Tiles::softmax(p, a.bias + head * tensor_window * tensor_window, parts, window.bottom || window.right);
  Tiles::times(out, p, rows[2]);
  __syncthreads();
  Tiles::write_rows(out, rows[0]);
  __syncthreads();
  Tiles::Rows::copy_out(rows[0], y + head * a.d, a.C, pixels, a);
}

// dqkv (N, H, W, 3 C), and of each piece of the windows the sum over them of the scores' gradient, (pieces, heads, query, key), which a block
// keeps in registers while it goes through a piece. Shared: q, k, v and the gradient of y, rows of 64 pixels; p (64, 64), then ds.
template <int DP>
__global__ void __launch_bounds__(tensor_threads, 2)
    attend_back_on_tensor_cores(Attention a, const float* dy, float* dqkv, float* sums_of_pieces, int pieces_of_windows) {
  using Tiles = AttentionTiles<DP>;
  CRISP_DYNAMIC_SHARED(float, q);
  constexpr int size = tensor_window * Tiles::line;
  float *k = q + size, *v = k + size, *dout = v + size, *p_rows = dout + size;
  CRISP_SHARED(Index[tensor_window], pixels);
  CRISP_SHARED(int[tensor_window], parts);
  const int head = int(blockIdx.x % unsigned(a.heads)), piece = int(blockIdx.x / unsigned(a.heads));
  float sums[Tiles::scores][4] = {};
  for (Index number = piece * a.windows / pieces_of_windows; number < (piece + 1) * a.windows / pieces_of_windows; ++number) {
    const AttentionWindow window(a, number);
    if (threadIdx.x < tensor_window) {
      pixels[threadIdx.x] = window.pixel(a, int(threadIdx.x));
      parts[threadIdx.x] = window.part(a, int(threadIdx.x));
    }
    __syncthreads();
    const float* from = a.qkv + head * a.d;
    Tiles::copy_in(q, from, 3 * a.C, pixels, a, a.scale);
    Tiles::copy_in(k, from + a.C, 3 * a.C, pixels, a);
    Tiles::copy_in(v, from + 2 * a.C, 3 * a.C, pixels, a);
    Tiles::copy_in(dout, dy + head * a.d, a.C, pixels, a);
    __syncthreads();

    float p[Tiles::scores][4], ds[Tiles::scores][4], dq[Tiles::channels][4], dk[Tiles::channels][4], dv[Tiles::channels][4];
    Tiles::times_transposed(p, q, k);
    Tiles::softmax(p, a.bias + head * tensor_window * tensor_window, parts, window.bottom || window.right);
    Tiles::write_scores(p, p_rows);
    Tiles::times_transposed(ds, dout, v);
    Tiles::softmax_back(p_rows, ds);
    CRISP_UNROLL
    for (int j = 0; j < Tiles::scores; ++j)
      CRISP_UNROLL
      for (int e = 0; e < 4; ++e) sums[j][e] += ds[j][e];
    Tiles::times(dq, ds, k);
    __syncthreads();
    Tiles::transposed_times(dv, p_rows, dout);
    __syncthreads();
    Tiles::write_scores(ds, p_rows);
    __syncthreads();
    Tiles::transposed_times(dk, p_rows, q);  // q is scaled already
    __syncthreads();
    Tiles::write_rows(dq, q, a.scale);
    Tiles::write_rows(dk, k);
    Tiles::write_rows(dv, v);
    __syncthreads();
    float* to = dqkv + head * a.d;
    Tiles::Rows::copy_out(q, to, 3 * a.C, pixels, a);
    Tiles::Rows::copy_out(k, to + a.C, 3 * a.C, pixels, a);
    Tiles::Rows::copy_out(v, to + 2 * a.C, 3 * a.C, pixels, a);
    __syncthreads();
  }
  float* to = sums_of_pieces + Index(blockIdx.x) * tensor_window * tensor_window;
  Tiles::each_pair(sums, [&](int query, int key, const float* v) { *reinterpret_cast<float2*>(to + query * tensor_window + key) = make_float2(v[0], v[1]); });
}

template <int DP>
constexpr std::size_t attend_back_on_tensor_cores_bytes = sizeof(float) * tensor_window * (4 * AttentionTiles<DP>::line + AttentionTiles<DP>::p_line);

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
