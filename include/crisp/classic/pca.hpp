// PCA: the directions along which features differ, so that few numbers tell them apart. Here not centred: the
// eigenvectors of F F', without the smallest that hold 0.1 % of the energy together.
// (This, metrics/fourier.hpp and backend/cpu/eigen.hpp are the headers that include Eigen.)
#pragma once
#include "crisp/classic/matrix.hpp"
#include "crisp/core/around_eigen.hpp"

CRISP_BEFORE_EIGEN
#include <Eigen/Eigenvalues>
CRISP_AFTER_EIGEN

namespace crisp::classic {

/// scatter = F F' (n, n) -> the directions (n, k), k as small as the lost part of the energy allows, the
/// strongest last. Throws Error where scatter is not a square of finite numbers with some energy.
inline Matrix principal_directions(const Matrix& scatter, double lost = 0.001) {
  check(scatter.rows() == scatter.cols() && scatter.allFinite() && scatter.trace() > 0,
        "principal_directions: a matrix F F' of finite numbers is needed, not all of them 0; this one is ",
        scatter.rows(), " x ", scatter.cols());
  const Eigen::SelfAdjointEigenSolver<Matrix> solved(scatter);
  check(solved.info() == Eigen::Success, "principal_directions: the eigenvalues of a matrix of ",
        scatter.rows(), " x ", scatter.cols(), " could not be found");
  const Vector energy = solved.eigenvalues().cwiseMax(0);  // ascending
  double sum = 0;
  Index first = 0;
  for (; first + 1 < energy.size() && sum + energy[first] < lost * energy.sum(); ++first)
    sum += energy[first];
  return solved.eigenvectors().rightCols(energy.size() - first);
}

}  // namespace crisp::classic
