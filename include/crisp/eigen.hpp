// Tensors as Eigen's matrices, vectors and arrays, without a copy: for experiments, and for teaching.
// A view does not own its elements: it ends with the tensor. So a temporary tensor has no view.
#pragma once
#include <concepts>
#include <vector>

#include "crisp/backend/cpu/eigen.hpp"
#include "crisp/core/tensor.hpp"

namespace crisp {

namespace detail {

template <class T, class D>
constexpr void check_view() {
  static_assert(std::derived_from<D, PlainCpu>,
                "crisp: Eigen sees the CPU's memory only; copy the tensor there first");
  static_assert(std::floating_point<T>,
                "crisp: Eigen computes with float or double; convert the tensor first");
}

template <class View, class Elements>
View matrix_view(Elements* data, const Shape& shape) {
  check(shape.rank() == 2, "as_matrix: a matrix has 2 axes, but this tensor is ", shape,
        "; reshape it first");
  return View(data, shape[0], shape[1]);
}
template <class View, class Elements>
View vector_view(Elements* data, const Shape& shape) {
  check(shape.rank() == 1, "as_vector: a vector has 1 axis, but this tensor is ", shape,
        "; reshape it first");
  return View(data, shape[0]);
}

template <class T>
using EigenVector = Eigen::Matrix<T, Eigen::Dynamic, 1>;
template <class T>
using EigenArray = Eigen::Array<T, Eigen::Dynamic, 1>;

}  // namespace detail

/// A tensor (rows, cols) as a matrix. Throws Error for another rank.
template <class T, class D>
Eigen::Map<RowMajorMatrix<T>> as_matrix(Tensor<T, D>& x) {
  detail::check_view<T, D>();
  return detail::matrix_view<Eigen::Map<RowMajorMatrix<T>>>(x.data(), x.shape());
}
template <class T, class D>
Eigen::Map<const RowMajorMatrix<T>> as_matrix(const Tensor<T, D>& x) {
  detail::check_view<T, D>();
  return detail::matrix_view<Eigen::Map<const RowMajorMatrix<T>>>(x.data(), x.shape());
}
template <class T, class D>
void as_matrix(const Tensor<T, D>&& x) = delete;  // the view would outlive it

/// A tensor (n) as a column. Throws Error for another rank.
template <class T, class D>
Eigen::Map<detail::EigenVector<T>> as_vector(Tensor<T, D>& x) {
  detail::check_view<T, D>();
  return detail::vector_view<Eigen::Map<detail::EigenVector<T>>>(x.data(), x.shape());
}
template <class T, class D>
Eigen::Map<const detail::EigenVector<T>> as_vector(const Tensor<T, D>& x) {
  detail::check_view<T, D>();
  return detail::vector_view<Eigen::Map<const detail::EigenVector<T>>>(x.data(), x.shape());
}
template <class T, class D>
void as_vector(const Tensor<T, D>&& x) = delete;

/// All elements of a tensor of any shape, the last axis fastest, for arithmetic element by element.
template <class T, class D>
Eigen::Map<detail::EigenArray<T>> as_array(Tensor<T, D>& x) {
  detail::check_view<T, D>();
  return Eigen::Map<detail::EigenArray<T>>(x.data(), x.numel());
}
template <class T, class D>
Eigen::Map<const detail::EigenArray<T>> as_array(const Tensor<T, D>& x) {
  detail::check_view<T, D>();
  return Eigen::Map<const detail::EigenArray<T>>(x.data(), x.numel());
}
template <class T, class D>
void as_array(const Tensor<T, D>&& x) = delete;

/// A matrix, array or expression of Eigen's as a tensor on device D, with elements of its own.
/// What has one column by its type becomes (n), all else (rows, cols).
template <class D, class Derived>
Tensor<typename Derived::Scalar, D> to_tensor(const Eigen::DenseBase<Derived>& x) {
  using T = typename Derived::Scalar;
  std::vector<T> values(std::size_t(x.size()));
  using Rows = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::Map<Rows>(values.data(), x.rows(), x.cols()) = x.derived().array();
  if constexpr (Derived::ColsAtCompileTime == 1) return {Shape{x.rows()}, values};
  else return {Shape{x.rows(), x.cols()}, values};
}

}  // namespace crisp
