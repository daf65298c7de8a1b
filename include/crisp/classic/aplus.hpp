// A+ (Timofte, De Smet and Van Gool 2014). ANR learns the regressor of an anchor from the 40 atoms around it;
// A+ from the 2048 training patches around it, out of 5 million. Its use is the same: only learning is here.
//   1. examples at 12 sizes of each picture, 0.98^k; each feature divided by its length, and its details
//      by the same number where that is at least 0.1;
//   2. for each anchor L, the 2048 nearest features (columns), and H, their details;
//   3. R = H L' (L L' + 0.1 I)^-1: a system of 30 x 30.
#pragma once
#include "crisp/classic/anchored_regression.hpp"
#include "crisp/classic/learn_dictionary.hpp"

namespace crisp::classic {

struct AplusOptions {
  Index sizes = 12;
  double zoom = 0.98;
  Index max_examples = 5000000;  // pairs of a feature and its details
  Index neighbours = 2048;
  double ridge = 0.1;
};

namespace detail {

// The examples of step 1. The details of all would take gigabytes: they stay in their pictures until an
// anchor asks for them.
class ManyExamples {
 public:
  ManyExamples(const std::vector<data::Image>& hr, Index scale, const Matrix& projection,
               const AplusOptions& o, const Progress& progress)
      : scale_(scale), to_(projection.transpose()) {
    plan(hr, o);
    features_.resize(to_.rows(), count_);
    lengths_.resize(count_);
    pictures_.resize(planned_.size());
    constexpr std::size_t at_once = 32;
    for (std::size_t first = 0; first < planned_.size(); first += at_once) {
      if (progress) progress(str("examples: ", count_), double(first) / double(planned_.size()));
      parallel_for(Index(std::min(at_once, planned_.size() - first)), true,
                   [&](Index i) { take(hr, first + std::size_t(i)); });
    }
  }

  Index count() const { return count_; }
  const Eigen::MatrixXf& features() const { return features_; }

  /// The details of some examples: (w^2, n).
  Matrix details(const std::vector<Index>& wanted) const {
    Matrix all(9 * scale_ * scale_, Index(wanted.size()));
    for (std::size_t n = 0; n < wanted.size(); ++n) {
      const auto next = std::upper_bound(planned_.begin(), planned_.end(), wanted[n],
                                         [](Index i, const Planned& p) { return i < p.first; });
      const std::size_t which = std::size_t(next - planned_.begin()) - 1;
      const PatchGrid& grid = planned_[which].grid;
      const Index in_picture = wanted[n] - planned_[which].first, w = grid.side();
      const Index top = scale_ * (1 + in_picture / grid.cols()),
                  left = scale_ * (1 + in_picture % grid.cols());
      const float length = lengths_[wanted[n]];
      const double by = length >= 0.1f ? 1.0 / double(length) : 1.0;
      Eigen::Map<Matrix>(all.data() + Index(n) * all.rows(), w, w) =
          by * pictures_[which].block(top, left, w, w).cast<double>();
    }
    return all;
  }

 private:
  struct Planned {
    std::size_t image;
    double zoom;
    PatchGrid grid;
    Index first, count;  // of its examples
  };

  // Which pictures at which sizes, until there are enough.
  void plan(const std::vector<data::Image>& hr, const AplusOptions& o) {
    for (Index k = 0; k < o.sizes; ++k)
      for (std::size_t i = 0; i < hr.size() && count_ < o.max_examples; ++i) {
        const double zoom = std::pow(o.zoom, double(k));
        const auto side = [&](Index s) { return Index(std::ceil(double(s) * zoom)) / scale_ * scale_; };
        const PatchGrid grid{scale_, side(hr[i].height), side(hr[i].width)};
        const Index here = std::min(grid.rows() * grid.cols(), o.max_examples - count_);
        if (here > 0) planned_.push_back({i, zoom, grid, count_, here});
        count_ += here;
      }
  }

  void take(const std::vector<data::Image>& hr, std::size_t which) {
    const Planned& p = planned_[which];
    const std::optional<ExamplePicture> picture = example_picture(hr[p.image], scale_, p.zoom);
    pictures_[which] = (picture->hr - picture->mid).cast<float>();
    const std::array<Plane, 4> maps = gradient_maps(picture->mid, scale_);
    for (Index row = 0, at = 0; at < p.count; ++row) {
      Matrix features = to_ * patches_of_row(maps, p.grid, row);
      const Index here = std::min(features.cols(), p.count - at);
      for (Index i = 0; i < here; ++i) {
        const double length = features.col(i).norm();
        if (length > 0) features.col(i) /= length;
        lengths_[p.first + at + i] = float(length);
      }
      features_.middleCols(p.first + at, here) = features.leftCols(here).cast<float>();
      at += here;
    }
  }

