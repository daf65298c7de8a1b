// ReportPicture: a validation picture, as the report shows it.
#pragma once
#include <string>

#include "crisp/data/image.hpp"

namespace crisp::report {

/// One validation picture: its scores, and the pictures themselves, rounded to 8 bits.
struct ReportPicture {
  std::string name;
  double psnr = 0, ssim = 0;
  double bicubic_psnr = 0;
  data::Image lr, bicubic;
  data::Image result, hr;
};

}  // namespace crisp::report
