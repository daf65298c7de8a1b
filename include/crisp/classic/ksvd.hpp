// K-SVD (Aharon, Elad and Bruckstein 2006): a dictionary D of K atoms, of which m make up any of the samples
// X: min |X - D A|^2, each column of A with at most m numbers that are not 0. In turns:
//   1. A by OMP. A sample keeps its old code where that is the better one: so the error never rises.
//   2. For each atom, with the samples that use it and E, what the other atoms leave of them: the best pair
//      of atom and amounts is E's largest singular pair; one round of d = E g / |E g|, g = E' d comes near it
//      (Rubinstein, Zibulevsky and Elad 2008).
//   3. An atom that is hardly used, or nearly another one, gives its place to the sample that is coded worst.
#pragma once
#include "crisp/classic/omp.hpp"
#include "crisp/core/parallel.hpp"
#include "crisp/core/random.hpp"

namespace crisp::classic {

struct KsvdOptions {
  Index atoms = 1024, nonzeros = 3, rounds = 20;
  bool replace = true;                                           // step 3
  Index rarely = 4;                                              // used by fewer samples than this
  double alike = 0.99;                                           // |inner product| of two atoms
  std::uint64_t seed = 0;                                        // of the samples that the atoms begin as
  std::function<void(Index round, double error)> progress = {};  // error: root of the mean of (X - D A)^2
};

class Ksvd {
 public:
  /// Samples (k, n), a column each. Throws Error where there are fewer samples that are not 0 than atoms.
  Ksvd(Matrix samples, KsvdOptions o)
      : x_(std::move(samples)), o_(std::move(o)), energy_(x_.colwise().squaredNorm()) {
    check(o_.atoms >= 1 && o_.nonzeros >= 1 && o_.nonzeros <= o_.atoms && o_.rounds >= 1,
          "ksvd: ", o_.nonzeros, " of ", o_.atoms, " atoms in ", o_.rounds,
          " rounds; each must be at least 1");
    begin();
    codes_.resize(std::size_t(x_.cols()));
  }

  /// All rounds; the atoms (k, K), each of length 1. The same bits for any number of threads.
  Matrix learn() {
    for (Index round = 0; round < o_.rounds; ++round) {
      code();
      update();
      if (o_.progress) o_.progress(round + 1, error());
      if (o_.replace) replace();
    }
    code();
    return d_;
  }

  const Matrix& atoms() const { return d_; }
  const std::vector<SparseCode>& codes() const { return codes_; }  // of each sample, by the atoms as they are

  /// The root of the mean of (X - D A)^2.
  double error() const { return std::sqrt(rest().squaredNorm() / double(x_.size())); }

 private:
  // Samples at random, brought to length 1.
  void begin() {
    std::vector<Index> usable;
    for (Index i = 0; i < x_.cols(); ++i)
      if (energy_[i] > 1e-12) usable.push_back(i);
    check(Index(usable.size()) >= o_.atoms, "ksvd: ", o_.atoms, " atoms cannot be learnt from ",
          usable.size(), " samples that are not 0\n  hint: give more pictures, or fewer atoms");
    Rng rng(o_.seed);
    d_.resize(x_.rows(), o_.atoms);
    for (Index k = 0; k < o_.atoms; ++k) {
      std::swap(usable[std::size_t(k)], usable[std::size_t(k + rng.below(Index(usable.size()) - k))]);
      d_.col(k) = x_.col(usable[std::size_t(k)]).normalized();
    }
  }

  // Step 1.
  void code() {
    const Matrix gram = d_.transpose() * d_;
    constexpr Index at_once = 256;
    const Index chunks = (x_.cols() + at_once - 1) / at_once;
    parallel_for(chunks, true, [&](Index chunk) {
      const Index first = chunk * at_once, here = std::min(at_once, x_.cols() - first);
      const Matrix correlations = d_.transpose() * x_.middleCols(first, here);
      for (Index i = 0; i < here; ++i) {
        SparseCode& old = codes_[std::size_t(first + i)];
        const Vector correlation = correlations.col(i);
        SparseCode made = omp(gram, correlation, o_.nonzeros);
        const double energy = energy_[first + i];
        const bool keep = old.weights.size() > 0 &&
                          old.error(energy, gram, correlation) <= made.error(energy, gram, correlation);
        if (!keep) old = std::move(made);
      }
    });
  }

