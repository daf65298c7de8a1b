// Matrices of the classical methods, in double, and the one linear system that they all solve.
#pragma once
#include <cmath>
#include <numeric>
#include <vector>

#include "crisp/core/error.hpp"
#include "crisp/eigen.hpp"

namespace crisp::classic {

/// Stored column by column: a column is a patch, a feature or an atom.
using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

namespace detail {

// Makes the lower half of a the factor L of a = L L' (Cholesky). False where a is not positive definite, or
// is so by rounding alone.
inline bool cholesky(Matrix& a) {
  const Index n = a.rows();
  for (Index j = 0; j < n; ++j) {
    const Index below = n - j;
    const double tiny = 1e-13 * a(j, j);
    if (j > 0) a.col(j).tail(below).noalias() -= a.block(j, 0, below, j) * a.row(j).head(j).transpose();
    if (!(a(j, j) > tiny)) return false;
    a.col(j).tail(below) /= std::sqrt(a(j, j));
  }
  return true;
}

// x <- (L L')^-1 x, column by column.
inline void solve_by_factor(const Matrix& l, Matrix& x) {
  const Index n = l.rows();
  for (Index c = 0; c < x.cols(); ++c) {
    for (Index i = 0; i < n; ++i) {
      x(i, c) /= l(i, i);
      x.col(c).tail(n - i - 1) -= x(i, c) * l.col(i).tail(n - i - 1);
    }
    for (Index i = n - 1; i >= 0; --i)
      x(i, c) = (x(i, c) - l.col(i).tail(n - i - 1).dot(x.col(c).tail(n - i - 1))) / l(i, i);
  }
}

}  // namespace detail

/// The x of a x = b, for a symmetric and positive definite: a (n, n), b (n, m) -> (n, m).
/// Throws Error where a is not so.
inline Matrix solve(Matrix a, Matrix b) {
  check(a.rows() == a.cols() && a.rows() == b.rows(), "solve: a system of ", a.rows(), " x ", a.cols(),
        " has no right side of ", b.rows(), " rows");
  check(detail::cholesky(a), "solve: the matrix of ", a.rows(), " x ", a.cols(),
        " is not positive definite\n  hint: add a little to its diagonal");
  detail::solve_by_factor(a, b);
  return b;
}

/// Ridge regression: the linear map M (m, k) with the least |targets - M inputs|^2 + ridge |M|^2, which is
/// M = targets inputs' (inputs inputs' + ridge I)^-1. inputs (k, n), targets (m, n), a sample a column.
/// Throws Error where there are not as many inputs as targets, or ridge is not above 0.
inline Matrix ridge_regression(const Matrix& inputs, const Matrix& targets, double ridge) {
  check(inputs.cols() == targets.cols() && ridge > 0, "ridge_regression: ", inputs.cols(), " inputs and ",
        targets.cols(), " targets with a ridge of ", ridge, "; equal numbers and one above 0 are needed");
  Matrix gram = inputs * inputs.transpose();
  gram.diagonal().array() += ridge;
  return solve(std::move(gram), inputs * targets.transpose()).transpose();
}

/// The `count` places of the largest values, the first of equal ones first, in no order among themselves.
/// Throws Error for a count below 1 or above the number of values.
inline std::vector<Index> largest(const double* values, Index size, Index count) {
  check(count >= 1 && count <= size, "largest: ", count, " of ", size, " values were asked for");
  std::vector<Index> places(std::size_t(size), 0);
  std::iota(places.begin(), places.end(), Index(0));
  std::nth_element(places.begin(), places.begin() + (count - 1), places.end(),
                   [&](Index a, Index b) { return values[a] != values[b] ? values[a] > values[b] : a < b; });
  places.resize(std::size_t(count));
  return places;
}

/// The columns with these numbers.
inline Matrix columns(const Matrix& m, const std::vector<Index>& numbers) {
  Matrix chosen(m.rows(), Index(numbers.size()));
  for (std::size_t i = 0; i < numbers.size(); ++i) chosen.col(Index(i)) = m.col(numbers[i]);
  return chosen;
}

}  // namespace crisp::classic
