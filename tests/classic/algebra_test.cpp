// What the classical methods are made of, against plain references: linear systems, OMP, LLE, least squares
// without negative weights, PCA, K-SVD, the search for patches.
#include "crisp/classic/ksvd.hpp"
#include "crisp/classic/neighbour_embedding.hpp"
#include "crisp/classic/patch_search.hpp"
#include "crisp/classic/pca.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::classic;
using namespace crisp::test;

namespace {

Matrix random_matrix(Index rows, Index cols, std::uint64_t seed) {
  Rng rng(seed);
  Matrix m(rows, cols);
  for (Index i = 0; i < m.size(); ++i) m.data()[i] = rng.normal();
  return m;
}

Matrix random_atoms(Index rows, Index count, std::uint64_t seed) {
  Matrix d = random_matrix(rows, count, seed);
  for (Index k = 0; k < count; ++k) d.col(k).normalize();
  return d;
}

// Gauss's elimination with row exchange: the plain way to solve a x = b.
Vector eliminate(Matrix a, Vector b) {
  const Index n = a.rows();
  for (Index c = 0; c < n; ++c) {
    Index pivot = c;
    for (Index i = c; i < n; ++i)
      if (std::abs(a(i, c)) > std::abs(a(pivot, c))) pivot = i;
    a.row(c).swap(a.row(pivot));
    std::swap(b[c], b[pivot]);
    for (Index i = 0; i < n; ++i) {
      if (i == c) continue;
      const double f = a(i, c) / a(c, c);
      a.row(i) -= f * a.row(c);
      b[i] -= f * b[c];
    }
  }
  return b.cwiseQuotient(a.diagonal());
}

std::vector<double> bits(const Matrix& m) { return {m.data(), m.data() + m.size()}; }

}  // namespace

TEST_CASE("classic: linear systems and ridge regression equal the plain ways") {
  const Matrix low = random_matrix(7, 20, 1), high = random_matrix(4, 20, 2);
  Matrix gram = low * low.transpose();
  const Vector b = random_matrix(7, 1, 3);
  CHECK((solve(gram, b) - eliminate(gram, b)).norm() < 1e-10);
  // The other form of the same regression: targets (inputs' inputs + ridge I)^-1 inputs'.
  Matrix dual = low.transpose() * low;
  dual.diagonal().array() += 0.1;
  Matrix expected(4, 7);
  for (Index j = 0; j < 7; ++j) expected.col(j) = high * eliminate(dual, low.row(j).transpose());
  CHECK((ridge_regression(low, high, 0.1) - expected).norm() < 1e-9);
}

TEST_CASE("classic: OMP takes the atoms, and the amounts, of its definition") {
  const Matrix d = random_atoms(12, 40, 4);
  for (int trial = 0; trial < 20; ++trial) {
    const Vector x = random_matrix(12, 1, std::uint64_t(100 + trial));
    Vector left = x;
    std::vector<Index> atoms;
    Vector weights;
    for (int m = 0; m < 4; ++m) {
      Index best = 0;
      (d.transpose() * left).cwiseAbs().maxCoeff(&best);
      atoms.push_back(best);
      const Matrix used = columns(d, atoms);
      weights = eliminate(used.transpose() * used, used.transpose() * x);
      left = x - used * weights;
    }
    const Matrix gram = d.transpose() * d;
    const Vector correlation = d.transpose() * x;
    const SparseCode code = omp(gram, correlation, 4);
    CHECK(code.atoms == atoms);
    CHECK((code.weights - weights).norm() < 1e-10);
    CHECK(std::abs(code.error(x.squaredNorm(), gram, correlation) - left.squaredNorm()) < 1e-10);
  }
  CHECK(omp(d.transpose() * d, Vector::Zero(40), 3).atoms.empty());  // of nothing, nothing
  CHECK(omp(d.transpose() * d, 2 * d.transpose() * d.col(7), 3).atoms == std::vector<Index>{7});
}

TEST_CASE("classic: LLE's weights are those of its equations, and sum to 1") {
  const Matrix near = random_matrix(5, 8, 5);
  const Vector f = random_matrix(5, 1, 6);
  const Vector w = lle_weights(near, f);
  CHECK(std::abs(w.sum() - 1) < 1e-12);
  Matrix c(8, 8);
  for (Index i = 0; i < 8; ++i)
    for (Index j = 0; j < 8; ++j) c(i, j) = (f - near.col(i)).dot(f - near.col(j));
  const double trace = c.trace();
  for (Index i = 0; i < 8; ++i) c(i, i) += 1e-4 * trace;
  const Vector expected = eliminate(c, Vector::Ones(8));
  CHECK((w - expected / expected.sum()).norm() < 1e-8);
  // All alike.
  CHECK(lle_weights(near.col(0).replicate(1, 3), near.col(0)).isApproxToConstant(1.0 / 3, 1e-12));
}

TEST_CASE(
    "classic: weights that may not be negative meet the conditions of their optimum, with and without "
    "price") {
  for (int trial = 0; trial < 20; ++trial) {
    const Matrix d = random_atoms(10, 30, std::uint64_t(7 + trial));
    const Vector x = random_matrix(10, 1, std::uint64_t(50 + trial));
    const double price = trial % 2 ? 0.1 : 0;
    const Vector a = nonnegative_weights(d.transpose() * d, d.transpose() * x, price);
    const Vector slope = d.transpose() * (d * a - x) + Vector::Constant(30, price);
    CHECK(a.minCoeff() >= 0);
    CHECK(a.maxCoeff() > 0);
    CHECK(slope.minCoeff() > -1e-8);
    CHECK(std::abs(slope.dot(a)) < 1e-8);
    Vector plain = Vector::Zero(30);  // coordinate descent, long enough
    for (int round = 0; round < 3000; ++round)
      for (Index i = 0; i < 30; ++i) plain[i] = std::max(0.0, plain[i] - d.col(i).dot(d * plain - x) - price);
    const auto cost = [&](const Vector& v) { return (d * v - x).squaredNorm() / 2 + price * v.sum(); };
    CHECK(cost(a) <= cost(plain) + 1e-9);
  }
  CHECK(nonnegative_weights(Matrix::Identity(3, 3), Vector::Constant(3, -1)).norm() == 0);
}

