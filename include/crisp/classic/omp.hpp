// Orthogonal matching pursuit (Pati et al. 1993), in the form for many signals of one dictionary (Rubinstein,
// Zibulevsky and Elad 2008): min |x - D a|^2 where a has at most m numbers that are not 0. Greedily:
//   1. take the atom that fits best what is left: the largest |D' r|;
//   2. weigh all atoms taken so far anew, by least squares: (D_I' D_I) a = D_I' x;
//   3. r = x - D a, and again. All by products made before, G = D' D and D' x: r itself is never made.
#pragma once
#include "crisp/classic/matrix.hpp"

namespace crisp::classic {

/// The atoms that make up a signal, and how much of each.
struct SparseCode {
  std::vector<Index> atoms;
  Vector weights;

  /// |x - D a|^2, given |x|^2, G and D' x.
  template <class Correlation>
  double error(double energy, const Matrix& gram, const Correlation& correlation) const {
    double sum = energy;
    for (Index i = 0; i < weights.size(); ++i) {
      const Index a = atoms[std::size_t(i)];
      sum -= 2 * weights[i] * correlation[a];
      for (Index j = 0; j < weights.size(); ++j)
        sum += weights[i] * weights[j] * gram(a, atoms[std::size_t(j)]);
    }
    return sum;
  }
};

/// gram = D' D (K, K) of atoms of length 1, correlation = D' x (K). It takes fewer atoms where they already
/// make up the whole signal. Throws nothing.
inline SparseCode omp(const Matrix& gram, const Vector& correlation, Index nonzeros) {
  SparseCode code;
  Vector left = correlation;  // D' r
  const double tiny = 1e-12 * correlation.cwiseAbs().maxCoeff();
  for (Index m = 1; m <= nonzeros; ++m) {
    Index best = 0;
    if (!(left.cwiseAbs().maxCoeff(&best) > tiny)) break;
    code.atoms.push_back(best);
    Matrix among(m, m), weights(m, 1);  // of the atoms taken: their products, and those with x
    for (Index i = 0; i < m; ++i) {
      weights(i, 0) = correlation[code.atoms[std::size_t(i)]];
      for (Index j = 0; j < m; ++j)
        among(i, j) = gram(code.atoms[std::size_t(i)], code.atoms[std::size_t(j)]);
    }
    if (!detail::cholesky(among)) {  // an atom twice: nothing more can be gained
      code.atoms.pop_back();
      break;
    }
    detail::solve_by_factor(among, weights);
    code.weights = weights.col(0);
    if (m == nonzeros) break;
    left = correlation;
    for (Index i = 0; i < m; ++i) left -= code.weights[i] * gram.col(code.atoms[std::size_t(i)]);
  }
  return code;
}

}  // namespace crisp::classic
