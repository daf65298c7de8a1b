// The matrix product of cuBLAS, with its storage by columns and the rounding of factors that the GPU's tensor
// cores do.
#pragma once
#include <bit>
#include <cstdint>
#include <vector>

#include "crisp/core/bfloat16.hpp"
#include "emulation/runtime.hpp"

enum cublasStatus_t { CUBLAS_STATUS_SUCCESS = 0, CUBLAS_STATUS_INVALID_VALUE = 7 };
enum cublasOperation_t { CUBLAS_OP_N, CUBLAS_OP_T };
enum cudaDataType { CUDA_R_32F, CUDA_R_64F, CUDA_R_16BF };
enum cublasComputeType_t {
  CUBLAS_COMPUTE_32F,
  CUBLAS_COMPUTE_32F_FAST_TF32,
  CUBLAS_COMPUTE_32F_FAST_16BF,
  CUBLAS_COMPUTE_64F
};
enum cublasGemmAlgo_t { CUBLAS_GEMM_DEFAULT };
struct crisp_emulated_blas {
  cudaStream_t stream;
};
using cublasHandle_t = crisp_emulated_blas*;

namespace crisp::emulation {

// x with so many bits of its mantissa: 10 for TF32, 7 for bf16; rounded to nearest, ties to even.
inline float rounded(float x, int bits) {
  const unsigned u = std::bit_cast<unsigned>(x), low = 1u << (23 - bits);
  if ((u & 0x7f800000u) == 0x7f800000u) return x;
  return std::bit_cast<float>((u + low / 2 - 1 + (u / low & 1)) & ~(low - 1));
}
inline double rounded(double x, int) { return x; }

// The matrix x, stored by columns with a step of `step` (its transpose where `transposed`), by rows: (rows,
// cols).
template <class T, class Stored>
std::vector<T> by_rows(const Stored* x, bool transposed, std::int64_t rows, std::int64_t cols,
                       std::int64_t step, int bits) {
  std::vector<T> y(static_cast<std::size_t>(rows * cols));
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < cols; ++j) {
      const T value = transposed ? x[i * step + j] : x[j * step + i];
      y[std::size_t(i * cols + j)] = bits < 23 ? rounded(value, bits) : value;
    }
  return y;
}

// c (m, n) = op(a) (m, k) op(b) (k, n) + beta c, all stored by columns.
template <class T, class Stored>
void product(bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, T alpha, const Stored* a,
             std::int64_t lda, const Stored* b, std::int64_t ldb, T beta, Stored* c, std::int64_t ldc,
             int bits) {
  const std::vector<T> A = by_rows<T>(a, !ta, k, m, lda, bits);  // the transpose of op(a): (k, m)
  const std::vector<T> B = by_rows<T>(b, !tb, n, k, ldb, bits);  // of op(b): (n, k)
  std::vector<T> sums(static_cast<std::size_t>(m));
  for (std::int64_t j = 0; j < n; ++j) {
    std::fill(sums.begin(), sums.end(), T(0));
    for (std::int64_t p = 0; p < k; ++p) {
      const T factor = B[std::size_t(j * k + p)], *row = A.data() + p * m;
      T* sum = sums.data();
      for (std::int64_t i = 0; i < m; ++i) sum[i] += factor * row[i];
    }
    for (std::int64_t i = 0; i < m; ++i)
      c[j * ldc + i] = alpha * sums[std::size_t(i)] + (beta == T(0) ? T(0) : beta * c[j * ldc + i]);
  }
}

}  // namespace crisp::emulation

inline const char* cublasGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? "success" : "an unsupported value or parameter was passed";
}
inline cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  *handle = new crisp_emulated_blas{nullptr};
  return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasSetWorkspace(cublasHandle_t, void*, std::size_t) { return CUBLAS_STATUS_SUCCESS; }

inline cublasStatus_t cublasGemmStridedBatchedEx_64(
    cublasHandle_t handle, cublasOperation_t opa, cublasOperation_t opb, std::int64_t m, std::int64_t n,
    std::int64_t k, const void* alpha, const void* a, cudaDataType type_a, std::int64_t lda, long long step_a,
    const void* b, cudaDataType type_b, std::int64_t ldb, long long step_b, const void* beta, void* c,
    cudaDataType type_c, std::int64_t ldc, long long step_c, std::int64_t batch, cublasComputeType_t compute,
    cublasGemmAlgo_t) {
  using namespace crisp::emulation;
  const bool ta = opa == CUBLAS_OP_T, tb = opb == CUBLAS_OP_T, is_double = compute == CUBLAS_COMPUTE_64F;
  const cudaDataType not_double = type_c == CUDA_R_16BF ? CUDA_R_16BF : CUDA_R_32F;
  const cudaDataType type = is_double ? CUDA_R_64F : not_double;
  if (m < 0 || n < 0 || k < 0 || batch < 0 || lda < std::max<std::int64_t>(1, ta ? k : m) ||
      ldb < std::max<std::int64_t>(1, tb ? n : k) || ldc < std::max<std::int64_t>(1, m) || type_a != type ||
      type_b != type || type_c != type)
    return CUBLAS_STATUS_INVALID_VALUE;
  int bits = 23;
  if (compute == CUBLAS_COMPUTE_32F_FAST_TF32) bits = 10;
  if (compute == CUBLAS_COMPUTE_32F_FAST_16BF) bits = 7;
  const auto all = [=]<class T, class Stored>(T one, T factor, Stored*) {  // alpha and beta are read now
    const auto run = [=] {
      const DeviceMemory::Access open;
      for (std::int64_t i = 0; i < batch; ++i)
        product(ta, tb, m, n, k, one, static_cast<const Stored*>(a) + i * step_a, lda,
                static_cast<const Stored*>(b) + i * step_b, ldb, factor, static_cast<Stored*>(c) + i * step_c,
                ldc, bits);
      return cudaSuccess;
    };
    if (!Captures::get().write_down(handle->stream, run)) run();
  };
  if (is_double)
    all(*static_cast<const double*>(alpha), *static_cast<const double*>(beta), static_cast<double*>(c));
  else if (type == CUDA_R_16BF)
    all(*static_cast<const float*>(alpha), *static_cast<const float*>(beta),
        static_cast<crisp::bfloat16*>(c));
  else all(*static_cast<const float*>(alpha), *static_cast<const float*>(beta), static_cast<float*>(c));
  return CUBLAS_STATUS_SUCCESS;
}
