// Examples to learn from: of HR pictures, made small and enlarged again, the features of all patches and the
// details that mid lacks there.
#pragma once
#include <deque>

#include "crisp/classic/frame.hpp"

namespace crisp::classic {

/// A picture to learn from: its luma, in 0..1, cut to a multiple of the scale, and mid of the same size.
struct ExamplePicture {
  Plane hr, mid;
};

/// hr (H, W, 1), 0..255, at `zoom` times its size (imresize), cut to a multiple of the scale; mid is made of
/// it in floating point. Empty where a side is then under 5 times the scale.
inline std::optional<ExamplePicture> example_picture(const data::Image& hr, Index scale, double zoom = 1) {
  check(hr.channels == 1, "classic: a gray picture is needed, not ", data::describe(hr),
        "\n  hint: take its luma");
  data::Image x = hr;
  const auto size = [&](Index side) { return Index(std::ceil(double(side) * zoom)); };
  if (zoom != 1)
    x = data::detail::resize_by(hr, size(hr.height), size(hr.width), zoom, zoom,
                                data::Resampling::bicubic_matlab, {});
  if (std::min(x.height, x.width) < 5 * scale) return std::nullopt;
  x = data::crop_to_multiple(x, scale);
  return ExamplePicture{to_plane(x), to_plane(data::enlarge(data::reduce(x, scale), scale))};
}

/// All patches of a row of the grid in one map, a patch a column: (w^2, patches).
inline Matrix details_of_row(const Plane& details, const PatchGrid& grid, Index row, Index step) {
  const Index w = grid.side(), top = grid.scale * (1 + row * step);
  Matrix patches(grid.area(), grid.cols(step));
  for (Index p = 0; p < patches.cols(); ++p)
    for (Index j = 0; j < w; ++j)
      std::copy_n(details.data() + (grid.scale * (1 + p * step) + j) * details.rows() + top, w,
                  patches.data() + p * grid.area() + j * w);
  return patches;
}

/// Calls f(raw features (4 w^2, n), details (w^2, n)) for each row of patches of the picture, from the top.
template <class F>
void for_example_rows(const ExamplePicture& picture, Index scale, Index step, const F& f) {
  const PatchGrid grid{scale, picture.hr.rows(), picture.hr.cols()};
  const std::array<Plane, 4> maps = gradient_maps(picture.mid, scale);
  const Plane details = picture.hr - picture.mid;
  for (Index row = 0; row < grid.rows(step); ++row)
    f(patches_of_row(maps, grid, row, step), details_of_row(details, grid, row, step));
}

}  // namespace crisp::classic
