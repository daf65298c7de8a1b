// How a pair of dictionaries is learnt from pictures (Zeyde, Elad and Protter 2010):
//   1. F: the features of all patches, every second small pixel; P: the details of the same patches.
//   2. The PCA of F: about 30 numbers for each.
//   3. Dl and A by K-SVD of those; Dh = P A' (A A')^-1.
#pragma once
#include <string>

#include "crisp/classic/dictionary.hpp"
#include "crisp/classic/examples.hpp"
#include "crisp/classic/ksvd.hpp"
#include "crisp/classic/pca.hpp"

namespace crisp::classic {

/// Told what is done, and the part of it, 0..1. What it throws ends the work.
using Progress = std::function<void(const std::string& what, double part)>;

namespace detail {

// F F' over all pictures: a sum for each, added in their order.
inline Matrix scatter_of(const std::vector<ExamplePicture>& pictures, Index scale, Index step) {
  const Index size = 36 * scale * scale;
  Matrix sum = Matrix::Zero(size, size);
  constexpr Index at_once = 8;
  for (Index first = 0; first < Index(pictures.size()); first += at_once) {
    std::vector<Matrix> parts(std::size_t(std::min(at_once, Index(pictures.size()) - first)));
    parallel_for(Index(parts.size()), true, [&](Index i) {
      Matrix& part = parts[std::size_t(i)] = Matrix::Zero(size, size);
      for_example_rows(pictures[std::size_t(first + i)], scale, step, [&](const Matrix& raw, const Matrix&) {
        part.selfadjointView<Eigen::Lower>().rankUpdate(raw);
      });
    });
    for (const Matrix& part : parts) sum += part;
  }
  return sum.selfadjointView<Eigen::Lower>();
}

// How many patches a picture has.
inline Index patches_in(const ExamplePicture& picture, Index scale, Index step) {
  const PatchGrid grid{scale, picture.hr.rows(), picture.hr.cols()};
  return grid.rows(step) * grid.cols(step);
}

}  // namespace detail

/// hr: pictures (H, W, 1), 0..255; those with a side under 5 times the scale are left out. The same bits for
/// any number of threads. Throws Error where there are too few patches for the atoms.
inline Dictionary learn_dictionary(const std::vector<data::Image>& hr, Index scale, KsvdOptions o = {},
                                   const Progress& progress = {}) {
  constexpr Index step = 2;
  std::vector<ExamplePicture> pictures;
  for (const data::Image& image : hr)
    if (auto picture = example_picture(image, scale)) pictures.push_back(*std::move(picture));
  std::vector<Index> begins{0};
  for (const ExamplePicture& p : pictures)
    begins.push_back(begins.back() + detail::patches_in(p, scale, step));
  const Index count = begins.back();
  check(count >= o.atoms, "learn_dictionary: ", o.atoms, " atoms cannot be learnt from ", count,
        " patches of ", hr.size(), " pictures\n  hint: give more pictures, or larger ones");
  if (progress) progress("PCA of the patches", 0);
  Dictionary d;
  d.projection = principal_directions(detail::scatter_of(pictures, scale, step));
  Matrix features(d.projection.cols(), count), details(9 * scale * scale, count);
  parallel_for(Index(pictures.size()), true, [&](Index i) {
    Index at = begins[std::size_t(i)];
    for_example_rows(pictures[std::size_t(i)], scale, step, [&](const Matrix& raw, const Matrix& patches) {
      features.middleCols(at, raw.cols()).noalias() = d.projection.transpose() * raw;
      details.middleCols(at, raw.cols()) = patches;
      at += raw.cols();
    });
  });
  o.progress = [&, told = o.progress](Index round, double error) {
    if (told) told(round, error);
    if (progress)
      progress(str("K-SVD of ", count, " patches, round ", round), double(round) / double(o.rounds));
  };
  Ksvd ksvd(features, o);
  d.low = ksvd.learn();
  d.high = matching_atoms(details, ksvd.codes(), d.low.cols());
  return d;
}

}  // namespace crisp::classic
