// What the GPU's kernels for window attention share: where a window lies in its image, and how they copy rows of numbers from there and back.
#pragma once
#include "crisp/backend/cuda/intrinsics.cuh"
#include "crisp/backend/cuda/plain.cuh"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

constexpr int attention_threads = 128;  // at most; as many as a window has pixels, in whole warps

struct Attention {
  const float *qkv, *bias;  // (N, H, W, 3 C), and (heads, key, query) or (heads, query, key)
  Index windows;
  int H, W, C, heads, M, shift, n, d;  // n: pixels of a window, d: channels of a head
  float scale;                         // 1 / sqrt(d)
};

// A window of the image rolled by -shift.
struct AttentionWindow {
  int top, left;
  Index image;
  bool bottom, right;  // whether it joins opposite edges of the image

  __device__ AttentionWindow(const Attention& a, Index window) {
    const int across = a.W / a.M, high = a.H / a.M, row = int(window / across % high), column = int(window % across);
    top = row * a.M;
    left = column * a.M;
    image = window / across / high;
    bottom = a.shift > 0 && row == high - 1;
    right = a.shift > 0 && column == across - 1;
  }
  __device__ Index pixel(const Attention& a, int i) const {
    const int h = top + i / a.M + a.shift, w = left + i % a.M + a.shift;
    return (image * a.H + (h < a.H ? h : h - a.H)) * a.W + (w < a.W ? w : w - a.W);
  }
  // The part of the image that pixel i comes from: those of different parts do not see each other.
  __device__ int part(const Attention& a, int i) const { return (bottom && i / a.M >= a.M - a.shift ? 2 : 0) + (right && i % a.M >= a.M - a.shift ? 1 : 0); }
};

// What a block shares: where the pixels are, and rows of D >= d numbers, a multiple of 4, the last of them zeros.
template <int D>
struct AttentionRows {
  template <bool as_tf32 = false>
  __device__ static void copy_in(float* rows, const float* image, int channels, const Index* pixels, const Attention& a, float scale = 1) {
    for (int i = int(threadIdx.x); i < a.n * D; i += int(blockDim.x)) {
      const float v = i % D < a.d ? scale * image[pixels[i / D] * channels + i % D] : 0.0f;
      rows[i] = as_tf32 ? __uint_as_float(to_tf32(v)) : v;
    }
  }
  __device__ static void copy_out(const float* rows, float* image, int channels, const Index* pixels, const Attention& a) {
    for (int i = int(threadIdx.x); i < a.n * D; i += int(blockDim.x))
      if (i % D < a.d) image[pixels[i / D] * channels + i % D] = rows[i];
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
    for (int c = 0; c < D; c += 4) *reinterpret_cast<float4*>(row + c) = make_float4(factor * x[c], factor * x[c + 1], factor * x[c + 2], factor * x[c + 3]);
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
};

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
