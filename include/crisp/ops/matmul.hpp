// matmul: y = a b, the matrix product, one or a batch. da = dy b^T, db = a^T dy.
#pragma once
#include "crisp/autograd/var.hpp"
#include "crisp/core/fused_ops.hpp"
#include "crisp/core/product.hpp"

namespace crisp {

namespace detail {

inline constexpr Index long_chunk = 1024;  // rows

// y (M, N) += a^T b for a (P, M) and b (P, N), with P far larger than M and N: the shape of every weight
// gradient. Chunks of fixed size give the threads work without changing any order of summation. An `a` of one
// chunk meets every chunk of b.
template <class D, class T, class A, class B>
void add_long_product(const Matrices<T>& y, const Matrices<A>& a, const Matrices<B>& b) {
  const Index M = y.rows, N = y.cols, chunks = b.rows / long_chunk, done = chunks * long_chunk,
              rest = b.rows - done;
  const bool shared = a.rows == long_chunk;
  if (chunks > 0) {
    Tensor<T, D> parts({chunks, M * N});
    const Tensor<T, D> ones({chunks}, T(1));
    const Matrices<const T> a_chunks{a.data, long_chunk, M, chunks, shared ? 0 : long_chunk * M};
    product<D>(matrices(parts.data(), chunks, M, N), transposed(a_chunks),
               matrices(b.data, chunks, long_chunk, N));
    add_product<D>(matrix(y.data, 1, M * N), matrix(ones.data(), 1, chunks),
                   matrix(parts.data(), chunks, M * N));
  }
  if (rest > 0) add_product<D>(y, transposed(rows_of(a, shared ? 0 : done, rest)), rows_of(b, done, rest));
}

// The sum over the rows of x (rows, cols) -> (cols): the gradient of a bias, as ones^T x.
template <class T, class D>
Tensor<T, D> sum_rows(const T* x, Index rows, Index cols) {
  Tensor<T, D> y({cols}, T(0));
  if constexpr (HasSumRows<D, T>)
    if (D::sum_rows(x, rows, cols, y.data())) return y;
  const Tensor<T, D> ones({long_chunk}, T(1));
  add_long_product<D>(matrix(y.data(), 1, cols), matrix(ones.data(), long_chunk, 1), matrix(x, rows, cols));
  return y;
}

inline void check_matmul(const Shape& a, const Shape& b) {
  const auto shapes = [&] {
    return operand("a", a, "(..., M, K)") + operand("b", b, "(..., K, N) or (K, N)");
  };
  check(a.rank() >= 2 && b.rank() >= 2, "matmul: both operands need at least 2 axes", shapes());
  check(a[-1] == b[-2], "matmul: a has ", a[-1], " columns, but b has ", b[-2], " rows", shapes());
  if (b.rank() == 2) return;
  bool batches_agree = b.rank() == a.rank();
  for (int i = 0; batches_agree && i < a.rank() - 2; ++i) batches_agree = a[i] == b[i];
  check(batches_agree, "matmul: the leading axes of a and b differ", shapes());
}

}  // namespace detail

/// a (..., M, K) times b (..., K, N) -> (..., M, N), where the leading axes agree, or times one b (K, N) for
/// all. Throws Error where the shapes do not fit.
template <class T, class D>
Var<T, D> matmul(const Var<T, D>& a, const Operand<T, D>& b) {
  using detail::matrices, detail::product, detail::transposed;
  detail::check_matmul(a.shape(), b.shape());
  const bool shared = b.shape().rank() == 2;  // then all rows of a are multiplied at once
  const Index K = a[-1], N = b[-1], rows = K ? a.numel() / K : a.shape().numel(), M = shared ? rows : a[-2];
  const Index batch = shared || M * K == 0 ? 1 : rows / M;
  Shape shape = a.shape();
  shape[-1] = N;
  Tensor<T, D> y(shape);  // (..., M, N)
  product<D>(matrices(y.data(), batch, M, N), matrices(a.value().data(), batch, M, K),
             matrices(b.value().data(), batch, K, N));
  const auto backward = [=](const Tensor<T, D>& dy) {
    const auto dy_matrices = matrices(dy.data(), batch, M, N);
    if (a.requires_grad()) {
      Tensor<T, D> da(a.shape());
      product<D>(matrices(da.data(), batch, M, K), dy_matrices,
                 transposed(matrices(b.value().data(), batch, K, N)));
      a.add_grad(std::move(da));
    }
    if (b.requires_grad()) {
      Tensor<T, D> db(b.shape(), T(0));
      const auto a_matrices = matrices(a.value().data(), batch, M, K);
      const auto db_matrices = matrices(db.data(), batch, K, N);
      if (shared) detail::add_long_product<D>(db_matrices, a_matrices, dy_matrices);
      else product<D>(db_matrices, transposed(a_matrices), dy_matrices);
      b.add_grad(std::move(db));
    }
  };
  return {"matmul", y, {a, b}, backward};
}

}  // namespace crisp
