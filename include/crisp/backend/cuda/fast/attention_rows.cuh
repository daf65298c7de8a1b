// What the GPU's kernels for window attention share: where a window lies in its image, and how they copy rows
// of numbers from there and back.
#pragma once
#include "crisp/backend/cuda/fast/neighbours.cuh"
#include "crisp/backend/cuda/intrinsics.cuh"
#include "crisp/backend/cuda/plain.cuh"
#include "crisp/core/fused_ops.hpp"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

constexpr int attention_threads = 128;  // at most; as many as a window has pixels, in whole warps

template <class T>
struct Attention {
  const T *qkv, *bias;  // (N, H, W, 3 C), and (heads, key, query) or (heads, query, key)
  int windows;
  int H, W, C, heads, M, shift, n, d;  // n: pixels of a window, d: channels of a head
  float scale;                         // 1 / sqrt(d)
  int together;  // 8, 2 or 1: so many channels of a head lie in aligned groups in all images
};

// A window of the image rolled by -shift.
struct AttentionWindow {
  int top, left;
  Index image;         // the pixels of all images before
  bool bottom, right;  // whether it joins opposite edges of the image

  template <class T>
  __device__ AttentionWindow(const Attention<T>& a, int window) {
    const int across = a.W / a.M, high = a.H / a.M, line = window / across, row = line % high,
              column = window - line * across;
    top = row * a.M;
    left = column * a.M;
    image = Index(line / high) * a.H * a.W;
    bottom = a.shift > 0 && row == high - 1;
    right = a.shift > 0 && column == across - 1;
  }
  template <class T>
  __device__ int pixel(const Attention<T>& a, int i) const {
    const int h = top + i / a.M + a.shift, w = left + i % a.M + a.shift;
    return (h < a.H ? h : h - a.H) * a.W + (w < a.W ? w : w - a.W);
  }
  // The part of the image that pixel i comes from: those of different parts do not see each other.
  template <class T>
  __device__ int part(const Attention<T>& a, int i) const {
    return (bottom && i / a.M >= a.M - a.shift ? 2 : 0) + (right && i % a.M >= a.M - a.shift ? 1 : 0);
  }
};

// Of `count` windows in as many chunks of nearly equal size, where chunk `chunk` begins.
__device__ inline int first_of(int chunk, int chunks, int count) {
  return int(Index(chunk) * count / chunks);
}

// What a block shares: where the pixels are, and rows of D >= d numbers, a multiple of 4, the last of them
// zeros.
template <int D>
struct AttentionRows {
  template <class T>
  __device__ static void copy_in(float* rows, const T* image, int channels, const int* pixels,
                                 const Attention<T>& a, float scale = 1) {
    each_chunk(a, [&](auto constant, int i) {
      constexpr int n = decltype(constant)::value;
      float v[n] = {};
      if (i % D < a.d) load(image + Index(pixels[i / D]) * channels + i % D, v);
      CRISP_UNROLL
      for (int k = 0; k < n; ++k) rows[i + k] = scale * v[k];
    });
  }
  template <class T>
  __device__ static void copy_out(const float* rows, T* image, int channels, const int* pixels,
                                  const Attention<T>& a) {
    each_chunk(a, [&](auto constant, int i) {
      constexpr int n = decltype(constant)::value;
      if (i % D >= a.d) return;
      float v[n];
      CRISP_UNROLL
      for (int k = 0; k < n; ++k) v[k] = rows[i + k];
      store(image + Index(pixels[i / D]) * channels + i % D, v);
    });
  }
  __device__ static void read(float (&x)[D], const float* row) {
    CRISP_UNROLL
    for (int c = 0; c < D; c += 4) {
      const float4 v = *reinterpret_cast<const float4*>(row + c);
      x[c] = v.x, x[c + 1] = v.y, x[c + 2] = v.z, x[c + 3] = v.w;
    }
  }
  __device__ static void write(float* row, const float (&x)[D], float factor = 1) {
    CRISP_UNROLL
    for (int c = 0; c < D; c += 4)
      *reinterpret_cast<float4*>(row + c) =
          make_float4(factor * x[c], factor * x[c + 1], factor * x[c + 2], factor * x[c + 3]);
  }
  __device__ static float dot(const float (&x)[D], const float* row) {
    float sum = 0;
    CRISP_UNROLL
    for (int c = 0; c < D; c += 4) {
      const float4 v = *reinterpret_cast<const float4*>(row + c);
      sum += x[c] * v.x;
      sum += x[c + 1] * v.y;
      sum += x[c + 2] * v.z;
      sum += x[c + 3] * v.w;
    }
    return sum;
  }
  __device__ static void add(float (&sum)[D], float factor, const float* row) {
    CRISP_UNROLL
    for (int c = 0; c < D; c += 4) {
      const float4 v = *reinterpret_cast<const float4*>(row + c);
      sum[c] += factor * v.x;
      sum[c + 1] += factor * v.y;
      sum[c + 2] += factor * v.z;
      sum[c + 3] += factor * v.w;
    }
  }

 private:
  // f(n, i) for the chunks of n neighbours, a constant, from number i of all rows on, that this thread
  // copies.
  template <class T, class F>
  __device__ static void each_chunk(const Attention<T>& a, const F& f) {
    const auto chunks_of = [&](auto constant) {
      constexpr int n = decltype(constant)::value;
      for (int i = n * int(threadIdx.x); i < a.n * D; i += n * int(blockDim.x)) f(constant, i);
    };
    if (std::is_same_v<T, bfloat16> && a.together > 1) chunks_of(std::integral_constant<int, 2>());
    else chunks_of(std::integral_constant<int, 1>());
  }
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
