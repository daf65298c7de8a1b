// Neighbour embedding: a feature is written by the few atoms nearest to it, and the details of the patch by
// theirs, in the same amounts. Three ways to find the amounts w of the neighbours N:
//   NE+LLE (Chang, Yeung and Xiong 2004): min |f - N w|^2 with sum(w) = 1, as locally linear embedding does:
//     C w = 1, C_ij = (f - n_i)' (f - n_j) + 1e-4 trace(C) [i = j], then w / sum(w); 24 neighbours
//   NE+LS: min |f - N w|^2; 12 neighbours
//   NE+NNLS (Bevilacqua et al. 2012): the same with w >= 0; 24 neighbours
#pragma once
#include "crisp/classic/dictionary.hpp"
#include "crisp/classic/nonnegative.hpp"

namespace crisp::classic {

enum class Embedding { lle, least_squares, nonnegative };

/// As in the programs of Timofte et al. 2013.
inline Index usual_neighbours(Embedding kind) { return kind == Embedding::least_squares ? 12 : 24; }

/// The amounts of neighbours (k, n) that make up a feature (k), whose sum is 1. Throws nothing.
inline Vector lle_weights(const Matrix& neighbours, const Vector& feature) {
  const Matrix away = neighbours.colwise() - feature;
  Matrix gram = away.transpose() * away;
  const double trace = gram.trace();
  gram.diagonal().array() += trace > 0 ? 1e-4 * trace : 1e-4;
  Matrix w = Matrix::Ones(gram.rows(), 1);
  if (!detail::cholesky(gram)) return Vector::Constant(gram.rows(), 1.0 / double(gram.rows()));
  detail::solve_by_factor(gram, w);
  return w.col(0) / w.sum();
}

/// Of features (k, n), details (w^2, n).
struct NeighbourEmbedding {
  Matrix low, high;  // (k, K), (w^2, K)
  Embedding kind = Embedding::lle;
  Index neighbours = 24;

  NeighbourEmbedding(const Dictionary& d, Embedding e) : NeighbourEmbedding(d, e, usual_neighbours(e)) {}
  NeighbourEmbedding(const Dictionary& d, Embedding e, Index count)
      : low(d.low), high(d.high), kind(e), neighbours(count) {
    check(count >= 1 && count <= d.atoms(), "neighbour_embedding: ", count,
          " neighbours were asked for of a dictionary of ", d.atoms(), " atoms");
  }

  Matrix operator()(const Matrix& features) const {
    const Matrix similarity = low.transpose() * features;
    Matrix details(high.rows(), features.cols());
    for (Index i = 0; i < features.cols(); ++i) {
      const std::vector<Index> near = nearest_atoms(similarity.col(i), neighbours);
      details.col(i).noalias() = columns(high, near) * weights(columns(low, near), features.col(i));
    }
    return details;
  }

  /// The amounts by which the neighbours (k, n) make up a feature.
  Vector weights(const Matrix& near, const Vector& feature) const {
    if (kind == Embedding::lle) return lle_weights(near, feature);
    const Matrix gram = near.transpose() * near;
    const Vector correlation = near.transpose() * feature;
    if (kind == Embedding::nonnegative) return nonnegative_weights(gram, correlation);
    Matrix factor = gram, w = correlation;  // a trace of ridge: neighbours may depend on each other
    factor.diagonal().array() += 1e-10 * std::max(1e-300, gram.trace());
    if (!detail::cholesky(factor)) return Vector::Zero(gram.rows());
    detail::solve_by_factor(factor, w);
    return w.col(0);
  }
};

}  // namespace crisp::classic
