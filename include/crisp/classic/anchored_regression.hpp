// ANR, anchored neighbourhood regression (Timofte, De Smet and Van Gool 2013, sec. 3.2). GR's one matrix does
// not fit all features. So each atom, an anchor, gets its own, from the atoms around it alone:
//   1. Nl: the 40 atoms of largest |inner product| with the anchor; Nh: their details;
//   2. R = Nh (Nl' Nl + ridge I)^-1 Nl', made once;
//   3. a feature uses the R of the anchor nearest to it, by |atom' f|: details = R f.
#pragma once
#include "crisp/classic/dictionary.hpp"

namespace crisp::classic {

/// Anchors (k, K), and for each a matrix (w^2, k).
struct AnchoredRegression {
  Matrix anchors;
  std::vector<Matrix> regressors;

  /// Step 3: features (k, n) -> details (w^2, n).
  Matrix operator()(const Matrix& features) const {
    const Matrix similarity = (anchors.transpose() * features).cwiseAbs();  // (K, n)
    Matrix details(regressors.front().rows(), features.cols());
    for (Index i = 0; i < features.cols(); ++i) {
      Index nearest = 0;
      similarity.col(i).maxCoeff(&nearest);
      details.col(i).noalias() = regressors[std::size_t(nearest)] * features.col(i);
    }
    return details;
  }
};

struct AnchoredOptions {
  Index neighbours = 40;
  double ridge = 0.01, factor = 1.01;  // as in the authors' program
};

/// Steps 1 and 2. Throws Error where the parts of the dictionary do not belong together, or it has fewer
/// atoms than `neighbours`.
inline AnchoredRegression anchored_regression(const Dictionary& d, Index scale, AnchoredOptions o = {}) {
  check_dictionary(d, scale);
  check(o.neighbours >= 1 && o.neighbours <= d.atoms(), "anchored_regression: ", o.neighbours,
        " neighbours were asked for of a dictionary of ", d.atoms(), " atoms");
  AnchoredRegression made{d.low, std::vector<Matrix>(std::size_t(d.atoms()))};
  const Matrix gram = d.low.transpose() * d.low;
  parallel_for(d.atoms(), true, [&](Index i) {
    const std::vector<Index> near = nearest_atoms(gram.col(i), o.neighbours);
    made.regressors[std::size_t(i)] =
        o.factor * ridge_regression(columns(d.low, near), columns(d.high, near), o.ridge);
  });
  return made;
}

}  // namespace crisp::classic
