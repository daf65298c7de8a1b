#include "judge.hpp"

#include <crisp/data/resize.hpp>
#include <crisp/data/synthetic.hpp>
#include <crisp/metrics/ssim.hpp>

namespace judge {

using crisp::Resampling;
using crisp::data::Image;

static Image image(const Numbers& x, int h, int w) {
  Image y(h, w, 1);
  std::copy(x.begin(), x.end(), y.samples.begin());
  return y;
}
static Numbers numbers(const Image& x) { return {x.samples.begin(), x.samples.end()}; }

Numbers resize(const Numbers& x, int h, int w, int height, int width, Method method) {
  const Resampling names[] = {Resampling::bilinear, Resampling::bicubic_matlab, Resampling::bicubic_torch,
                              Resampling::bicubic_matlab};
  return numbers(crisp::data::resize(image(x, h, w), height, width, names[int(method)],
                                     {.antialias = method != Method::bicubic_without_antialias}));
}

Numbers picture(int h, int w) {
  return numbers(crisp::data::dead_leaves({.count = 1, .height = h, .width = w})[0]);
}

double psnr(const Numbers& a, const Numbers& b, int h, int w, int shave) {
  return crisp::metrics::psnr(image(a, h, w), image(b, h, w), {.shave = shave, .round = false}).value;
}

double ssim(const Numbers& a, const Numbers& b, int h, int w) {
  return crisp::metrics::ssim(image(a, h, w), image(b, h, w), {.round = false}).value;
}

}  // namespace judge
