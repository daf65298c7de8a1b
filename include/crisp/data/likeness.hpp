// Likeness: whether two pictures are the same one, though one of them was made smaller or compressed again.
// For finding pictures of a test set among those of a training set.
#pragma once
#include "crisp/data/color.hpp"
#include "crisp/data/samples.hpp"

namespace crisp::data {

/// What is kept of a picture to compare it with others: means of the luma in 32 x 32 fields, less the mean of
/// all, of length 1.
struct Sketch {
  static constexpr Index side = 32;
  Index height = 0, width = 0;
  double contrast = 0;          // the deviation of the means, of 0..255
  std::vector<float> values{};  // side x side; none where there is no contrast
};

namespace detail {

// x (outer, n, inner) -> (outer, side, inner): means over equal fields of the middle axis. A pixel on a
// boundary counts in both with the part that lies in each, so that a picture of another size gives nearly the
// same means.
inline std::vector<double> field_means(const std::vector<double>& x, Index outer, Index n, Index inner) {
  constexpr Index side = Sketch::side;
  std::vector<double> y(std::size_t(outer * side * inner));
  const double length = double(n) / double(side);
  for (Index o = 0; o < outer; ++o)
    for (Index f = 0; f < side; ++f) {
      const double begin = double(f) * length, end = begin + length;
      for (Index i = Index(begin); i < std::min(n, Index(std::ceil(end))); ++i) {
        const double part = std::min(double(i + 1), end) - std::max(double(i), begin);
        for (Index k = 0; k < inner; ++k)
          y[std::size_t((o * side + f) * inner + k)] +=
              std::max(0.0, part) / length * x[std::size_t((o * n + i) * inner + k)];
      }
    }
  return y;
}

}  // namespace detail

/// (H, W, C) of any size. Throws Error for an empty image.
inline Sketch sketch_of(const Image& x) {
  check(!x.empty(), "sketch_of: the image is empty");
  const Image y = luma(x);
  Sketch s{x.height, x.width};
  const std::vector<double> samples(y.samples.begin(), y.samples.end());
  const std::vector<double> rows = detail::field_means(samples, 1, y.height, y.width);
  const std::vector<double> means = detail::field_means(rows, Sketch::side, y.width, 1);
  double mean = 0, square = 0;
  for (const double m : means) mean += m / double(means.size());
  for (const double m : means) square += (m - mean) * (m - mean);
  s.contrast = std::sqrt(square / double(means.size()));
  if (s.contrast < 1) return s;
  for (const double m : means) s.values.push_back(float((m - mean) / std::sqrt(square)));
  return s;
}

/// How alike two pictures are: the correlation of their sketches, 1 for equal ones; 0 where their sides are
/// not in the same proportion within 4 %, or one has no contrast.
inline double likeness(const Sketch& a, const Sketch& b) {
  const double ratio = double(a.height) * double(b.width) / (double(a.width) * double(b.height));
  if (a.values.empty() || b.values.empty() || ratio < 0.96 || ratio > 1 / 0.96) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) sum += double(a.values[i]) * double(b.values[i]);
  return sum;
}

/// From this likeness on two pictures are taken for one. Of 296 photographs (T91, General-100, Set5, B100) no
/// two different ones are more alike than 0.87, and none is less alike than 0.95 to a JPEG of quality 20 of
/// half its size.
inline constexpr double same_picture = 0.94;

}  // namespace crisp::data
