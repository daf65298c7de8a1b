// ANR and A+ on one page: a dictionary by K-SVD, a regressor for each atom, and a picture that they enlarge.
#include <cstdio>

#include <crisp/classic/aplus.hpp>
#include <crisp/classic/global_regression.hpp>
#include <crisp/data/synthetic.hpp>
#include <crisp/metrics/psnr.hpp>

using namespace crisp;

int main() {
  constexpr Index scale = 2;
  std::vector<data::Image> pictures = data::dead_leaves({.count = 9, .height = 128, .width = 128});
  const data::Image hr = pictures.back();  // one to test on
  pictures.pop_back();
  const data::Image lr = data::reduce(hr, scale);

  // [snippet:anchored]
  // Features of all patches, their PCA, and 128 atoms that make up any of them, three at a time.
  const classic::Dictionary d = classic::learn_dictionary(pictures, scale, {.atoms = 128, .rounds = 5});
  // One matrix for all features; one for each atom from its neighbours; and one from thousands of patches.
  const classic::GlobalRegression gr{classic::global_regressor(d, scale)};
  const classic::AnchoredRegression anr = classic::anchored_regression(d, scale);
  const classic::AnchoredRegression aplus = classic::learn_aplus(pictures, scale, d, {.neighbours = 512});
  // [/snippet]

  const auto score = [&](const char* name, const data::Image& y) {
    const double psnr = metrics::psnr(data::round_to_8bit(y), hr, {.shave = scale}).value;
    std::printf("%-8s %.2f dB\n", name, psnr);
    return psnr;
  };
  const auto by = [&](const classic::Predict& method) {
    return classic::enlarge_by_details(lr, scale, d.projection, method);
  };
  const double bicubic = score("bicubic", data::enlarge(lr, scale));
  score("GR", by(gr));
  score("ANR", by(anr));
  return score("A+", by(aplus)) > bicubic ? 0 : 1;
}
