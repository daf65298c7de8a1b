// See lr_files.hpp.
#include "lr_files.hpp"

#include "crisp/data/color.hpp"
#include "crisp/data/pairs.hpp"
#include "picture.hpp"

namespace crisp::program {

LrFolder::LrFolder(const fs::path& folder)
    : files_(std::make_shared<data::LrFiles>(images_in("--lr", folder))) {}

fs::path LrFolder::of(const fs::path& hr, Index scale) const {
  const std::string option = "--lr";
  try {
    return files_->of(hr, scale);
  } catch (const Error& e) {
    throw WrongUse(str(option, ": ", e.what()));
  }
}

data::Image load_lr(const fs::path& file, const data::Image& hr, Index scale) {
  const data::Image lr = data::without_alpha(load_picture(file));
  check(lr.height == hr.height / scale && lr.width == hr.width / scale, "--lr: '", file.string(), "' is ",
        lr.height, " x ", lr.width, ", but the original is ", hr.height, " x ", hr.width, ", which gives ",
        hr.height / scale, " x ", hr.width / scale, " at x", scale);
  return lr;
}

std::string unlike_matlab(const data::Image& lr, const data::Image& original, Index scale) {
  const data::Image hr = data::crop_to_multiple(data::round_to_8bit(data::without_alpha(original)), scale);
  const bool gray = lr.channels == 1;
  const auto distance = [&](data::Image made, double& largest) {  // mean of the absolute differences
    made = data::round_to_8bit(std::move(made));
    if (gray && made.channels == 3) made = data::round_to_8bit(data::luma(made));
    const data::Image& other = !gray && made.channels == 1 ? data::luma(lr) : lr;
    double sum = 0;
    largest = 0;
    for (std::size_t i = 0; i < made.samples.size(); ++i) {
      const double d = std::abs(double(made.samples[i]) - double(other.samples[i]));
      sum += d;
      largest = std::max(largest, d);
    }
    return sum / double(made.samples.size());
  };
  double largest = 0, ignored = 0;
  const double of_matlab =
      distance(data::reduce(hr, scale, data::Resampling::bicubic_matlab, {.round_between = true}), largest);
  if (largest <= 1) return "";
  const Index h = hr.height / scale, w = hr.width / scale;
  const double blurred = distance(reducer_of("blur")(hr, scale), ignored);
  std::vector<std::pair<double, std::string>> others{
      {of_matlab, "MATLAB's bicubic"},
      {distance(data::resize(hr, h, w, data::Resampling::bicubic_torch), ignored),
       "bicubic without antialiasing, as PyTorch and OpenCV have it"},
      {distance(data::resize(hr, h, w, data::Resampling::bilinear), ignored), "bilinear interpolation"},
      {distance(data::resize(hr, h, w, data::Resampling::nearest), ignored), "taking every pixel in so many"},
      {blurred, "a Gaussian blur and taking every pixel in so many"}};
  const auto nearest = *std::min_element(others.begin(), others.end());
  return str("samples differ by up to ", largest, " from MATLAB's bicubic (", fixed(of_matlab, 2),
             " in the mean); nearest is ", nearest.second, " (", fixed(nearest.first, 2), ")");
}

}  // namespace crisp::program
