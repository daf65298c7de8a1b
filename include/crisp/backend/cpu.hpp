// The CPU backend: plain loops over parallel_for, a matrix product, and the fused ops of backend/cpu/fast/. With
// CRISP_NO_FAST_PATHS there are none of those, and the product is Eigen's (this is the only header that includes it).
#pragma once
#include <algorithm>
#include <vector>
#if defined(CRISP_NO_FAST_PATHS)
#ifndef EIGEN_NO_CUDA
#define EIGEN_NO_CUDA  // Eigen stays host code, also inside files that nvcc compiles
#endif
#ifndef EIGEN_DONT_PARALLELIZE
#define EIGEN_DONT_PARALLELIZE  // gemm below splits the work itself, in pieces that do not depend on the threads
#endif
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 is wrong about the AVX-512 intrinsics
#endif
#include <Eigen/Core>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
#else
#include "crisp/backend/cpu/fast/batch_norm.hpp"
#include "crisp/backend/cpu/fast/conv2d.hpp"
#include "crisp/backend/cpu/fast/gelu.hpp"
#include "crisp/backend/cpu/fast/gemm.hpp"
#include "crisp/backend/cpu/fast/layer_norm.hpp"
#include "crisp/backend/cpu/fast/pixel_shuffle.hpp"
#include "crisp/backend/cpu/fast/prelu.hpp"
#include "crisp/backend/cpu/fast/sign_bits.hpp"
#include "crisp/backend/cpu/fast/swin_layer.hpp"
#include "crisp/backend/cpu/fast/window_attention.hpp"
#endif

#include "crisp/backend/cpu/memory.hpp"
#include "crisp/core/backend.hpp"
#include "crisp/core/fused_ops.hpp"
#include "crisp/core/parallel.hpp"

namespace crisp {

/// The primitives, from which every op can be computed: the twin that the fast paths of Cpu are tested against.
struct PlainCpu {
  static constexpr const char* name = "cpu";

  template <class T>
  static T* allocate(Index n) {
    check(n <= std::numeric_limits<Index>::max() / Index(sizeof(T)), "out of memory: ", n, " elements were asked for");
    return static_cast<T*>(detail::HostPool::instance().allocate(std::size_t(n) * sizeof(T)));
  }
  template <class T>
  static void deallocate(T* p, Index n) noexcept {
    detail::HostPool::instance().deallocate(p, std::size_t(n) * sizeof(T));
  }
  static MemoryUse memory_use() { return detail::HostPool::instance().use(); }
  static void reset_peak() { detail::HostPool::instance().reset_peak(); }

  template <class T> static void from_host(T* to, const T* from, Index n) { std::copy_n(from, n, to); }
  template <class T> static void to_host(T* to, const T* from, Index n) { std::copy_n(from, n, to); }

  template <class F>
  static void for_each(Index n, const F& f) {
    constexpr Index piece = 4096;
    parallel_for((n + piece - 1) / piece, n > small, [&](Index p) {
      const Index end = std::min(n, (p + 1) * piece);
      CRISP_INDEPENDENT
      for (Index i = p * piece; i < end; ++i) f(i);
    });
  }

  template <class F>
  static void for_each(Index rows, Index cols, const F& f) {
    parallel_for(rows, rows * cols > small, [&](Index row) {
      CRISP_INDEPENDENT
      for (Index col = 0; col < cols; ++col) f(row, col);
    });
  }

  template <class Join, class F, class T>
  static void row_reduce(Index rows, Index cols, const F& f, T* y) {
    parallel_for(rows, rows * cols > small, [&](Index row) {
      Wide<T> result = Join::template first<Wide<T>>();
      for (Index col = 0; col < cols; ++col) result = Join::join(result, Wide<T>(f(row, col)));
      y[row] = result;
    });
  }

  template <class T>
  static void gemm(const Gemm<T>& g) {
    constexpr Index tile_m = 192, tile_n = 256;  // fixed, so that the order of every sum is fixed too
    const Index tiles_m = (g.m + tile_m - 1) / tile_m, tiles_n = (g.n + tile_n - 1) / tile_n;
    parallel_for(g.batch * tiles_m * tiles_n, g.batch * g.m * g.n * g.k > small, [&](Index task) {
      const Index i = task / (tiles_m * tiles_n), m = task / tiles_n % tiles_m * tile_m, n = task % tiles_n * tile_n;
      tile(g, i, m, std::min(tile_m, g.m - m), n, std::min(tile_n, g.n - n));
    });
  }

