// GR, global regression (Timofte, De Smet and Van Gool 2013, sec. 3.1). Every feature is written by all
// atoms, min_a |f - Dl a|^2 + ridge |a|^2, and the same weights make the details: Dh a. That is one matrix,
//   details = Dh (Dl' Dl + ridge I)^-1 Dl' f,
// made once. The fastest method of all, and the least sharp.
#pragma once
#include "crisp/classic/dictionary.hpp"

namespace crisp::classic {

/// The matrix, (w^2, k). The factor 1.1 is that of the authors' program. Throws Error where the parts of the
/// dictionary do not belong together.
inline Matrix global_regressor(const Dictionary& d, Index scale, double ridge = 0.1, double factor = 1.1) {
  check_dictionary(d, scale);
  // By the smaller of two equal systems: Dh (Dl' Dl + r I)^-1 Dl' = Dh Dl' (Dl Dl' + r I)^-1.
  return factor * ridge_regression(d.low, d.high, ridge);
}

/// Of features (k, n), details (w^2, n).
struct GlobalRegression {
  Matrix regressor;
  Matrix operator()(const Matrix& features) const { return regressor * features; }
};

}  // namespace crisp::classic
