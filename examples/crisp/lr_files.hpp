// Low-resolution files that belong to high-resolution ones, as image sets come with them; and how they seem
// to have been made.
#pragma once
#include "common.hpp"
#include "crisp/data/image.hpp"

namespace crisp::data {
class LrFiles;
}

namespace crisp::program {

class LrFolder {
 public:
  /// Throws WrongUse where there is no such folder, or no picture in it.
  explicit LrFolder(const fs::path& folder);

  /// The file that belongs to `hr`, see data::lr_names. Throws WrongUse where there is none, or more than
  /// one.
  fs::path of(const fs::path& hr, Index scale) const;

 private:
  std::shared_ptr<const data::LrFiles> files_;
};

/// The image at `file`, or an Error where its size is not that of hr / scale.
data::Image load_lr(const fs::path& file, const data::Image& hr, Index scale);

/// Empty where `lr` is what MATLAB's bicubic makes of hr (no sample differs by more than 1); else what
/// differs, and which interpolation comes nearest.
std::string unlike_matlab(const data::Image& lr, const data::Image& hr, Index scale);

}  // namespace crisp::program