  // X - D A.
  Matrix rest() const {
    Matrix r = x_;
    parallel_for(x_.cols(), true, [&](Index i) {
      const SparseCode& code = codes_[std::size_t(i)];
      for (Index j = 0; j < code.weights.size(); ++j)
        r.col(i) -= code.weights[j] * d_.col(code.atoms[std::size_t(j)]);
    });
    return r;
  }

  // Where an atom is used: a sample, and the place in its code.
  struct Use {
    Index sample, place;
  };
  std::vector<std::vector<Use>> uses() const {
    std::vector<std::vector<Use>> all(std::size_t(o_.atoms));
    for (std::size_t i = 0; i < codes_.size(); ++i)
      for (std::size_t j = 0; j < codes_[i].atoms.size(); ++j)
        all[std::size_t(codes_[i].atoms[j])].push_back({Index(i), Index(j)});
    return all;
  }

  // Step 2. One atom after the other: each sees what those before it have become.
  void update() {
    const std::vector<std::vector<Use>> used = uses();
    Matrix left = rest();
    for (Index k = 0; k < o_.atoms; ++k) {
      const std::vector<Use>& here = used[std::size_t(k)];
      Vector sum = Vector::Zero(x_.rows());  // E g
      for (const Use& use : here) {
        const double g = codes_[std::size_t(use.sample)].weights[use.place];
        left.col(use.sample) += g * d_.col(k);  // E
        sum += g * left.col(use.sample);
      }
      const double length = sum.norm();
      if (length > 0) d_.col(k) = sum / length;
      for (const Use& use : here) {
        double& g = codes_[std::size_t(use.sample)].weights[use.place];
        g = d_.col(k).dot(left.col(use.sample));
        left.col(use.sample) -= g * d_.col(k);
      }
    }
  }

  // Step 3. What used a replaced atom is coded anew.
  void replace() {
    const std::vector<std::vector<Use>> used = uses();
    Vector wrong = rest().colwise().squaredNorm();
    Matrix gram = (d_.transpose() * d_).cwiseAbs();
    gram.diagonal().setZero();
    for (Index k = 0; k < o_.atoms; ++k) {
      if (Index(used[std::size_t(k)].size()) >= o_.rarely && gram.col(k).maxCoeff() <= o_.alike) continue;
      Index worst = 0;
      if (!(wrong.maxCoeff(&worst) > 1e-12)) return;
      wrong[worst] = 0;
      d_.col(k) = x_.col(worst).normalized();
      gram.col(k) = (d_.transpose() * d_.col(k)).cwiseAbs();
      gram(k, k) = 0;
      gram.row(k) = gram.col(k).transpose();
      for (const Use& use : used[std::size_t(k)]) codes_[std::size_t(use.sample)] = {};
    }
  }

  Matrix x_;
  KsvdOptions o_;
  Vector energy_;
  Matrix d_;
  std::vector<SparseCode> codes_;
};

/// The patches (p, n) that belong to the samples, by the same codes: Dh = P A' (A A')^-1, (p, K). An atom
/// that no sample uses gets zeros. Throws Error where codes and patches are not of one number.
inline Matrix matching_atoms(const Matrix& patches, const std::vector<SparseCode>& codes, Index atoms) {
  check(patches.cols() == Index(codes.size()), "matching_atoms: there are ", patches.cols(), " patches for ",
        codes.size(), " codes");
  Matrix gram = Matrix::Zero(atoms, atoms), mixed = Matrix::Zero(atoms, patches.rows());
  for (std::size_t i = 0; i < codes.size(); ++i)
    for (Index a = 0; a < codes[i].weights.size(); ++a) {
      const double w = codes[i].weights[a];
      const Index row = codes[i].atoms[std::size_t(a)];
      mixed.row(row) += w * patches.col(Index(i)).transpose();
      for (Index b = 0; b < codes[i].weights.size(); ++b)
        gram(row, codes[i].atoms[std::size_t(b)]) += w * codes[i].weights[b];
    }
  gram.diagonal().array() += 1e-9 * std::max(1e-300, gram.trace() / double(atoms));
  return solve(std::move(gram), std::move(mixed)).transpose();
}

}  // namespace crisp::classic
