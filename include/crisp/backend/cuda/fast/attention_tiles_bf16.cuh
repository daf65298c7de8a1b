// Window attention of bfloat16 values on the tensor cores: they are copied and multiplied as they are, in
// half the memory of floats, twice as many at once. Of four matrices (8, 8) that a load brings, two belong to
// one tile of columns and two to the next.
#pragma once
#include "crisp/backend/cuda/fast/attention_tiles.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

template <int DP>
struct AttentionTiles<bfloat16, DP> : AttentionTilesOf<bfloat16, DP> {
  using Of = AttentionTilesOf<bfloat16, DP>;
  using Of::channels, Of::clear, Of::each_pair, Of::first, Of::lane, Of::line, Of::p_line, Of::scores;
  static constexpr bool both_scores = true;
  static constexpr int blocks = 3;

  template <int images>
  __device__ static void copy_in(bfloat16* const (&rows)[images], const bfloat16* image, int apart,
                                 int image_channels, const int* pixels, const Attention<bfloat16>& a) {
    const auto copy = [&](auto constant) {
      constexpr int together = decltype(constant)::value;
      Of::template each_chunk<together, true>([&](int row, int c) {
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
  __device__ static void copy_out(bfloat16* const (&rows)[images], bfloat16* image, int apart,
                                  int image_channels, const int* pixels, const Attention<bfloat16>& a) {
    __syncwarp();
    const auto copy = [&](auto constant) {
      constexpr int together = decltype(constant)::value;
      Of::template each_chunk<together, false>([&](int row, int c) {
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
    for (int k = 0; k < DP / 16; ++k)
      load_matrices(left[k], a + (first() + lane() % 16) * line + 16 * k + lane() / 16 * 8);
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
      add_product(out,
                  {to_bf16_pair(p[n][0], p[n][1]), to_bf16_pair(p[n][2], p[n][3]),
                   to_bf16_pair(p[n + 1][0], p[n + 1][1]), to_bf16_pair(p[n + 1][2], p[n + 1][3])},
                  b, 8 * n);
  }

  __device__ static void transposed_times(float (&out)[channels][4], const bfloat16* p, const bfloat16* b) {
    clear(out);
    CRISP_UNROLL
    for (int query = 0; query < tensor_window; query += 16) {
      unsigned left[4];
      load_matrices<true>(left,
                          p + (query + lane() / 16 * 8 + lane() % 8) * p_line + first() + lane() / 8 % 2 * 8);
      add_product(out, left, b, query);
    }
  }

  __device__ static void write_rows(const float (&x)[channels][4], bfloat16* rows, float factor = 1) {
    each_pair(x, [&](int row, int column, const float* v) {
      write_pair(rows + row * line + column, factor * v[0], factor * v[1]);
    });
  }
  __device__ static void write_scores(const float (&x)[scores][4], bfloat16* p) {
    each_pair(
        x, [&](int row, int column, const float* v) { write_pair(p + row * p_line + column, v[0], v[1]); });
  }

 private:
  // Adds left (16, 16) times rows `row` to `row` + 16 of b.
  __device__ static void add_product(float (&out)[channels][4], const unsigned (&left)[4], const bfloat16* b,
                                     int row) {
    CRISP_UNROLL
    for (int j = 0; j < channels; j += 2) {
      unsigned right[4];
      load_matrices<true>(right, b + (row + lane() % 16) * line + 8 * j + lane() / 16 * 8);
      multiply_bf16(out[j], left, {right[0], right[1]});
      multiply_bf16(out[j + 1], left, {right[2], right[3]});
    }
  }
  __device__ static void write_pair(bfloat16* to, float low, float high) {
    const float pair[2] = {low, high};
    store(to, pair);
  }
  template <class F>
  __device__ static void with_together(const Attention<bfloat16>& a, const F& f) {
    if (a.together == 8) f(std::integral_constant<int, 8>());
    else if (a.together == 2) f(std::integral_constant<int, 2>());
    else f(std::integral_constant<int, 1>());
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
