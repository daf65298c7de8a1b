// The frame that the methods by dictionary share (Zeyde, Elad and Protter 2010; Timofte et al. 2013):
//   1. mid: the small picture, enlarged by bicubic. What it lacks are the fine details.
//   2. Four maps of mid tell where it rises and bends: gradients and Laplacians, along rows and columns.
//   3. A patch of w = 3 s pixels of the four maps, 4 w^2 numbers, is projected by PCA to about 30:
//      its feature.
//   4. The method predicts the details of each patch from its feature.
//   5. mid + details, averaged where patches overlap, is the result.
#pragma once
#include <array>
#include <functional>

#include "crisp/classic/matrix.hpp"
#include "crisp/core/parallel.hpp"
#include "crisp/data/resize.hpp"

namespace crisp::classic {

/// (H, W), luma in 0..1.
using Plane = Matrix;

/// A gray image, 0..255, as a plane, 0..1. Throws Error for colour.
inline Plane to_plane(const data::Image& x) {
  check(x.channels == 1, "classic: a gray picture is needed, not ", data::describe(x),
        "\n  hint: take its luma");
  Plane y(x.height, x.width);
  for (Index i = 0; i < x.height; ++i)
    for (Index j = 0; j < x.width; ++j) y(i, j) = double(x.at(i, j)) / 255;
  return y;
}
inline data::Image to_image(const Plane& x) {
  data::Image y(x.rows(), x.cols(), 1);
  for (Index i = 0; i < y.height; ++i)
    for (Index j = 0; j < y.width; ++j) y.at(i, j) = float(x(i, j) * 255);
  return y;
}

/// Where patches lie in a picture enlarged by `scale`: corners at scale, 2 scale, .. ; the outermost `scale`
/// pixels are in none, as their gradients would see beyond the picture.
struct PatchGrid {
  Index scale, height, width;  // of the enlarged picture

  Index side() const { return 3 * scale; }
  Index area() const { return side() * side(); }

  /// How many patches there are along a side when only each `step`-th small pixel begins one.
  Index along(Index size, Index step = 1) const {
    const Index room = size - 2 * scale - side();
    return room < 0 ? 0 : room / (step * scale) + 1;
  }
  Index rows(Index step = 1) const { return along(height, step); }
  Index cols(Index step = 1) const { return along(width, step); }
};

/// The four maps of step 2: convolution with [1 0.. -1], s - 1 zeros, and [1 0.. -2 0.. 1] / 2, along rows
/// and along columns, zeros outside. They reach as far as a pixel of the small picture is wide. MATLAB's
/// middle of an even length is the later one, so that for x3 a gradient is x(i + 2) - x(i - 1).
inline std::array<Plane, 4> gradient_maps(const Plane& mid, Index scale) {
  const Index H = mid.rows(), W = mid.cols();
  const Index after = (scale + 1) / 2;
  const auto at = [&](Index i, Index j) { return i >= 0 && i < H && j >= 0 && j < W ? mid(i, j) : 0.0; };
  std::array<Plane, 4> maps;
  for (Plane& map : maps) map.resize(H, W);
  parallel_for(W, H * W > 4096, [&](Index j) {
    for (Index i = 0; i < H; ++i) {
      maps[0](i, j) = at(i, j + after) - at(i, j + after - scale);
      maps[1](i, j) = at(i + after, j) - at(i + after - scale, j);
      maps[2](i, j) = (at(i, j + scale) - 2 * mid(i, j) + at(i, j - scale)) / 2;
      maps[3](i, j) = (at(i + scale, j) - 2 * mid(i, j) + at(i - scale, j)) / 2;
    }
  });
  return maps;
}

/// The patches of one row of the grid in all four maps, a patch a column: (4 w^2, patches). A patch is
/// written map by map, each column by column.
inline Matrix patches_of_row(const std::array<Plane, 4>& maps, const PatchGrid& grid, Index row,
                             Index step = 1) {
  const Index w = grid.side(), count = grid.cols(step);
  Matrix patches(4 * grid.area(), count);
  const Index top = grid.scale * (1 + row * step);
  for (Index p = 0; p < count; ++p) {
    double* to = patches.data() + p * patches.rows();
    for (const Plane& map : maps)
      for (Index j = 0; j < w; ++j, to += w)
        std::copy_n(map.data() + (grid.scale * (1 + p * step) + j) * map.rows() + top, w, to);
  }
  return patches;
}

/// Of the features of some patches, (k, n), the details that mid lacks there, (w^2, n), column by column.
/// It must not throw.
using Predict = std::function<Matrix(const Matrix& features)>;

namespace detail {

inline void check_picture(const char* who, Index height, Index width, Index scale) {
  constexpr Index least = 5;  // a patch of 3 and a pixel around it
  check(scale >= 1, who, ": the scale must be a whole number of at least 1, not ", scale);
  check(height >= least && width >= least, who, ": a picture of ", height, " x ", width,
        " pixels is smaller than a patch and its border, which are ", least, " x ", least);
}

// Adds details, one row of patches, onto `sum`, and counts them.
inline void add_patches(const Matrix& details, const PatchGrid& grid, Index row, Plane& sum, Plane& count) {
  const Index w = grid.side();
  const Index top = grid.scale * (1 + row);
  for (Index p = 0; p < details.cols(); ++p) {
    const Index left = grid.scale * (1 + p);
    sum.block(top, left, w, w) += Eigen::Map<const Matrix>(details.data() + p * grid.area(), w, w);
    count.block(top, left, w, w).array() += 1;
  }
}

}  // namespace detail

/// Steps 2 to 5: mid (H, W) -> (H, W). `projection` (4 w^2, k) has the PCA's directions as columns. Pixels
/// that no patch covers stay as mid has them. The same bits for any number of threads. Throws Error where the
/// picture is smaller than a patch, or the projection is that of another scale.
inline Plane add_details(const Plane& mid, Index scale, const Matrix& projection, const Predict& predict) {
  const PatchGrid grid{scale, mid.rows(), mid.cols()};
  detail::check_picture("add_details", mid.rows() / scale, mid.cols() / scale, scale);
  check(projection.rows() == 4 * grid.area(), "add_details: the projection takes ", projection.rows(),
        " numbers, but a patch at x", scale, " has ", 4 * grid.area(),
        "\n  hint: is the dictionary of another scale?");
  const std::array<Plane, 4> maps = gradient_maps(mid, scale);
  const Matrix transposed = projection.transpose();
  Plane sum = Plane::Zero(grid.height, grid.width);
  Plane count = sum;
  constexpr Index at_once = 32;  // rows of patches: they bound the memory
  for (Index first = 0; first < grid.rows(); first += at_once) {
    std::vector<Matrix> details(std::size_t(std::min(at_once, grid.rows() - first)));
    parallel_for(Index(details.size()), true, [&](Index i) {
      details[std::size_t(i)] = predict(transposed * patches_of_row(maps, grid, first + i));
    });
    for (std::size_t i = 0; i < details.size(); ++i)
      detail::add_patches(details[i], grid, first + Index(i), sum, count);
  }
  return mid.array() + sum.array() / count.array().max(1);
}

/// All five steps: lr (h, w, 1), 0..255 -> (scale h, scale w, 1), not rounded. Throws Error as add_details
/// does.
inline data::Image enlarge_by_details(const data::Image& lr, Index scale, const Matrix& projection,
                                      const Predict& predict) {
  detail::check_picture("enlarge_by_details", lr.height, lr.width, scale);
  return to_image(add_details(to_plane(data::enlarge(lr, scale)), scale, projection, predict));
}

}  // namespace crisp::classic