  Index scale_, count_ = 0;
  Matrix to_;
  std::vector<Planned> planned_;
  std::vector<Eigen::MatrixXf> pictures_;  // HR - mid
  Eigen::MatrixXf features_;               // (k, n)
  Eigen::VectorXf lengths_;                // before they were divided
};

// Step 2 for some anchors (k, a) at once: the numbers of the nearest features of each. Nearest by distance is
// largest by a' f - |f|^2 / 2, and |f| is 1, or 0 for a flat patch.
inline std::vector<std::vector<Index>> nearest_features(const Eigen::MatrixXf& anchors,
                                                        const Eigen::MatrixXf& features, Index count) {
  using Candidate = std::pair<float, Index>;
  const auto nearer = [](const Candidate& a, const Candidate& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  };
  std::vector<std::vector<Candidate>> best(std::size_t(anchors.cols()));
  std::vector<float> least(best.size(), -std::numeric_limits<float>::infinity());
  const auto cut = [&](std::size_t a) {
    if (Index(best[a].size()) <= count) return;
    std::nth_element(best[a].begin(), best[a].begin() + (count - 1), best[a].end(), nearer);
    best[a].resize(std::size_t(count));
    least[a] = best[a].back().first;
  };
  constexpr Index at_once = 2048;
  for (Index first = 0; first < features.cols(); first += at_once) {
    const auto chunk = features.middleCols(first, std::min(at_once, features.cols() - first));
    const Eigen::ArrayXf half = chunk.colwise().squaredNorm().transpose().array() / 2;
    Eigen::MatrixXf score = chunk.transpose() * anchors;  // (features, anchors)
    for (std::size_t a = 0; a < best.size(); ++a) {
      score.col(Index(a)).array() -= half;
      for (Index i = 0; i < score.rows(); ++i)
        if (score(i, Index(a)) > least[a]) best[a].push_back({score(i, Index(a)), first + i});
      if (Index(best[a].size()) > 2 * count) cut(a);
    }
  }
  std::vector<std::vector<Index>> numbers(best.size());
  for (std::size_t a = 0; a < best.size(); ++a) {
    cut(a);
    std::sort(best[a].begin(), best[a].end(), nearer);
    for (const Candidate& c : best[a]) numbers[a].push_back(c.second);
  }
  return numbers;
}

}  // namespace detail

/// hr: pictures (H, W, 1), 0..255, in the order in which they are taken until there are enough examples; d:
/// the dictionary whose low atoms become the anchors. About 3 GB at x3. The same bits for any number of
/// threads. Throws Error where the dictionary is of another scale, or there are no examples.
inline AnchoredRegression learn_aplus(const std::vector<data::Image>& hr, Index scale, const Dictionary& d,
                                      const AplusOptions& o = {}, const Progress& progress = {}) {
  check_dictionary(d, scale);
  const detail::ManyExamples examples(hr, scale, d.projection, o, progress);
  const Index count = std::min(o.neighbours, examples.count());
  check(count >= 1, "learn_aplus: ", hr.size(), " pictures have no patch of x", scale,
        "\n  hint: give larger pictures");
  AnchoredRegression made{d.low, std::vector<Matrix>(std::size_t(d.atoms()))};
  constexpr Index block = 16, at_once = 4 * block;  // anchors of one product, and between two reports
  for (Index first = 0; first < d.atoms(); first += at_once) {
    if (progress) progress(str("regressors from ", count, " neighbours"), double(first) / double(d.atoms()));
    parallel_for(ceil_div(std::min(at_once, d.atoms() - first), block), true, [&](Index part) {
      const Index begin = first + part * block, here = std::min(block, d.atoms() - begin);
      const Eigen::MatrixXf anchors = d.low.middleCols(begin, here).cast<float>();
      const auto near = detail::nearest_features(anchors, examples.features(), count);
      for (Index a = 0; a < here; ++a) {
        Matrix low(d.low.rows(), count);
        for (Index i = 0; i < count; ++i)
          low.col(i) = examples.features().col(near[std::size_t(a)][std::size_t(i)]).cast<double>();
        made.regressors[std::size_t(begin + a)] =
            ridge_regression(low, examples.details(near[std::size_t(a)]), o.ridge);
      }
    });
  }
  return made;
}

}  // namespace crisp::classic
