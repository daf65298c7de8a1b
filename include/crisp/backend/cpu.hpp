// The CPU backend: the primitives of cpu/plain.hpp, a fast matrix product, and the fused ops of cpu/fast/.
// The device without them is EigenCpu of cpu/eigen.hpp.
#pragma once
#if defined(__CUDACC__)
#pragma nv_diagnostic push  // of what simd/vector.hpp suppresses
#endif
#include "crisp/backend/cpu/fast/batch_norm.hpp"
#include "crisp/backend/cpu/fast/conv2d.hpp"
#include "crisp/backend/cpu/fast/depthwise_conv.hpp"
#include "crisp/backend/cpu/fast/gelu.hpp"
#include "crisp/backend/cpu/fast/gemm.hpp"
#include "crisp/backend/cpu/fast/layer_norm.hpp"
#include "crisp/backend/cpu/fast/pixel_shuffle.hpp"
#include "crisp/backend/cpu/fast/prelu.hpp"
#include "crisp/backend/cpu/fast/sign_bits.hpp"
#include "crisp/backend/cpu/fast/swin_layer.hpp"
#include "crisp/backend/cpu/fast/window_attention.hpp"
#include "crisp/backend/cpu/plain.hpp"
#if defined(__CUDACC__)
#pragma nv_diagnostic pop
#endif

#include "crisp/core/fused_ops.hpp"

namespace crisp {

/// The processor of this machine: the primitives, and the fused ops that it computes faster than from them.
struct Cpu : PlainCpu,
             cpu::FastGemm,
             cpu::FastSumRows,
             cpu::FastConv2d,
             cpu::FastDepthwiseConv,
             cpu::FastBatchNorm,
             cpu::FastPrelu,
             cpu::FastSignBits,
             cpu::FastPixelShuffle,
             cpu::FastLayerNorm,
             cpu::FastGelu,
             cpu::FastWindowAttention,
             cpu::FastSwinLayer {};
static_assert(HasSumRows<Cpu, float>);
static_assert(HasConv2d<Cpu, float>);
static_assert(HasDepthwiseConv2d<Cpu, float>);
static_assert(HasBatchNorm<Cpu, float>);
static_assert(HasPrelu<Cpu, float>);
static_assert(HasPositiveBits<Cpu, float> && HasWhereBits<Cpu, float>);
static_assert(HasPixelShuffle<Cpu, float>);
static_assert(HasLayerNorm<Cpu, float>);
static_assert(HasGelu<Cpu, float>);
static_assert(HasWindowAttention<Cpu, float>);
static_assert(HasSwinLayer<Cpu, float>);
static_assert(Backend<Cpu>);

}  // namespace crisp
