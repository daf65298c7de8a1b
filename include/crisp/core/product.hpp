// Matrices seen in the memory of tensors, and their products, so that an op reads as its formula:
// product<D>(y, a, transposed(b)).
#pragma once
#include "crisp/core/tensor.hpp"

namespace crisp::detail {

/// A batch of matrices (rows, cols), row-major and densely stored, each `step` elements after the one before;
/// a step of 0 is one matrix for all. `turned`: what is stored is (cols, rows), the transposed matrix.
template <class T>
struct Matrices {
  T* data;
  Index rows, cols;
  Index batch = 1, step = 0;
  bool turned = false;
};

template <class T>
Matrices<T> matrix(T* data, Index rows, Index cols) {
  return {data, rows, cols};
}
template <class T>
Matrices<T> matrices(T* data, Index batch, Index rows, Index cols) {
  return {data, rows, cols, batch, rows * cols};
}

/// Rows [first, first + count) of a matrix that is stored as it is.
template <class T>
Matrices<T> rows_of(const Matrices<T>& m, Index first, Index count) {
  return matrix(m.data + first * m.cols, count, m.cols);
}

template <class T>
Matrices<T> transposed(const Matrices<T>& m) {
  return {m.data, m.cols, m.rows, m.batch, m.step, !m.turned};
}

template <class D, class T, class A, class B>
void multiply(const Matrices<T>& y, const Matrices<A>& a, const Matrices<B>& b, T beta) {
  D::gemm(Gemm<T>{.m = y.rows,
                  .n = y.cols,
                  .k = a.cols,
                  .a = a.data,
                  .b = b.data,
                  .c = y.data,
                  .a_transposed = a.turned,
                  .b_transposed = b.turned,
                  .beta = beta,
                  .batch = y.batch,
                  .a_stride = a.step,
                  .b_stride = b.step,
                  .c_stride = y.step});
}

/// y (m, n) = a (m, k) times b (k, n), for each of the batch of y. A and B are T, or const T.
template <class D, class T, class A, class B>
void product(const Matrices<T>& y, const Matrices<A>& a, const Matrices<B>& b) {
  multiply<D>(y, a, b, T(0));
}

/// y += a b.
template <class D, class T, class A, class B>
void add_product(const Matrices<T>& y, const Matrices<A>& a, const Matrices<B>& b) {
  multiply<D>(y, a, b, T(1));
}

}  // namespace crisp::detail
