// Fused window attention on the tensor cores, for windows of 64 pixels (8 x 8): a block has one head of one
// window, each of its four warps 16 of the queries. The 16 x 64 scores of a warp lie in the registers in
// which the tensor cores leave them, and so does their softmax.
//
//   for the 16 queries of a warp, all 64 keys:
//     s = q k^T / sqrt(d) + bias,  p = softmax(s),  y = p v
//     dp = dy v^T,  ds = p (dp - sum over the keys of p dp),  dq = ds k
//   for 16 keys, all 64 queries; p, then ds, go through shared memory:
//     dv = p^T dy,  dk = ds^T q
#pragma once
#include "crisp/backend/cuda/fast/attention_tiles_bf16.cuh"
#include "crisp/backend/cuda/fast/attention_tiles_tf32.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

// y (N, H, W, C); a.bias is (heads, query, key). Shared: q, k, v, rows of 64 pixels.
template <class T, int DP>
__global__ void __launch_bounds__(tensor_threads) attend_on_tensor_cores(Attention<T> a, T* y) {
  using Tiles = AttentionTiles<T, DP>;
  a.M = 8;  // for the compiler, which divides by it
  CRISP_SHARED(T[3][Tiles::size], rows);
  CRISP_SHARED(int[tensor_window], pixels);
  CRISP_SHARED(int[tensor_window], parts);
  const int head = int(blockIdx.x % unsigned(a.heads));
  const AttentionWindow window(a, int(blockIdx.x / unsigned(a.heads)));
  if (threadIdx.x < tensor_window) {
    pixels[threadIdx.x] = window.pixel(a, tensor_order(int(threadIdx.x)));
    parts[threadIdx.x] = window.part(a, tensor_order(int(threadIdx.x)));
  }
  __syncthreads();
  Tiles::copy_in({rows[0], rows[1], rows[2]}, a.qkv + window.image * 3 * a.C + head * a.d, a.C, 3 * a.C,
                 pixels, a);
  __syncthreads();
  float p[Tiles::scores][4], out[Tiles::channels][4];
  Tiles::times_transposed(p, rows[0], rows[1]);
  Tiles::softmax(p, a.scale, a.bias + head * tensor_window * tensor_window, parts,
                 window.bottom || window.right);
  Tiles::times(out, p, rows[2]);
  __syncwarp();  // other warps do not read these rows of q
  Tiles::write_rows(out, rows[0]);
  Tiles::copy_out({rows[0]}, y + window.image * a.C + head * a.d, 0, a.C, pixels, a);
}

// dqkv (N, H, W, 3 C), and of each chunk of the windows the sum over them of the scores' gradient, (chunks,
// heads, query, key), which a block keeps in registers while it goes through a chunk. Shared: q, k, v, the
// gradients of y and of q, rows of 64 pixels; p (64, 64), and ds in its place or beside it.
template <class T, int DP>
__global__ void __launch_bounds__(tensor_threads, AttentionTiles<T, DP>::blocks)
    attend_back_on_tensor_cores(Attention<T> a, const T* dy, T* dqkv, float* sums_of_chunks,
                                int chunks_of_windows) {
  using Tiles = AttentionTiles<T, DP>;
  a.M = 8;  // for the compiler, which divides by it
  CRISP_DYNAMIC_SHARED(T, q);
  T *k = q + Tiles::size, *v = k + Tiles::size, *dout = v + Tiles::size, *dq = dout + Tiles::size;
  T *p_rows = dq + Tiles::size, *ds_rows = Tiles::both_scores ? p_rows + Tiles::p_size : p_rows;
  CRISP_SHARED(int[tensor_window], pixels);
  CRISP_SHARED(int[tensor_window], parts);
  const int head = int(blockIdx.x % unsigned(a.heads)), chunk = int(blockIdx.x / unsigned(a.heads));
  float sums[Tiles::scores][4] = {};
  for (int number = first_of(chunk, chunks_of_windows, a.windows),
           end = first_of(chunk + 1, chunks_of_windows, a.windows);
       number < end; ++number) {
    const AttentionWindow window(a, number);
    if (threadIdx.x < tensor_window) {
      pixels[threadIdx.x] = window.pixel(a, tensor_order(int(threadIdx.x)));
      parts[threadIdx.x] = window.part(a, tensor_order(int(threadIdx.x)));
    }
    __syncthreads();
    Tiles::copy_in({q, k, v}, a.qkv + window.image * 3 * a.C + head * a.d, a.C, 3 * a.C, pixels, a);
    Tiles::copy_in({dout}, dy + window.image * a.C + head * a.d, 0, a.C, pixels, a);
    __syncthreads();

    float p[Tiles::scores][4], out[Tiles::channels][4];
    Tiles::times_transposed(p, q, k);
    Tiles::softmax(p, a.scale, a.bias + head * tensor_window * tensor_window, parts,
                   window.bottom || window.right);
    Tiles::write_scores(p, p_rows);
    Tiles::softmax_back(p, dout, v);  // p is ds from now on
    CRISP_UNROLL
    for (int j = 0; j < Tiles::scores; ++j) CRISP_UNROLL
    for (int e = 0; e < 4; ++e) sums[j][e] += p[j][e];
    Tiles::times(out, p, k);
    Tiles::write_rows(out, dq, a.scale);
    if constexpr (!Tiles::both_scores) {
      __syncthreads();
      Tiles::transposed_times(out, p_rows, dout);
      Tiles::write_rows(out, v);
      __syncthreads();
    }
    Tiles::write_scores(p, ds_rows);
    __syncthreads();
    if constexpr (Tiles::both_scores) {
      Tiles::transposed_times(out, p_rows, dout);
      Tiles::write_rows(out, v);
    }
    Tiles::transposed_times(out, ds_rows, q);
    Tiles::write_rows(out, k, a.scale);
    Tiles::copy_out({dq, k, v}, dqkv + window.image * 3 * a.C + head * a.d, a.C, 3 * a.C, pixels, a);
    __syncthreads();
  }
  Tiles::store_scores(sums, sums_of_chunks + Index(blockIdx.x) * tensor_window * tensor_window);
}

template <class T, int DP>
constexpr std::size_t attend_back_on_tensor_cores_bytes = sizeof(T) *
                                                          (5 * AttentionTiles<T, DP>::size +
                                                           (AttentionTiles<T, DP>::both_scores ? 2 : 1) *
                                                               AttentionTiles<T, DP>::p_size);

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