TEST_CASE("classic: PCA keeps the directions that hold the energy") {
  const Matrix basis = random_matrix(9, 3, 8);
  const Matrix data = basis * random_matrix(3, 200, 9) + 1e-4 * random_matrix(9, 200, 10);
  const Matrix kept = principal_directions(data * data.transpose());
  REQUIRE(kept.cols() <= 3);
  CHECK((kept.transpose() * kept - Matrix::Identity(kept.cols(), kept.cols())).norm() < 1e-9);
  CHECK((data - kept * (kept.transpose() * data)).squaredNorm() < 0.001 * data.squaredNorm());
}

TEST_CASE("classic: K-SVD's error never rises, its atoms have length 1, and threads do not matter") {
  const Matrix truth = random_atoms(12, 20, 11);
  Rng rng(12);
  Matrix samples = Matrix::Zero(12, 600);
  for (Index i = 0; i < samples.cols(); ++i)
    for (int j = 0; j < 3; ++j) samples.col(i) += rng.normal() * truth.col(rng.below(20));
  std::vector<double> errors;
  KsvdOptions o{.atoms = 20, .nonzeros = 3, .rounds = 15, .replace = false};
  o.progress = [&](Index, double error) { errors.push_back(error); };
  Ksvd learner(samples, o);
  const Matrix d = learner.learn();
  REQUIRE(errors.size() == 15);
  for (std::size_t i = 1; i < errors.size(); ++i) CHECK(errors[i] <= errors[i - 1] * (1 + 1e-12));
  CHECK(learner.error() <= errors.back() * (1 + 1e-12));
  CHECK(errors.back() < 0.75 * errors.front());
  for (Index k = 0; k < 20; ++k) CHECK(std::abs(d.col(k).norm() - 1) < 1e-9);
  const Matrix high = matching_atoms(2 * samples, learner.codes(), 20);  // what belongs to twice the samples
  Matrix coded = Matrix::Zero(12, 600), twice = coded;
  for (Index i = 0; i < 600; ++i)
    for (Index j = 0; j < learner.codes()[std::size_t(i)].weights.size(); ++j) {
      const SparseCode& code = learner.codes()[std::size_t(i)];
      coded.col(i) += code.weights[j] * d.col(code.atoms[std::size_t(j)]);
      twice.col(i) += code.weights[j] * high.col(code.atoms[std::size_t(j)]);
    }
  CHECK((2 * samples - twice).norm() <= (2 * samples - 2 * coded).norm() * (1 + 1e-6));
  check_threads([&] { return bits(Ksvd(samples, {.atoms = 20, .rounds = 3}).learn()); });
}

TEST_CASE(
    "classic: the search for patches finds the nearest where it may look everywhere, and nearly so else") {
  const Eigen::MatrixXf points = random_matrix(6, 500, 13).cast<float>();
  const Eigen::MatrixXf queries = random_matrix(6, 40, 14).cast<float>();
  const PatchSearch search(points);
  Index same = 0;
  for (Index q = 0; q < queries.cols(); ++q) {
    std::vector<std::pair<float, Index>> all;
    for (Index i = 0; i < points.cols(); ++i)
      all.push_back({(points.col(i) - queries.col(q)).squaredNorm(), i});
    std::sort(all.begin(), all.end());
    const auto found = search.nearest(queries.data() + 6 * q, 5, 1000);
    REQUIRE(found.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) CHECK(found[i].patch == all[i].second);
    same += search.nearest(queries.data() + 6 * q, 1, 4)[0].patch == all[0].second;
  }
  CHECK(same > 20);
}

TEST_CASE("classic: wrong sizes and hopeless systems are told in words") {
  CHECK_ERROR(solve(-Matrix::Identity(3, 3), Matrix::Zero(3, 1)),
              "the matrix of 3 x 3 is not positive definite");
  CHECK_ERROR(solve(Matrix::Identity(3, 3), Matrix::Zero(2, 1)),
              "a system of 3 x 3 has no right side of 2 rows");
  CHECK_ERROR(ridge_regression(Matrix::Zero(2, 3), Matrix::Zero(2, 4), 1), "3 inputs and 4 targets");
  CHECK_ERROR(largest(nullptr, 3, 4), "4 of 3 values");
  CHECK_ERROR(principal_directions(Matrix::Zero(3, 3)), "a matrix F F' of finite numbers is needed");
  CHECK_ERROR(Ksvd(Matrix::Ones(3, 5), {.atoms = 6, .nonzeros = 1}),
              "6 atoms cannot be learnt from 5 samples");
  CHECK_ERROR(Ksvd(Matrix::Ones(3, 5), {.atoms = 2, .nonzeros = 3}), "3 of 2 atoms");
  CHECK_ERROR(matching_atoms(Matrix::Zero(2, 3), {}, 4), "there are 3 patches for 0 codes");
  CHECK_ERROR(PatchSearch(Eigen::MatrixXf(3, 0)), "there is no patch to search among");
}
