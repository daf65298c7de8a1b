// What kernels cannot say in CUDA's own language: asynchronous copies, and products on the tensor cores. Each
// has three bodies: for GPUs of version 8.0 and later, for older ones in plain CUDA, and emulated. There is
// no other PTX in crisp.
#pragma once
#include "crisp/backend/cuda/runtime.cuh"
#include "crisp/core/bfloat16.hpp"

namespace crisp::cuda::inline CRISP_CUDA_KIND {

// ---- Copies from global to shared memory that go on while the thread does. `bytes` is 4, 8 or 16, and both
// addresses are multiples of it. What is not `valid` is not read, and becomes zero. Copies belong to the next
// commit; a wait lets `pending` commits go on; then a barrier shows the bytes to other threads.

template <int bytes>
__device__ __forceinline__ void copy_async(void* shared, const void* global, bool valid = true) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
#if defined(CRISP_EMULATE_CUDA)
  emulation::Block::current().copy_async(shared, global, bytes, valid, emulation::Place::here());
#elif __CUDA_ARCH__ >= 800
  const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  if constexpr (bytes == 16)  // past the first cache
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(valid ? 16 : 0)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(to), "l"(global), "n"(bytes),
                 "r"(valid ? bytes : 0)
                 : "memory");
#else
  unsigned* to = static_cast<unsigned*>(shared);
  const unsigned* from = static_cast<const unsigned*>(global);
  if constexpr (bytes == 16)
    *reinterpret_cast<uint4*>(to) = valid ? *reinterpret_cast<const uint4*>(from) : make_uint4(0, 0, 0, 0);
  else if constexpr (bytes == 8)
    *reinterpret_cast<uint2*>(to) = valid ? *reinterpret_cast<const uint2*>(from) : make_uint2(0, 0);
  else *to = valid ? *from : 0;
#endif
}

