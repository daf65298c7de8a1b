// Low-resolution files that belong to high-resolution ones, as image sets come with them; and how they seem
// to have been made.
#pragma once
#include "common.hpp"
#include "crisp/data/image.hpp"

namespace crisp::program {

/// The file in `folder` that belongs to `hr`: under the same name, or with an end such as x2, _x2 or
/// _LRBI_x2. Throws Error where there is none.
fs::path lr_file(const fs::path& folder, const fs::path& hr, Index scale);

/// The image at `file`, or an Error where its size is not that of hr / scale.
data::Image load_lr(const fs::path& file, const data::Image& hr, Index scale);

/// Empty where `lr` is what MATLAB's bicubic makes of hr (no sample differs by more than 1); else what
/// differs, and which interpolation comes nearest.
std::string unlike_matlab(const data::Image& lr, const data::Image& hr, Index scale);

}  // namespace crisp::program
