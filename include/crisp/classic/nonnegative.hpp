// Least squares where no weight may be negative (Lawson and Hanson 1974), with or without a price on each
// weight (the lasso): min 1/2 |x - D a|^2 + price sum(a), a >= 0. Its solution is exact, by an active set:
//   1. all weights are 0; the gradient says which would help most if it grew: that one becomes free;
//   2. the free ones are found by least squares; where that makes one negative, go only until the first
//      reaches 0, and that one is no longer free;
//   3. until no weight at 0 would help.
#pragma once
#include <limits>

#include "crisp/classic/matrix.hpp"

namespace crisp::classic {

namespace detail {

// The weights of the free atoms by least squares. Where the atoms depend on each other, the best weights lie
// far away: a trace of ridge gives the way there, and settle() goes no further than to the first 0.
inline Vector least_squares(const Matrix& gram, const Vector& linear, const std::vector<Index>& open) {
  const Index m = Index(open.size());
  Matrix among(m, m), x(m, 1);
  for (Index i = 0; i < m; ++i) {
    x(i, 0) = linear[open[std::size_t(i)]];
    for (Index j = 0; j < m; ++j) among(i, j) = gram(open[std::size_t(i)], open[std::size_t(j)]);
  }
  Matrix factor = among;
  if (!cholesky(factor)) {
    factor = among;
    factor.diagonal().array() += 1e-9 * among.trace() / double(m);
    if (!cholesky(factor)) return {};
  }
  solve_by_factor(factor, x);
  return x.col(0);
}

// Step 2: moves the weights of the open atoms to their least squares, as far as all stay above 0.
inline bool settle(const Matrix& gram, const Vector& linear, std::vector<Index>& open, Vector& a) {
  while (!open.empty()) {
    const Vector goal = least_squares(gram, linear, open);
    if (goal.size() == 0) return false;
    double part = 1;
    std::size_t first = open.size();
    for (std::size_t i = 0; i < open.size(); ++i) {
      const double now = a[open[i]], then = goal[Index(i)];
      const double until_zero = now > then ? now / (now - then) : 0;
      if (then > 0 || until_zero >= part) continue;
      part = until_zero;
      first = i;
    }
    for (std::size_t i = 0; i < open.size(); ++i) a[open[i]] += part * (goal[Index(i)] - a[open[i]]);
    if (first == open.size()) return true;
    a[open[first]] = 0;
    open.erase(open.begin() + std::ptrdiff_t(first));
  }
  return true;
}

}  // namespace detail

/// gram = D' D (K, K), correlation = D' x (K) -> the weights (K), all at least 0. Throws nothing.
inline Vector nonnegative_weights(const Matrix& gram, const Vector& correlation, double price = 0) {
  const Vector linear = correlation.array() - price;
  Vector a = Vector::Zero(linear.size());
  std::vector<Index> open;
  const double tiny = 1e-10 * std::max(1e-300, linear.cwiseAbs().maxCoeff());
  for (Index round = 0; round < 3 * linear.size(); ++round) {
    Vector slope = linear;  // minus the gradient
    for (const Index i : open) slope -= a[i] * gram.col(i);
    for (const Index i : open) slope[i] = -std::numeric_limits<double>::infinity();
    Index best = 0;
    if (!(slope.maxCoeff(&best) > tiny)) break;
    open.push_back(best);
    if (!detail::settle(gram, linear, open, a)) break;
  }
  return a;
}

}  // namespace crisp::classic
