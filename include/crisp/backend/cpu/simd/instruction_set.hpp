// The instructions that this file is compiled for, as the name of the namespace of all that depends on them. So two files of one program
// that are compiled for different processors have functions of different names, and the linker does not take the one's for the other's.
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
