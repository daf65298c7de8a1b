// CRISP_CPU_KIND names the instruction set that this file is compiled for.
// All code that depends on it lies in crisp::cpu, within an inline namespace of that name.
// So two files of one program may be compiled for different processors: their functions have different names,
// and the linker cannot take one for the other.
#pragma once
#if defined(__AVX512F__)
#define CRISP_CPU_KIND avx512
#define CRISP_VECTOR_BYTES 64
#elif defined(__AVX2__) && defined(__FMA__)
#define CRISP_CPU_KIND avx2
#define CRISP_VECTOR_BYTES 32
#elif defined(__AVX__)
#define CRISP_CPU_KIND avx
#define CRISP_VECTOR_BYTES 32
#else
#define CRISP_CPU_KIND basic
#define CRISP_VECTOR_BYTES 16
#endif
