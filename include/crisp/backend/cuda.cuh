// The GPU backend: the primitives of backend/cuda/plain.cuh, and the ops that backend/cuda/fast/*.cuh compute as a whole.
#pragma once
#include "crisp/backend/cuda/plain.cuh"
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
#include "crisp/backend/cuda/staging.cuh"

namespace crisp::inline CRISP_CUDA_KIND {

/// The GPU: the primitives, and the whole ops that it computes faster than from them.
struct Cuda : PlainCuda, cuda::CopiesBesideCompute, cuda::FastForEachOf, cuda::FastSumRows, cuda::FastConv2d, cuda::FastBatchNorm, cuda::FastPrelu, cuda::FastSignBits, cuda::FastPixelShuffle, cuda::FastLayerNorm, cuda::FastGelu, cuda::FastSoftmax, cuda::FastWindowAttention {};
static_assert(Backend<Cuda>);

}  // namespace crisp::inline CRISP_CUDA_KIND