__device__ __forceinline__ void copy_async_commit() {
#if defined(CRISP_EMULATE_CUDA)
  emulation::Block::current().commit_copies();
#elif __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

template <int pending>
__device__ __forceinline__ void copy_async_wait() {
#if defined(CRISP_EMULATE_CUDA)
  emulation::Block::current().wait_for_copies(pending);
#elif __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
#endif
}

// ---- Factors for the tensor cores: a float rounded to TF32 (11 bits of precision), and two floats as bf16
// (8 bits), `low` in the lower half.

__device__ __forceinline__ unsigned to_tf32(float x) {
#if !defined(CRISP_EMULATE_CUDA) && __CUDA_ARCH__ >= 800
  unsigned bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return bits;
#else
  const unsigned bits = __float_as_uint(x);
  return (bits & 0x7f800000u) == 0x7f800000u
             ? bits
             : (bits + 0x1000u) & 0xffffe000u;  // to nearest, ties away from zero
#endif
}

__device__ __forceinline__ unsigned to_bf16(float x) { return bfloat16(x).bits; }  // in the lower half
__device__ __forceinline__ unsigned to_bf16_pair(float low, float high) {
#if !defined(CRISP_EMULATE_CUDA) && __CUDA_ARCH__ >= 800
  unsigned bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
#else
  return to_bf16(low) | to_bf16(high) << 16;
#endif
}
__device__ __forceinline__ float low_bf16(unsigned pair) { return __uint_as_float(pair << 16); }
__device__ __forceinline__ float high_bf16(unsigned pair) { return __uint_as_float(pair & 0xffff0000u); }

// 2^x in one instruction, right to 22 bits; 0 below 2^-126.
__device__ __forceinline__ float fast_exp2(float x) {
#if defined(CRISP_EMULATE_CUDA)
  return std::exp2(x);
#else
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#endif
}

// ---- Products of small matrices by the 32 threads of a warp, c (16, 8) += a b, sums in float.
// Thread 4 g + t holds
//   TF32, a (16, 8), b (8, 8):    a[0..3] = a(g, t), a(g+8, t), a(g, t+4), a(g+8, t+4)
//                                 b[0..1] = b(t, g), b(t+4, g)
//   bf16, a (16, 16), b (16, 8):  the same with 2t for t and 8 for 4, each a pair:
//                                 a[0] = a(g, 2t), a(g, 2t+1);  b[0] = b(2t, g), b(2t+1, g)
//   both:                         c[0..3] = c(g, 2t), c(g, 2t+1), c(g+8, 2t), c(g+8, 2t+1)

__device__ inline void multiply_tf32_by_shuffles(float (&c)[4], const unsigned (&a)[4],
                                                 const unsigned (&b)[2]) {
  const int lane = int(threadIdx.x) % 32, g = lane / 4, t = lane % 4;
  CRISP_UNROLL
  for (int k = 0; k < 8; ++k) {
    const float upper = __uint_as_float(__shfl_sync(~0u, k < 4 ? a[0] : a[2], g * 4 + k % 4)),
                lower = __uint_as_float(__shfl_sync(~0u, k < 4 ? a[1] : a[3], g * 4 + k % 4));
    const unsigned own = k < 4 ? b[0] : b[1];
    const float left = __uint_as_float(__shfl_sync(~0u, own, 2 * t * 4 + k % 4)),
                right = __uint_as_float(__shfl_sync(~0u, own, (2 * t + 1) * 4 + k % 4));
    c[0] += upper * left;
    c[1] += upper * right;
    c[2] += lower * left;
    c[3] += lower * right;
  }
}

__device__ __forceinline__ void multiply_tf32(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#if defined(CRISP_EMULATE_CUDA)
  emulation::multiply_tf32(c, a, b);
#elif __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, "
      "%1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  multiply_tf32_by_shuffles(c, a, b);
#endif
}

__device__ inline void multiply_bf16_by_shuffles(float (&c)[4], const unsigned (&a)[4],
                                                 const unsigned (&b)[2]) {
  const int lane = int(threadIdx.x) % 32, g = lane / 4, t = lane % 4;
  CRISP_ROLLED  // a kernel has dozens of these products, and takes minutes to compile with their loops
                // written out
      for (int k = 0; k < 16; k += 2) {  // two at once, as they lie in one pair
    const int from = k % 8 / 2;
    const unsigned upper = __shfl_sync(~0u, k < 8 ? a[0] : a[2], g * 4 + from),
                   lower = __shfl_sync(~0u, k < 8 ? a[1] : a[3], g * 4 + from);
    const unsigned own = k < 8 ? b[0] : b[1];
    const unsigned left = __shfl_sync(~0u, own, 2 * t * 4 + from),
                   right = __shfl_sync(~0u, own, (2 * t + 1) * 4 + from);
    c[0] += low_bf16(upper) * low_bf16(left) + high_bf16(upper) * high_bf16(left);
    c[1] += low_bf16(upper) * low_bf16(right) + high_bf16(upper) * high_bf16(right);
    c[2] += low_bf16(lower) * low_bf16(left) + high_bf16(lower) * high_bf16(left);
    c[3] += low_bf16(lower) * low_bf16(right) + high_bf16(lower) * high_bf16(right);
  }
}

__device__ __forceinline__ void multiply_bf16(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#if defined(CRISP_EMULATE_CUDA)
  emulation::multiply_bf16(c, a, b);
#elif __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  multiply_bf16_by_shuffles(c, a, b);
#endif
}

// ---- Four matrices (8, 8) of 16-bit numbers from shared memory. Thread l names row l % 8 of matrix l / 8,
// 16 aligned bytes, and gets in m[i] the pair at row l / 4 and columns 2 (l % 4) and the next of matrix i: as
// multiply_bf16 wants its a and b. `transposed` exchanges rows and columns.

template <bool transposed = false>
__device__ __forceinline__ void load_matrices(unsigned (&m)[4], const void* row) {
#if defined(CRISP_EMULATE_CUDA)
  emulation::load_matrices(m, row, transposed);
#elif defined(__CUDA_ARCH__)  // since 7.5, the oldest that nvcc compiles for
  const unsigned from = static_cast<unsigned>(__cvta_generic_to_shared(row));
  if constexpr (transposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3])
                 : "r"(from)
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3])
                 : "r"(from)
                 : "memory");
#else
  static_cast<void>(m), static_cast<void>(row);
#endif
}

}  // namespace crisp::cuda::inline CRISP_CUDA_KIND
