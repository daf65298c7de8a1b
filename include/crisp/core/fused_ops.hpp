// Fused ops: what a device may compute as one kernel instead of step by step from its primitives. All of them
// are optional. An op of ops/ asks by the concept, and goes on with primitives where the device has no such
// kernel, or refuses these sizes:
//
//   if constexpr (HasConv2d<D, T>)
//     if (D::conv2d(x, w, b, y, sizes, epilogue)) return y;
//
// A fused op that refuses returns false, before it has written anything. Devices list theirs one a line, each
// with a static_assert by its concept (backend/cpu.hpp, backend/cuda.cuh), so that a misspelt kernel does not
// compile.
#pragma once
#include <concepts>
#include <cstdint>

#include "crisp/core/bfloat16.hpp"

namespace crisp {

/// A convolution of x (N, H, W, C) with w (O, kH, kW, C) to y (N, OH, OW, O): output pixel (i, j) meets input
/// pixel (i stride + p dilation - top, j stride + q dilation - left) under tap (p, q), and zeros beyond the
/// image.
struct ConvSizes {
  Index N, H, W, C, O, kH, kW, stride, top, left, OH, OW, dilation = 1;
  CRISP_HD Index pixels() const { return N * OH * OW; }
  CRISP_HD Index taps() const { return kH * kW * C; }
  bool pointwise() const {
    return kH == 1 && kW == 1 && stride == 1 && top == 0 && left == 0 && OH == H && OW == W;
  }
};

/// What a convolution does with a result before it is stored: adds `plus`, of the shape of the result, and
/// takes the maximum with 0.
template <class T>
struct ConvEpilogue {
  const T* plus = nullptr;  // null: nothing
  bool relu = false;
};

/// Attention within the windows of images (N, H, W, C): `window` x `window` pixels each, the image rolled up
/// and to the left by `shift` before.
struct AttentionSizes {
  Index N, H, W, C, heads, window, shift;
  CRISP_HD Index windows() const { return N * (H / window) * (W / window); }
  CRISP_HD Index pixels() const { return window * window; }  // of one window
  CRISP_HD Index head_channels() const { return C / heads; }
};

/// A layer of a Swin transformer, y = x + attention(norm1(x)), z = y + fc2(gelu(fc1(norm2(y)))).
/// position_bias is (heads, n, n) with n the pixels of a window, fc1 (hidden, C), fc2 (C, hidden).
template <class T>
struct SwinLayer {
  struct Weights {
    const T *weight, *bias;
  };
  AttentionSizes sizes;
  Index hidden;
  const T* position_bias;
  Weights norm1, qkv, proj, norm2, fc1, fc2;
  T eps1, eps2;
};

/// y (cols) = the sum over the rows of x (rows, cols).
template <class D, class T>
concept HasSumRows = requires(const T* x, Index rows, Index cols, T* y) {
  { D::sum_rows(x, rows, cols, y) } -> std::same_as<bool>;
};

/// See ConvSizes; b may be null. The gradient is that of w.
template <class D, class T>
concept HasConv2d = requires(const T* in, T* out, const ConvSizes& s, const ConvEpilogue<T>& epilogue) {
  { D::conv2d(in, in, in, out, s, epilogue) } -> std::same_as<bool>;    // x, w, b, y
  { D::conv2d_weight_gradient(in, in, out, s) } -> std::same_as<bool>;  // x, dy, dw
};

/// A convolution in which each channel sees itself alone: O = C in the sizes, w (C, kH, kW), b may be null.
/// Where the first takes the sizes, the gradients take them too.
template <class D, class T>
concept HasDepthwiseConv2d = requires(const T* in, T* out, const ConvSizes& s) {
  { D::depthwise_conv2d(in, in, in, out, s) } -> std::same_as<bool>;              // x, w, b, y
  { D::depthwise_conv2d_input_gradient(in, in, out, s) } -> std::same_as<bool>;   // dy, w, dx
  { D::depthwise_conv2d_weight_gradient(in, in, out, s) } -> std::same_as<bool>;  // x, dy, dw
};

/// x (rows, C), and a mean, a variance, a weight and a bias of C numbers each. Two gradients after each
/// other: first the sums (2, C), those of dy times the normalised x and of dy; then dx, by the same sums
/// where the statistics are those of the batch.
template <class D, class T>
concept HasBatchNorm = requires(const T* in, T* out, const Wide<T>* of_channel, Wide<T>* sums, Index n,
                                Wide<T> eps, bool of_batch) {
  { D::channel_statistics(in, n, n, sums, sums) } -> std::same_as<bool>;  // x; mean, variance
  {
    D::batch_norm(in, in, in, of_channel, of_channel, out, n, n, eps)
    } -> std::same_as<bool>;  // x, w, b, mean, variance, y
  {
    D::batch_norm_sums(in, in, of_channel, of_channel, sums, n, n, eps)
    } -> std::same_as<bool>;  // x, dy, mean, variance, sums
  {
    D::batch_norm_gradient(in, in, in, of_channel, of_channel, of_channel, out, n, n, eps, of_batch)
    } -> std::same_as<bool>;
};  // x, w, dy, mean, variance, sums, dx

/// x (rows, C); mean and 1 / sqrt(variance + eps) of each row are kept for the gradient.
template <class D, class T>
concept HasLayerNorm = requires(const T* in, T* out, const Wide<T>* of_row, Wide<T>* kept, Index n,
                                Wide<T> eps) {
  { D::layer_norm(in, in, in, out, kept, kept, n, n, eps) } -> std::same_as<bool>;  // x, w, b, y, mean, rstd
  {
    D::layer_norm_gradient(in, in, of_row, of_row, in, out, out, out, n, n)
    } -> std::same_as<bool>;  // .., dy, dx, dw, db
};

/// x (rows, C), slopes (C), or one where the step from channel to channel is 0. prelu_invertible: whether x
/// can be told from y, which then takes its place in memory (from_y).
template <class D, class T>
concept HasPrelu = requires(const T* in, T* out, Index n, bool from_y) {
  { D::prelu(in, in, out, n, n, n) } -> std::same_as<bool>;  // x, slopes, y, rows, C, step
  { D::prelu_invertible(in, n, n) } -> std::same_as<bool>;
  {
    D::prelu_gradient(in, from_y, in, in, out, out, n, n, n)
    } -> std::same_as<bool>;  // x, .., slopes, dy, dx, dslopes
};

/// Which of n numbers are positive, a bit each: what the gradient of a rectifier has to know.
template <class D, class T>
concept HasPositiveBits = requires(const T* in, Index n, std::uint32_t* bits) {
  { D::positive_bits(in, n, bits) } -> std::same_as<bool>;
};

/// n numbers where a bit is set, else 0: that gradient.
template <class D, class T>
concept HasWhereBits = requires(const std::uint32_t* bits, const T* in, Index n, T* out) {
  { D::where_bits(bits, in, n, out) } -> std::same_as<bool>;
};

/// (N, H, W, r r C) to (N, r H, r W, C), or back. N, H, W and C are given, then r.
template <class D, class T>
concept HasPixelShuffle = requires(const T* in, T* out, Index n, bool back) {
  { D::pixel_shuffle(in, out, n, n, n, n, n, back) } -> std::same_as<bool>;
};

/// y and, unless it is null, the slope of n numbers.
template <class D, class T>
concept HasGelu = requires(const T* in, T* out, Index n) {
  { D::gelu(in, out, out, n) } -> std::same_as<bool>;
};

/// x (rows, n), along each row.
template <class D, class T>
concept HasSoftmax = requires(const T* in, T* out, Index n) {
  { D::softmax(in, out, n, n) } -> std::same_as<bool>;
  { D::softmax_gradient(in, in, out, n, n) } -> std::same_as<bool>;  // y, dy, dx
};

/// qkv (N, H, W, 3 C), bias (heads, n, n) -> y (N, H, W, C). Where the first takes the sizes, the gradient
/// takes them too.
template <class D, class T>
concept HasWindowAttention = requires(const T* in, T* out, const AttentionSizes& s) {
  { D::window_attention(in, in, out, s) } -> std::same_as<bool>;  // qkv, bias, y
  {
    D::window_attention_gradient(in, in, in, out, out, s)
    } -> std::same_as<bool>;  // qkv, bias, dy, dqkv, dbias
};

/// Of x (N, H, W, C) to z, without a gradient: for inference.
template <class D, class T>
concept HasSwinLayer = requires(const T* in, T* out, const SwinLayer<T>& layer) {
  { D::swin_layer(in, layer, out) } -> std::same_as<bool>;
};

/// Services that a device may offer beside ops. Work that runs beside the host has to be waited for;
template <class D>
concept HasSynchronize = requires {
  D::synchronize();
};
/// batches may travel to the device while it computes (backend/cuda/staging.cuh);
template <class D, class T>
concept HasStaging = requires {
  typename D::template Staging<T>;
};
/// a step may be captured once and replayed (core/graph.hpp).
template <class D>
concept HasGraphs = requires {
  typename D::CapturedStep;
};

}  // namespace crisp
