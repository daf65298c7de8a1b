// Window attention of float values on the tensor cores, in TF32: rows in shared memory hold what is rounded
// already.
#pragma once
#include "crisp/backend/cuda/fast/attention_tiles.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <int DP>
struct AttentionTiles<float, DP> : AttentionTilesOf<float, DP> {
  using Of = AttentionTilesOf<float, DP>;
  using Of::channels, Of::clear, Of::each_pair, Of::first, Of::g, Of::lane, Of::line, Of::p_line, Of::scores,
      Of::t;
  static constexpr bool both_scores = false;  // whether there is shared memory for p and ds at once
  static constexpr int blocks = 2;            // of the backward pass, at least, on one multiprocessor

  // rows[i] from image i, each `apart` from the one before.
  template <int images>
  __device__ static void copy_in(float* const (&rows)[images], const float* image, int apart,
                                 int image_channels, const int* pixels, const Attention<float>& a) {
    Of::template each_chunk<1, true>([&](int row, int c) {
      const float* from = image + Index(pixels[row]) * image_channels + c;
      CRISP_UNROLL
      for (int i = 0; i < images; ++i)
        rows[i][row * line + c] = c < a.d ? __uint_as_float(to_tf32(from[i * apart])) : 0;
    });
  }
  // Of the rows of this warp.
  template <int images>
  __device__ static void copy_out(float* const (&rows)[images], float* image, int apart, int image_channels,
                                  const int* pixels, const Attention<float>& a) {
    __syncwarp();
    Of::template each_chunk<1, false>([&](int row, int c) {
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
    for (int k = 0; k < channels; ++k)
      load_matrices(left[k], a + (first() + lane() % 16) * line + 8 * k + lane() / 16 * 4);
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

  // out = p times the rows of b. The registers hold keys 2 t and 2 t + 1, where the tensor cores ask for t
  // and t + 4: a sum does not ask for the order of its terms, so the rows of b are read in that order too.
  __device__ static void times(float (&out)[channels][4], const float (&p)[scores][4], const float* b) {
    clear(out);
    CRISP_UNROLL
    for (int n = 0; n < scores; ++n) {
      const unsigned left[4] = {to_tf32(p[n][0]), to_tf32(p[n][2]), to_tf32(p[n][1]), to_tf32(p[n][3])};
      const float* row = b + (8 * n + 2 * t()) * line + g();
      CRISP_UNROLL
      for (int j = 0; j < channels; ++j)
        multiply_tf32(out[j], left, {__float_as_uint(row[8 * j]), __float_as_uint(row[8 * j + line])});
    }
  }

  // out = p^T times the rows of b, for the 16 keys of this warp; p (query, key) lies in shared memory.
  __device__ static void transposed_times(float (&out)[channels][4], const float* p, const float* b) {
    clear(out);
    CRISP_ROLLED
    for (int query = 2 * t(); query < tensor_window; query += 8) {
      const float* from = p + query * p_line + first() + g();
      const unsigned left[4] = {__float_as_uint(from[0]), __float_as_uint(from[8]),
                                __float_as_uint(from[p_line]), __float_as_uint(from[p_line + 8])};
      const float* row = b + query * line + g();
      CRISP_UNROLL
      for (int j = 0; j < channels; ++j)
        multiply_tf32(out[j], left, {__float_as_uint(row[8 * j]), __float_as_uint(row[8 * j + line])});
    }
  }

  __device__ static void write_rows(const float (&x)[channels][4], float* rows, float factor = 1) {
    each_pair(x, [&](int row, int column, const float* v) {
      *reinterpret_cast<float2*>(rows + row * line + column) = make_float2(factor * v[0], factor * v[1]);
    });
  }
  __device__ static void write_scores(const float (&x)[scores][4], float* p) {
    each_pair(x, [&](int row, int column, const float* v) {
      *reinterpret_cast<float2*>(p + row * p_line + column) =
          make_float2(__uint_as_float(to_tf32(v[0])), __uint_as_float(to_tf32(v[1])));
    });
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
