// PSNR, SSIM and MS-SSIM, against plain loops and known values.
#include "crisp/data/image_folder.hpp"
#include "crisp/data/resize.hpp"
#include "crisp/metrics/ms_ssim.hpp"
#include "shared.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::metrics;
using namespace crisp::test;
using data::Image;

static Image noise(Index h, Index w, Index c, std::uint64_t seed, double spread = 256) {
  Image x(h, w, c);
  Rng rng(seed);
  for (float& v : x.samples) v = float(std::floor(rng.uniform(0, spread)));
  return x;
}

// Wang et al. 2004, eq. 13, window by window.
static double plain_ssim(const Image& a, const Image& b) {
  double total = 0;
  Index count = 0;
  for (Index y = 0; y + 11 <= a.height; ++y)
    for (Index x = 0; x + 11 <= a.width; ++x, ++count) {
      double w = 0, ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
      for (Index i = 0; i < 11; ++i)
        for (Index j = 0; j < 11; ++j) {
          const double g = std::exp(-double((i - 5) * (i - 5) + (j - 5) * (j - 5)) / 4.5),
                       u = a.at(y + i, x + j), v = b.at(y + i, x + j);
          w += g, ma += g * u, mb += g * v, aa += g * u * u, bb += g * v * v, ab += g * u * v;
        }
      ma /= w, mb /= w, aa = aa / w - ma * ma, bb = bb / w - mb * mb, ab = ab / w - ma * mb;
      total +=
          (2 * ma * mb + 6.5025) * (2 * ab + 58.5225) / ((ma * ma + mb * mb + 6.5025) * (aa + bb + 58.5225));
    }
  return total / double(count);
}

TEST_CASE("PSNR of known errors, with shave, on luma and RGB") {
  Image a(20, 20, 1, 100), b(20, 20, 1, 110);
  CHECK(psnr(a, b).value == doctest::Approx(10 * std::log10(255.0 * 255 / 100)));
  b.at(0, 0) = 0;
  CHECK(psnr(a, b, {.shave = 1}).value == doctest::Approx(28.1308).epsilon(1e-5));
  CHECK(psnr(a, b, {.shave = 1}).protocol == "luma, BT.601, rounded to 8 bits, 1 pixels shaved");
  CHECK(std::isinf(psnr(a, a).value));
  const Image white(9, 9, 3, 255), black(9, 9, 3, 0);
  CHECK(mse(white, black).value == doctest::Approx(219.0 * 219));
  CHECK(mse(white, black, {.channel = Channel::rgb}).value == doctest::Approx(255.0 * 255));
  const Image soft(3, 3, 1, 100.4f), hard(3, 3, 1, 100);
  CHECK(std::isinf(psnr(soft, hard).value));
  CHECK_FALSE(std::isinf(psnr(soft, hard, {.round = false}).value));
}

TEST_CASE("the mean of PSNR and the PSNR of the mean error are two numbers") {
  const Summary s = summarise({1.0, 100.0});
  CHECK(s.psnr == doctest::Approx((48.1308 + 28.1308) / 2).epsilon(1e-5));
  CHECK(s.psnr_of_mean_mse == doctest::Approx(10 * std::log10(65025 / 50.5)).epsilon(1e-9));
  CHECK_ERROR(summarise({}), "no images");
}

TEST_CASE("SSIM agrees with the definition, MS-SSIM is 1 for equal images and falls with noise") {
  for (const auto& [h, w] : {std::pair<Index, Index>{11, 11}, {13, 24}, {31, 17}}) {
    const Image a = noise(h, w, 1, 1), b = noise(h, w, 1, 2, 200);
    CHECK(ssim(a, b).value == doctest::Approx(plain_ssim(a, b)).epsilon(1e-9));
    CHECK(ssim(a, a).value == doctest::Approx(1));
  }
  Image a(180, 190, 1), little = a, much = a;
  Rng rng(4);
  for (Index y = 0; y < 180; ++y)
    for (Index x = 0; x < 190; ++x) {
      a.at(y, x) = float(std::round(128 + 80 * std::sin(0.1 * double(x)) * std::cos(0.07 * double(y))));
      little.at(y, x) = a.at(y, x) + float(rng.below(9)) - 4;
      much.at(y, x) = a.at(y, x) + float(rng.below(81)) - 40;
    }
  CHECK(ms_ssim(a, a).value == doctest::Approx(1));
  CHECK(ms_ssim(a, little).value > ms_ssim(a, much).value);
  CHECK(ms_ssim(a, much).value > ssim(a, much).value);  // at the small scales noise averages out
  CHECK(ms_ssim_97(a, a).value == doctest::Approx(1));
  CHECK(ms_ssim_97(a, little).value > ms_ssim_97(a, much).value);
}

