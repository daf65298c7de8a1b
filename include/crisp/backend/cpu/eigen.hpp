// EigenCpu: the plain CPU, whose matrix products are Eigen's. It has no fused op: every op is computed from
// primitives. It is the reference that all fast code is tested against, and the device to read first.
// (This is the only header that includes Eigen/Core.)
#pragma once
#include "crisp/core/around_eigen.hpp"

CRISP_BEFORE_EIGEN
#include <Eigen/Core>
CRISP_AFTER_EIGEN

#include "crisp/backend/cpu/gemm_tiles.hpp"
#include "crisp/backend/cpu/plain.hpp"

namespace crisp {

/// A matrix of Eigen's, stored as ours are: row by row.
template <class T>
using RowMajorMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The CPU by primitives alone. All files of a program that use Eigen must be compiled with one -march.
struct EigenCpu : PlainCpu {
  template <class T>
  static void gemm(const Gemm<T>& g) {
    detail::for_each_tile(g, [&](const detail::GemmTile& t) { multiply(g, t); });
  }
  static void gemm(const Gemm<bfloat16>& g) { detail::gemm_of_copies<EigenCpu>(g); }

 private:
  template <class T>
  using ColumnMajorMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

  // c = op(a) op(b) + beta c for the tile's rows and columns of c.
  template <class T>
  static void multiply(const Gemm<T>& g, const detail::GemmTile& t) {
    // A transposed matrix is a view as well: a step along its rows is one along the stored columns.
    using View = Eigen::Map<const RowMajorMatrix<T>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;
    using Steps = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    const Steps a_steps = g.a_transposed ? Steps(1, g.m) : Steps(g.k, 1);
    const Steps b_steps = g.b_transposed ? Steps(1, g.k) : Steps(g.n, 1);
    // Copies: a by rows and b by columns, so that every sum runs over neighbours in memory.
    const T* const a_first = g.a + t.i * g.a_stride + t.row * a_steps.outer();
    const RowMajorMatrix<T> a = View(a_first, t.rows, g.k, a_steps);
    const T* const b_first = g.b + t.i * g.b_stride + t.col * b_steps.inner();
    const ColumnMajorMatrix<T> b = View(b_first, g.k, t.cols, b_steps);
    T* const c_first = g.c + t.i * g.c_stride + t.row * g.n + t.col;
    Eigen::Map<RowMajorMatrix<T>, 0, Eigen::OuterStride<>> c(c_first, t.rows, t.cols,
                                                             Eigen::OuterStride<>(g.n));
    if (g.beta == T(0)) c.setZero();
    c.noalias() += a * b;
  }
};
static_assert(Backend<EigenCpu>);

}  // namespace crisp
