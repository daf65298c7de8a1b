// What crisp says.
#pragma once
#include <vector>

namespace judge {

using Numbers = std::vector<double>;

enum class Method { bilinear, bicubic, bicubic_torch, bicubic_without_antialias };

/// crisp::data::resize of a picture (h, w).
Numbers resize(const Numbers& x, int h, int w, int height, int width, Method method);

/// A synthetic picture (h, w).
Numbers picture(int h, int w);

/// crisp::metrics::psnr and ssim, not rounded.
double psnr(const Numbers& a, const Numbers& b, int h, int w, int shave);
double ssim(const Numbers& a, const Numbers& b, int h, int w);

}  // namespace judge