TEST_CASE("MS-SSIM of two flat images is the luminance factor of the last scale") {
  const Image a(176, 201, 1, 100), b(176, 201, 1, 130);
  const double luminance = (2 * 100 * 130 + 6.5025) / (100 * 100 + 130 * 130 + 6.5025);
  CHECK(ms_ssim(a, b).value == doctest::Approx(std::pow(luminance, 0.1333)).epsilon(1e-9));
  CHECK(ms_ssim_97(a, b).value == doctest::Approx(std::pow(luminance, 0.1333)).epsilon(1e-9));
}

TEST_CASE("the 9/7 wavelet's low-pass filter halves odd sizes, at mirrored borders") {
  metrics::detail::Plane x{5, 7, {}};
  Rng rng(3);
  for (Index i = 0; i < 35; ++i) x.v.push_back(rng.normal());
  const double f[9] = {0.0378, -0.0238, -0.1106, 0.3774, 0.8527, 0.3774, -0.1106, -0.0238, 0.0378};
  const auto mirrored = [](Index i, Index n) { return i < 0 ? -i - 1 : std::min(i, 2 * n - i - 1); };
  const metrics::detail::Plane y = metrics::detail::halved_by_wavelet(x);
  CHECK(y.height == 3);
  CHECK(y.width == 4);
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 4; ++j) {
      double total = 0, weight = 0;
      for (Index a = 0; a < 9; ++a)
        for (Index b = 0; b < 9; ++b) {
          total +=
              f[a] * f[b] * x.v[std::size_t(mirrored(2 * i + a - 4, 5) * 7 + mirrored(2 * j + b - 4, 7))];
          weight += f[a] * f[b];
        }
      CHECK(y.v[std::size_t(i * 4 + j)] == doctest::Approx(total / weight));
    }
}

TEST_CASE("MS-SSIM of bicubic on Set5 is that of SRCNN's table") {
  const auto folder = shared("data/Set5/HR");
  if (!folder) return;
  for (const auto& [scale, published] : {std::pair<Index, double>{2, 0.9915}, {3, 0.9754}, {4, 0.9516}}) {
    double sum = 0, n = 0;
    for (const auto& file : data::list_images(*folder)) {
      const Image y = data::round_to_8bit(data::luma(data::crop_to_multiple(data::load_image(file), scale)));
      const Image bicubic = data::round_to_8bit(data::enlarge(data::reduce(y, scale), scale));
      sum += ms_ssim_97(bicubic, y, {.shave = scale}).value;
      ++n;
    }
    CHECK(sum / n == doctest::Approx(published).epsilon(6e-5));
  }
}

TEST_CASE("what cannot be compared is refused with both sizes") {
  const Image a(20, 20, 1), b(20, 21, 1), rgb(20, 20, 3);
  CHECK_ERROR(psnr(a, b), "the images differ in size: 20 x 20 gray and 20 x 21 gray");
  CHECK_ERROR(ssim(a, b), "differ in size");
  CHECK_ERROR(psnr(a, rgb, {.channel = Channel::rgb}), "differ in kind: 20 x 20 gray and 20 x 20 RGB");
  CHECK_ERROR(psnr(a, a, {.shave = 10}), "shaving 10 pixels on every side leaves nothing");
  CHECK_ERROR(psnr(a, a, {.shave = -1}), "not -1");
  CHECK_ERROR(ssim(a, a, {.shave = 5}), "smaller than the window of 11 x 11");
  CHECK_ERROR(ms_ssim(a, a), "at least 176 pixels a side");
  CHECK_ERROR(ms_ssim_97(a, b), "ms_ssim_97: the images differ in size");
  CHECK_ERROR(ms_ssim_97(a, a), "ms_ssim_97: 20 x 20 gray with 0 pixels shaved is too small for five scales");
}