  // Values that are not computed with, but stored: a product of copies.
  static void gemm(const Gemm<bfloat16>& g) {
    if (g.batch <= 0) return;
    const std::vector<float> a(g.a, g.a + (g.batch - 1) * g.a_stride + g.m * g.k), b(g.b, g.b + (g.batch - 1) * g.b_stride + g.k * g.n);
    std::vector<float> c(g.c, g.c + (g.batch - 1) * g.c_stride + g.m * g.n);
    gemm(Gemm<float>{g.m, g.n, g.k, a.data(), b.data(), c.data(), g.a_transposed, g.b_transposed, g.beta, g.batch, g.a_stride, g.b_stride, g.c_stride});
    std::copy(c.begin(), c.end(), g.c);
  }

 private:
  static constexpr Index small = 16384;  // below this many elements threads cost more than they bring

#if !defined(CRISP_NO_FAST_PATHS)
  template <class T>
  static void tile(const Gemm<T>& g, Index i, Index m, Index rows, Index n, Index cols) {
    thread_local std::vector<T> packed;
    detail::GemmTile<T>{g, g.a_transposed ? 1 : g.k, g.a_transposed ? g.m : 1, packed}.run(i, m, rows, n, cols);
  }
#else
  // Rows [m, m + rows) and columns [n, n + cols) of product i. A transposed operand is copied first, so that
  // Eigen's product, which is most of the compile time, is instantiated once.
  template <class T>
  static void tile(const Gemm<T>& g, Index i, Index m, Index rows, Index n, Index cols) {
    using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    using Step = Eigen::OuterStride<>;
    const T* a = g.a + i * g.a_stride + (g.a_transposed ? m : m * g.k);
    const T* b = g.b + i * g.b_stride + (g.b_transposed ? n * g.k : n);
    thread_local std::vector<T> a_copy, b_copy;
    if (g.a_transposed) a = transposed(a, g.k, rows, g.m, a_copy);
    if (g.b_transposed) b = transposed(b, cols, g.k, g.k, b_copy);
    Eigen::Map<Matrix, 0, Step> c(g.c + i * g.c_stride + m * g.n + n, rows, cols, Step(g.n));
    if (g.beta == T(0)) c.setZero();
    c.noalias() += Eigen::Map<const Matrix, 0, Step>(a, rows, g.k, Step(g.k)) *
                   Eigen::Map<const Matrix, 0, Step>(b, g.k, cols, Step(g.b_transposed ? cols : g.n));
  }

  // x (rows, cols), whose rows lie `step` elements apart, as a dense (cols, rows) in `copy`.
  template <class T>
  static const T* transposed(const T* x, Index rows, Index cols, Index step, std::vector<T>& copy) {
    copy.resize(std::size_t(rows * cols));
    constexpr Index block = 16;  // both sides stay in the first cache
    for (Index r0 = 0; r0 < rows; r0 += block)
      for (Index c = 0; c < cols; ++c)
        for (Index r = r0; r < std::min(rows, r0 + block); ++r) copy[std::size_t(c * rows + r)] = x[r * step + c];
    return copy.data();
  }
#endif
};
static_assert(Backend<PlainCpu>);

/// The processor of this machine: the primitives, and the fused ops that it computes faster than from them.
#if defined(CRISP_NO_FAST_PATHS)
struct Cpu : PlainCpu {};
#else
struct Cpu : PlainCpu,
             detail::FastSumRows,
             detail::FastConv2d,
             detail::FastBatchNorm,
             detail::FastPrelu,
             detail::FastSignBits,
             detail::FastPixelShuffle,
             detail::FastLayerNorm,
             detail::FastGelu,
             detail::FastWindowAttention,
             detail::FastSwinLayer {};
static_assert(HasSumRows<Cpu, float>);
static_assert(HasConv2d<Cpu, float>);
static_assert(HasBatchNorm<Cpu, float>);
static_assert(HasPrelu<Cpu, float>);
static_assert(HasPositiveBits<Cpu, float> && HasWhereBits<Cpu, float>);
static_assert(HasPixelShuffle<Cpu, float>);
static_assert(HasLayerNorm<Cpu, float>);
static_assert(HasGelu<Cpu, float>);
static_assert(HasWindowAttention<Cpu, float>);
static_assert(HasSwinLayer<Cpu, float>);
#endif
static_assert(Backend<Cpu>);

}  // namespace crisp
