// matmul: y = a b, the matrix product, one or a batch. da = dy b^T, db = a^T dy.
#pragma once
#include "crisp/autograd/var.hpp"

namespace crisp {

namespace detail {

// y (M, N) += the sum over p of a[p]^T b[p], for a (P, M) and b (P, N) with P far larger than M and N: the shape
// of every weight gradient. Blocks of fixed size give the threads work without changing any order of summation.
// With a_shared, every block meets the same a.
template <class T, class D>
void add_long_product(Index M, Index N, Index P, const T* a, bool a_shared, const T* b, T* y) {
  constexpr Index block = 1024;
  const Index blocks = P / block, rest = P - blocks * block;
  if (blocks > 0) {
    Tensor<T, D> part({blocks, M * N});
    D::gemm(Gemm<T>{.m = M, .n = N, .k = block, .a = a, .b = b, .c = part.data(), .a_transposed = true,
                    .batch = blocks, .a_stride = a_shared ? 0 : block * M, .b_stride = block * N, .c_stride = M * N});
    const Tensor<T, D> ones({blocks}, T(1));
    D::gemm(Gemm<T>{.m = 1, .n = M * N, .k = blocks, .a = ones.data(), .b = part.data(), .c = y, .beta = 1});
  }
  if (rest > 0)
    D::gemm(Gemm<T>{.m = M, .n = N, .k = rest, .a = a_shared ? a : a + blocks * block * M, .b = b + blocks * block * N, .c = y,
                    .a_transposed = true, .beta = 1});
}

// The sum over the rows of x (rows, cols) -> (cols): the gradient of a bias, as ones^T x.
template <class T, class D>
Tensor<T, D> sum_rows(const T* x, Index rows, Index cols) {
  Tensor<T, D> y({cols}, T(0));
  if constexpr (requires { D::sum_rows(x, rows, cols, y.data()); }) {
    D::sum_rows(x, rows, cols, y.data());
    return y;
  }
  const Tensor<T, D> ones({1024}, T(1));
  add_long_product<T, D>(1, cols, rows, ones.data(), true, x, y.data());
  return y;
}

}  // namespace detail

/// a (..., M, K) times b (..., K, N) -> (..., M, N), where the leading axes agree, or times one b (K, N) for all.
/// Throws Error where the shapes do not fit.
template <class T, class D>
Var<T, D> matmul(const Var<T, D>& a, const Operand<T, D>& b) {
  const auto shapes = [&] { return operand("a", a.shape(), "(..., M, K)") + operand("b", b.shape(), "(..., K, N) or (K, N)"); };
  const int rank = a.shape().rank();
  check(rank >= 2 && b.shape().rank() >= 2, "matmul: both operands need at least 2 axes", shapes());
  check(a[-1] == b[-2], "matmul: a has ", a[-1], " columns, but b has ", b[-2], " rows", shapes());
  const bool shared = b.shape().rank() == 2;
  bool batches_agree = shared || b.shape().rank() == rank;
  for (int i = 0; batches_agree && !shared && i < rank - 2; ++i) batches_agree = a[i] == b[i];
  check(batches_agree, "matmul: the leading axes of a and b differ", shapes());

  const Index K = a[-1], N = b[-1], M = shared ? (K ? a.numel() / K : a.shape().numel()) : a[-2];  // one b: all rows of a at once
  Shape shape = a.shape();
  shape[-1] = N;
  const Index batch = shared || M * K == 0 ? 1 : a.numel() / (M * K);
  Tensor<T, D> y(shape);  // (..., M, N)
  D::gemm(Gemm<T>{.m = M, .n = N, .k = K, .a = a.value().data(), .b = b.value().data(), .c = y.data(),
                  .batch = batch, .a_stride = M * K, .b_stride = K * N, .c_stride = M * N});
  return {"matmul", y, {a, b}, [=](const Tensor<T, D>& dy) {
    if (a.requires_grad()) {
      Tensor<T, D> da(a.shape());
      D::gemm(Gemm<T>{.m = M, .n = K, .k = N, .a = dy.data(), .b = b.value().data(), .c = da.data(), .b_transposed = true,
                      .batch = batch, .a_stride = M * N, .b_stride = K * N, .c_stride = M * K});
      a.add_grad(std::move(da));
    }
    if (b.requires_grad()) {
      Tensor<T, D> db(b.shape(), T(0));
      if (shared) detail::add_long_product<T, D>(K, N, M, a.value().data(), false, dy.data(), db.data());
      else D::gemm(Gemm<T>{.m = K, .n = N, .k = M, .a = a.value().data(), .b = dy.data(), .c = db.data(), .a_transposed = true,
                           .batch = batch, .a_stride = M * K, .b_stride = M * N, .c_stride = K * N});
      b.add_grad(std::move(db));
    }
  }};
}

}  // namespace crisp
