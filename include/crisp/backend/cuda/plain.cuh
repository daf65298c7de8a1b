// The primitives of the GPU backend, as CUDA kernels and cuBLAS products, in the order of one stream.
#pragma once
#include <mutex>

#include "crisp/backend/cuda/graph.cuh"
#include "crisp/backend/cuda/primitives.cuh"
#include "crisp/core/backend.hpp"
#include "crisp/core/graph.hpp"

namespace crisp {

/// How the GPU multiplies float matrices: exactly, or on its tensor cores with factors rounded to 11 or 8
/// bits. Sums are float in all.
enum class Math { fp32, tf32, bf16 };

inline namespace CRISP_CUDA_KIND {

/// The primitives, from which every op can be computed: the reference that the fast paths of Cuda are tested
/// against.
struct PlainCuda {
  static constexpr const char* name = "cuda";
  using CapturedStep = cuda::CapturedStep;  // see Graph

  template <class T>
  static T* allocate(Index n) {
    check(n <= std::numeric_limits<Index>::max() / Index(sizeof(T)), "out of memory: ", n,
          " elements were asked for");
    const std::size_t bytes = std::max<std::size_t>(std::size_t(n) * sizeof(T), 1);
    void* const p = block(bytes);
    check(p != nullptr, "out of memory: ", double(bytes) / 1048576.0,
          " MB more were asked for on the GPU; use smaller images, patches or batches");
#if defined(CRISP_POISON)
    cuda::cuda_check(cudaMemsetAsync(p, 0xff, bytes, cuda::Turn().stream), "filling new memory");
#endif
    return static_cast<T*>(p);
  }
  template <class T>
  static void deallocate(T* p, Index) noexcept {
    if (!p || cuda::GraphMemory::take_back(p)) return;
    if (cuda::GraphMemory* graph = cuda::GraphMemory::current()) return graph->keep(p);
    // Fails at the end of the program, where it does not matter.
    static_cast<void>(cudaFreeAsync(p, cuda::Turn().stream));
  }

  static MemoryUse memory_use() {
    synchronize();
    const Index graphs = cuda::GraphMemory::all_bytes();
    return {attribute(cudaMemPoolAttrUsedMemCurrent) + graphs,
            attribute(cudaMemPoolAttrReservedMemHigh) + graphs};
  }
  static void reset_peak() {
    synchronize();
    std::uint64_t zero = 0;  // the only value that may be set: the peak begins anew at what is reserved now
    cuda::cuda_check(cudaMemPoolTrimTo(cuda::Session::get().pool, 0), "giving back memory");
    cuda::cuda_check(
        cudaMemPoolSetAttribute(cuda::Session::get().pool, cudaMemPoolAttrReservedMemHigh, &zero),
        "giving back memory");
  }

  // The host's memory may be overwritten when from_host returns, unless it is pinned: a replay would read
  // there whatever it holds by then.
  template <class T>
  static void from_host(T* to, const T* from, Index n) {
    if (detail::capturing())
      detail::refuse_in_graph(
          "cuda: values of the host were copied to the GPU within a step of a Graph, which would copy from "
          "the same place later",
          "make the tensor once, before the graph");
    cuda::cuda_check(
        cudaMemcpyAsync(to, from, std::size_t(n) * sizeof(T), cudaMemcpyHostToDevice, cuda::Turn().stream),
        "copying to the GPU");
  }
  template <class T>
  static void to_host(T* to, const T* from, Index n) {
    detail::refuse_in_graph(
        "cuda: the host asked for a value within a step of a Graph",
        "keep the tensor, and call item() or to_host() after the step; clip_grad_norm does so too");
    cuda::cuda_check(
        cudaMemcpyAsync(to, from, std::size_t(n) * sizeof(T), cudaMemcpyDeviceToHost, cuda::Turn().stream),
        "copying from the GPU");
    synchronize();
  }

  template <class F>
  static void for_each(Index n, const F& f) {
    if (n <= 0) return;
    const Index threads = cuda::block_size(n), blocks = std::min(ceil_div(n, threads), cuda::max_blocks_x);
    cuda::launch("for_each", cuda::for_each_element<F>, dim3(unsigned(blocks)), dim3(unsigned(threads)), 0, n,
                 f);
  }

  template <class F>
  static void for_each(Index rows, Index cols, const F& f) {
    if (rows <= 0 || cols <= 0) return;
    const unsigned width = cuda::block_width(cols);
    const dim3 block(width, unsigned(cuda::block_size(std::min(rows, cuda::max_blocks) * width)) / width);
    const Index down = std::min(ceil_div(rows, block.y), cuda::max_blocks_x),
                across = std::min(ceil_div(cols, block.x), cuda::max_blocks);
    cuda::launch("for_each", cuda::for_each_row_and_column<F>, dim3(unsigned(down), unsigned(across)), block,
                 0, rows, cols, f);
  }

  // The order of each sum depends on the number of columns alone.
  template <class Join, class F, class T>
  static void row_reduce(Index rows, Index cols, const F& f, T* y) {
    if (rows <= 0) return;
    if (cols >= 512) {
      const dim3 grid(unsigned(std::min(rows, cuda::max_blocks_x)));
      return cuda::launch("row_reduce", cuda::reduce_rows_by_blocks<Join, F, T>, grid,
                          dim3(cols >= 8192 ? 1024 : 256), 0, rows, cols, f, y);
    }
    const int lanes = int(std::bit_ceil(std::uint64_t(std::clamp<Index>(cols, 1, 32))));
    const Index threads = cuda::block_size(std::min(rows, cuda::max_blocks) * lanes),
                blocks = std::min(ceil_div(rows, threads / lanes), cuda::max_blocks_x);
    cuda::launch("row_reduce", cuda::reduce_rows_by_lanes<Join, F, T>, dim3(unsigned(blocks)),
                 dim3(unsigned(threads)), 0, rows, cols, f, y, lanes);
  }

  /// cuBLAS stores matrices by columns, where ours are their transposes: it computes c^T = op(b)^T op(a)^T.
  template <class T>
  static void gemm(const Gemm<T>& g) {
    static_assert(std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, bfloat16>,
                  "crisp: matrix products are of float, double or bfloat16");
    if (g.m <= 0 || g.n <= 0 || g.batch <= 0) return;
    if (g.k <= 0) {
      if (g.beta == T(0)) for_each(g.batch, g.m * g.n, cuda::Zeros<T>{g.c, g.c_stride});
      return;
    }
    cudaDataType type = CUDA_R_32F;
    cublasComputeType_t compute = CUBLAS_COMPUTE_32F;
    if constexpr (std::same_as<T, double>) {
      type = CUDA_R_64F;
      compute = CUBLAS_COMPUTE_64F;
    } else if constexpr (std::same_as<T, bfloat16>) {
      type = CUDA_R_16BF;
    } else {
      if (math() == Math::tf32) compute = CUBLAS_COMPUTE_32F_FAST_TF32;
      if (math() == Math::bf16) compute = CUBLAS_COMPUTE_32F_FAST_16BF;
    }
    const Wide<T> one = 1, beta = g.beta;
    const cuda::Turn turn;
    const std::lock_guard lock(blas_mutex_);
    cuda::cuda_check(
        cublasGemmStridedBatchedEx_64(cuda::Session::get().blas, g.b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                                      g.a_transposed ? CUBLAS_OP_T : CUBLAS_OP_N, g.n, g.m, g.k, &one, g.b,
                                      type, g.b_transposed ? g.k : g.n, g.b_stride, g.a, type,
                                      g.a_transposed ? g.m : g.k, g.a_stride, &beta, g.c, type, g.n,
                                      g.c_stride, g.batch, compute, CUBLAS_GEMM_DEFAULT),
        "a matrix product");
  }

  /// How float matrices are multiplied from now on; exactly, unless this says otherwise.
  static void set_math(Math math) { math_ = math; }
  static Math math() { return math_; }

  /// Waits until the GPU has done all that was asked of it: before a time is taken.
  static void synchronize() {
    detail::refuse_in_graph("cuda: the host waited for the GPU within a step of a Graph",
                            "measure times and memory between the steps");
    cuda::cuda_check(cudaStreamSynchronize(cuda::Turn().stream), "waiting for the GPU");
  }

  /// The GPU to use, by its place in cuda_devices(); the first one, unless this names another before the
  /// first tensor is made.
  static void choose_device(int index) { cuda::Session::choose(index); }

 private:
  // New memory; nullptr where there is not enough.
  static void* block(std::size_t bytes) {
    if (cuda::GraphMemory* graph = cuda::GraphMemory::current()) return graph->allocate(bytes);
    void* p = nullptr;
    const cudaError_t error = cudaMallocAsync(&p, bytes, cuda::Turn().stream);
    if (error == cudaErrorMemoryAllocation) return static_cast<void>(cudaGetLastError()), nullptr;
    cuda::cuda_check(error, "allocating memory");
    return p;
  }
  static Index attribute(cudaMemPoolAttr which) {
    std::uint64_t value = 0;
    cuda::cuda_check(cudaMemPoolGetAttribute(cuda::Session::get().pool, which, &value),
                     "asking for the use of memory");
    return Index(value);
  }

  static inline std::atomic<Math> math_ = Math::fp32;
  static inline std::mutex blas_mutex_;
};
static_assert(Backend<PlainCuda>);

}  // namespace CRISP_CUDA_KIND
}  // namespace crisp
