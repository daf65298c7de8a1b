// Zeyde, Elad and Protter 2010: a feature is made of three atoms at most, and the details of the patch of
// theirs, in the same amounts:
//   min_a |f - Dl a|^2 with at most 3 numbers of a not 0 (OMP);  details = Dh a.
// Dl is learnt by K-SVD (ksvd.hpp), so that three atoms are enough; Dh is what fits best then.
#pragma once
#include "crisp/classic/dictionary.hpp"
#include "crisp/classic/omp.hpp"

namespace crisp::classic {

/// Of features (k, n), details (w^2, n).
struct ZeydeCoding {
  Matrix low, high;  // (k, K), (w^2, K)
  Matrix gram;       // low' low
  Index nonzeros = 3;

  explicit ZeydeCoding(const Dictionary& d, Index m = 3)
      : low(d.low), high(d.high), gram(d.low.transpose() * d.low), nonzeros(m) {
    check(m >= 1 && m <= d.atoms(), "zeyde: ", m, " of ", d.atoms(), " atoms cannot be used at once");
  }

  Matrix operator()(const Matrix& features) const {
    const Matrix correlations = low.transpose() * features;
    Matrix details = Matrix::Zero(high.rows(), features.cols());
    for (Index i = 0; i < features.cols(); ++i) {
      const SparseCode code = omp(gram, correlations.col(i), nonzeros);
      for (Index j = 0; j < code.weights.size(); ++j)
        details.col(i) += code.weights[j] * high.col(code.atoms[std::size_t(j)]);
    }
    return details;
  }
};

}  // namespace crisp::classic
