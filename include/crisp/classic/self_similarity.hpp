// Self-similarity (Glasner, Bagon and Irani 2009): small patches of a picture occur again in it, at other
// sizes. So the picture and a smaller version of it are a dictionary of their own. In steps of about 2^(1/3):
//   1. U: the picture enlarged by one step. It is blurred, and its details are what is looked for.
//   2. L: the picture made smaller by one step and enlarged again: as blurred as U. H = picture - L is what
//      that blur took away.
//   3. For each 5 x 5 patch of U, less its mean, the 5 nearest patches of L, less theirs: their H, weighted
//      by exp(-d^2 / (2 (0.02 x 5)^2)), is added, and averaged where patches overlap.
//   4. Back-projection: made small again, it must be the picture that was given.
#pragma once
#include "crisp/classic/back_projection.hpp"
#include "crisp/classic/frame.hpp"
#include "crisp/classic/patch_search.hpp"

namespace crisp::classic {

struct SelfSimilarityOptions {
  Index patch = 5, neighbours = 5;
  double spread = 0.02;  // of a pixel in 0..1: how unlike a patch may be and still count
  Index back_projections = 10;
  Index leaves = 24;  // of the tree, that a search looks into at most
};

namespace detail {

// All patches of side p, less their means, in 0..1: (p^2, (H - p + 1) (W - p + 1)), row by row of corners.
inline Eigen::MatrixXf patches_without_mean(const data::Image& x, Index p) {
  const Index rows = x.height - p + 1, cols = x.width - p + 1;
  Eigen::MatrixXf all(p * p, rows * cols);
  parallel_for(rows * cols, true, [&](Index n) {
    float* to = all.data() + n * p * p;
    for (Index i = 0; i < p; ++i)
      for (Index j = 0; j < p; ++j) *to++ = x.at(n / cols + i, n % cols + j) / 255;
    all.col(n).array() -= all.col(n).mean();
  });
  return all;
}

// Step 3 for one patch: the weighted mean of the neighbours' details, (p^2).
inline Eigen::VectorXf details_of(const std::vector<PatchSearch::Found>& near, const data::Image& missing,
                                  const SelfSimilarityOptions& o) {
  const double width = o.spread * double(o.patch);
  Eigen::VectorXf sum = Eigen::VectorXf::Zero(o.patch * o.patch);
  const Index cols = missing.width - o.patch + 1;
  double total = 0;
  for (const PatchSearch::Found& one : near) {
    const double w = std::exp(-(double(one.distance) - double(near[0].distance)) / (2 * width * width));
    total += w;
    for (Index i = 0; i < o.patch; ++i)
      for (Index j = 0; j < o.patch; ++j)
        sum[i * o.patch + j] += float(w) * missing.at(one.patch / cols + i, one.patch % cols + j);
  }
  return sum / float(total);
}

// Steps 1 to 3: the picture at a larger size.
inline data::Image one_step(const data::Image& x, Index height, Index width, const SelfSimilarityOptions& o) {
  constexpr auto bicubic = data::Resampling::bicubic_matlab;
  const auto smaller = [](Index size, Index large) {
    return std::max<Index>(1, Index(std::lround(double(size) * double(size) / double(large))));
  };
  data::Image large = data::resize(x, height, width, bicubic);
  const data::Image blurred =
      data::resize(data::resize(x, smaller(x.height, height), smaller(x.width, width), bicubic), x.height,
                   x.width, bicubic);
  data::Image missing = x;
  for (std::size_t i = 0; i < missing.samples.size(); ++i) missing.samples[i] -= blurred.samples[i];
  const PatchSearch search(patches_without_mean(blurred, o.patch));
  const Eigen::MatrixXf queries = patches_without_mean(large, o.patch);
  Eigen::MatrixXf details(o.patch * o.patch, queries.cols());
  parallel_for(queries.cols(), true, [&](Index n) {
    details.col(n) =
        details_of(search.nearest(queries.data() + n * queries.rows(), o.neighbours, o.leaves), missing, o);
  });
  data::Image count(height, width, 1), sum = count;
  const Index cols = width - o.patch + 1;
  for (Index n = 0; n < details.cols(); ++n)
    for (Index k = 0; k < o.patch * o.patch; ++k) {
      const Index i = n / cols + k / o.patch, j = n % cols + k % o.patch;
      sum.at(i, j) += details(k, n);
      count.at(i, j) += 1;
    }
  for (std::size_t i = 0; i < sum.samples.size(); ++i) large.samples[i] += sum.samples[i] / count.samples[i];
  return large;
}

}  // namespace detail

/// lr (h, w, 1), 0..255 -> (scale h, scale w, 1), not rounded. `done` is told the part that is done, 0..1;
/// what it throws ends the work. The same bits for any number of threads. Throws Error for colour, and for a
/// picture smaller than a patch.
inline data::Image enlarge_by_self_similarity(const data::Image& lr, Index scale,
                                              SelfSimilarityOptions o = {},
                                              const std::function<void(double)>& done = {}) {
  check(lr.channels == 1, "self_similarity: a gray picture is needed, not ", data::describe(lr));
  const Index least = 2 * o.patch;
  check(lr.height >= least && lr.width >= least, "self_similarity: a picture of ", lr.height, " x ", lr.width,
        " pixels is too small to resemble itself; it needs ", least, " x ", least);
  check(scale >= 1 && scale <= 8, "self_similarity: the scale must be from 1 to 8, not ", scale);
  const Index steps = Index(std::lround(3 * std::log2(double(scale))));
  data::Image x = lr;
  for (Index k = 1; k <= steps; ++k) {
    const double factor = std::pow(double(scale), double(k) / double(steps));
    const auto size = [&](Index small) {
      return k == steps ? small * scale : Index(std::lround(double(small) * factor));
    };
    x = back_project(detail::one_step(x, size(lr.height), size(lr.width), o), lr, o.back_projections);
    if (done) done(std::pow(factor / double(scale), 2));
  }
  return x;
}

}  // namespace crisp::classic
