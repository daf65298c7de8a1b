// The GPU backend: the primitives of backend/cuda/plain.cuh, and the fused ops of backend/cuda/fast/.
#pragma once
#include "crisp/backend/cuda/fast/batch_norm.cuh"
#include "crisp/backend/cuda/fast/channels.cuh"
#include "crisp/backend/cuda/fast/conv2d.cuh"
#include "crisp/backend/cuda/fast/for_each_of.cuh"
#include "crisp/backend/cuda/fast/gelu.cuh"
#include "crisp/backend/cuda/fast/layer_norm.cuh"
#include "crisp/backend/cuda/fast/pixel_shuffle.cuh"
#include "crisp/backend/cuda/fast/prelu.cuh"
#include "crisp/backend/cuda/fast/sign_bits.cuh"
#include "crisp/backend/cuda/fast/softmax.cuh"
#include "crisp/backend/cuda/fast/window_attention.cuh"
#include "crisp/backend/cuda/plain.cuh"
#include "crisp/backend/cuda/staging.cuh"
#include "crisp/core/fused_ops.hpp"

namespace crisp::inline CRISP_CUDA_KIND {

/// The GPU: the primitives, and the fused ops that it computes faster than from them.
struct Cuda : PlainCuda,
              cuda::CopiesBesideCompute,
              cuda::FastForEachOf,
              cuda::FastSumRows,
              cuda::FastConv2d,
              cuda::FastBatchNorm,
              cuda::FastPrelu,
              cuda::FastSignBits,
              cuda::FastPixelShuffle,
              cuda::FastLayerNorm,
              cuda::FastGelu,
              cuda::FastSoftmax,
              cuda::FastWindowAttention {};
static_assert(HasSynchronize<Cuda> && HasGraphs<Cuda> && HasStaging<Cuda, float>);
static_assert(HasForEachOf<Cuda>);
static_assert(HasSumRows<Cuda, float> && HasSumRows<Cuda, bfloat16>);
static_assert(HasConv2d<Cuda, float> && HasConv2d<Cuda, bfloat16>);
static_assert(HasBatchNorm<Cuda, float> && HasBatchNorm<Cuda, bfloat16>);
static_assert(HasPrelu<Cuda, float> && HasPrelu<Cuda, bfloat16>);
static_assert(HasPositiveBits<Cuda, float> && HasPositiveBits<Cuda, bfloat16>);
static_assert(HasPixelShuffle<Cuda, float> && HasPixelShuffle<Cuda, bfloat16>);
static_assert(HasLayerNorm<Cuda, float> && HasLayerNorm<Cuda, bfloat16>);
static_assert(HasGelu<Cuda, float> && HasGelu<Cuda, bfloat16>);
static_assert(HasSoftmax<Cuda, float> && HasSoftmax<Cuda, bfloat16>);
static_assert(HasWindowAttention<Cuda, float> && HasWindowAttention<Cuda, bfloat16>);
static_assert(Backend<Cuda>);

}  // namespace crisp::inline CRISP_CUDA_KIND
