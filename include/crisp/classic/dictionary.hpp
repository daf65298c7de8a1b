// A pair of dictionaries: what small pictures show, and what belongs there. Atom i of `low` is a feature that
// occurs; column i of `high` is the patch of details that goes with it (Yang 2008; Zeyde 2010).
#pragma once
#include "crisp/classic/frame.hpp"

namespace crisp::classic {

struct Dictionary {
  Matrix projection;  // (4 w^2, k): the directions of the PCA, see frame.hpp
  Matrix low;         // (k, K): K atoms of length 1
  Matrix high;        // (w^2, K): their details

  Index atoms() const { return low.cols(); }
};

/// Throws Error where the three matrices do not belong together, or to another scale.
inline void check_dictionary(const Dictionary& d, Index scale) {
  const Index area = 9 * scale * scale;
  check(d.projection.cols() == d.low.rows() && d.low.cols() == d.high.cols() && d.atoms() > 0,
        "dictionary: a projection to ", d.projection.cols(), " numbers, ", d.low.cols(), " atoms of ",
        d.low.rows(), " and ", d.high.cols(), " patches do not belong together");
  check(d.projection.rows() == 4 * area && d.high.rows() == area, "dictionary: patches of ", d.high.rows(),
        " pixels and features of ", d.projection.rows(), " are not those of x", scale, ", which are ", area,
        " and ", 4 * area, "\n  hint: give the dictionary's own scale");
}

/// The `count` atoms of largest |atom' feature|, the nearest ones up to their sign: similarity (K).
inline std::vector<Index> nearest_atoms(const Vector& similarity, Index count) {
  const Vector size = similarity.cwiseAbs();
  return largest(size.data(), size.size(), count);
}

}  // namespace crisp::classic
