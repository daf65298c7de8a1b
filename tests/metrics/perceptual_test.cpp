// IFC, NQM and WPSNR: their building blocks against plain loops and known values, what they must obey, the
// figures published for Set5.
#include "crisp/data/degrade.hpp"
#include "crisp/data/synthetic.hpp"
#include "crisp/metrics/ifc.hpp"
#include "crisp/metrics/nqm.hpp"
#include "crisp/metrics/wpsnr.hpp"
#include "shared.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::metrics;
using namespace crisp::test;
using data::Image;
namespace parts = crisp::metrics::detail;
using parts::ComplexPlane;
using parts::Plane;
using std::numbers::pi;

namespace {

Image leaves(Index height, Index width, bool colour = false) {
  return data::round_to_8bit(
      data::dead_leaves({.count = 1, .height = height, .width = width, .colour = colour, .seed = 3}).front());
}

Image with_noise(Image x, double deviation) {
  Rng rng(5);
  for (float& v : x.samples) v = float(v + rng.normal(0, deviation));
  return data::round_to_8bit(x);
}

Plane random_plane(Index height, Index width, std::uint64_t seed) {
  Plane x{height, width, {}};
  Rng rng(seed);
  for (Index i = 0; i < height * width; ++i) x.v.push_back(rng.normal());
  return x;
}

// |the sum of f exp(-i (u y + v x))|
double response(const Plane& f, double u, double v) {
  std::complex<double> sum;
  for (Index i = 0; i < f.height; ++i)
    for (Index j = 0; j < f.width; ++j)
      sum += f.v[std::size_t(i * f.width + j)] * std::polar(1.0, -(u * double(i) + v * double(j)));
  return std::abs(sum);
}

using Metric = Score (*)(const Image&, const Image&, Options);
constexpr struct {
  const char* name;
  Metric f;
} all[] = {{"ifc", ifc}, {"nqm", nqm}, {"wpsnr", wpsnr}};

}  // namespace

TEST_CASE("the Fourier transform is that of the definition, and comes back, for odd and prime sizes too") {
  for (const auto& [h, w] : {std::pair<Index, Index>{1, 1}, {1, 7}, {6, 1}, {5, 8}, {13, 11}}) {
    ComplexPlane x{h, w, {}};
    Rng rng(1);
    for (Index i = 0; i < h * w; ++i) x.v.emplace_back(rng.normal(), rng.normal());
    const ComplexPlane f = parts::fourier(x), back = parts::fourier(f, true);
    for (Index k = 0; k < h; ++k)
      for (Index l = 0; l < w; ++l) {
        std::complex<double> sum;
        for (Index i = 0; i < h; ++i)
          for (Index j = 0; j < w; ++j) {
            const double turns = parts::frequency(k, h) * double(i) / double(h) +
                                 parts::frequency(l, w) * double(j) / double(w);
            sum += x.v[std::size_t(i * w + j)] * std::polar(1.0, -2 * pi * turns);
          }
        CHECK(std::abs(f.v[std::size_t(k * w + l)] - sum) < 1e-11);
        CHECK(std::abs(back.v[std::size_t(k * w + l)] - x.v[std::size_t(k * w + l)]) < 1e-14);
      }
  }
  CHECK(parts::frequency(3, 8) == 3);
  CHECK(parts::frequency(5, 8) == -3);
  CHECK(parts::frequency(2, 5) == 2);
  CHECK(parts::frequency(3, 5) == -2);
}

TEST_CASE(
    "the pyramid's filters: bands turn as a fifth derivative does, and with the lowpass share the spectrum") {
  const Plane first = parts::whole_filter(parts::sp5_first_lowpass, 1, 1),
              low = parts::whole_filter(parts::sp5_lowpass, 2, 1);
  const Plane band = parts::whole_filter(parts::sp5_band, 1, -1);
  CHECK(response(first, 0, 0) == doctest::Approx(1).epsilon(1e-3));
  CHECK(response(low, 0, 0) == doctest::Approx(2).epsilon(1e-6));
  CHECK(response(band, 0, 0.7) < 1e-15);  // nothing of edges that stand
  CHECK(response(parts::transposed(band), 0, 1.5) == doctest::Approx(response(band, 1.5, 0)));
  for (double w : {0.3, 0.6, 0.9, 1.2, 1.5,
                   1.8}) {  // |L / 2|^2 and the six bands' |B|^2 sum to 1, as nearly as short filters can
    double sum = response(low, w, 0) * response(low, w, 0) / 4;
    for (int k = 0; k < 6; ++k)
      sum += std::pow(response(band, w * std::cos(k * pi / 6), w * std::sin(k * pi / 6)), 2);
    CHECK(sum == doctest::Approx(1).epsilon(0.06));
  }
  for (int degrees : {30, 45, 60}) {
    const double a = degrees * pi / 180;
    CHECK(std::abs(response(band, 1.5 * std::cos(a), 1.5 * std::sin(a)) / response(band, 1.5, 0) -
                   std::pow(std::cos(a), 5)) < 0.03);
  }
}

TEST_CASE("the pyramid's correlation is the plain one, mirrored about the pixels at the edges") {
  const Plane x = random_plane(9, 14, 1), f = random_plane(5, 5, 2);
  for (const auto& [step, start] : {std::pair<Index, Index>{1, 0}, {2, 0}, {3, 1}}) {
    const Plane y = parts::correlate(x, f, step, start);
    REQUIRE(y.height == (9 - start + step - 1) / step);
    REQUIRE(y.width == (14 - start + step - 1) / step);
    for (Index i = 0; i < y.height; ++i)
      for (Index j = 0; j < y.width; ++j) {
        double sum = 0;
        for (Index a = -2; a <= 2; ++a)
          for (Index b = -2; b <= 2; ++b) {
            Index r = std::abs(start + i * step + a), c = std::abs(start + j * step + b);
            if (r > 8) r = 16 - r;
            if (c > 13) c = 26 - c;
            sum += f.v[std::size_t((a + 2) * 5 + b + 2)] * x.v[std::size_t(r * 14 + c)];
          }
        CHECK(y.v[std::size_t(i * y.width + j)] == doctest::Approx(sum));
      }
  }
  const auto pyramid = parts::steerable_pyramid(random_plane(128, 133, 3), 4);
  CHECK(pyramid[3][1].height == 16);
  CHECK(pyramid[3][1].width == 17);
  const Plane wide = parts::padded_for_pyramid(random_plane(44, 161, 4)), image = random_plane(44, 161, 4);
  CHECK(wide.height == 128);
  CHECK(wide.width == 192);
  CHECK(wide.v[std::size_t(42 * 192 + 16)] == image.v[0]);
  CHECK(wide.v[std::size_t(41 * 192 + 14)] == image.v[161 + 2]);
}

TEST_CASE(
    "IFC: eigenvalues and vectors give the covariance back; a block on an axis of C has the scale that it "
    "should") {
  const parts::BlockMatrix covariance = parts::block_covariance(random_plane(12, 30, 5));
  parts::BlockMatrix values = covariance;
  const parts::BlockMatrix vectors = parts::diagonalise(values);
  for (std::size_t a = 0; a < 9; ++a)
    for (std::size_t b = 0; b < 9; ++b) {
      double sum = 0;
      for (std::size_t k = 0; k < 9; ++k) sum += vectors[k][a] * values[k][k] * vectors[k][b];
      CHECK(sum == doctest::Approx(covariance[a][b]));
      if (a != b) CHECK(std::abs(values[a][b]) < 1e-15);
    }
  parts::Block u = vectors[2];
  for (double& v : u) v *= 3 * std::sqrt(values[2][2]);
  CHECK(parts::mixture_scale(u, values, vectors) == doctest::Approx(1));
  // y = 2 x + v, of known sums: g = 2, and v is what is left.
  CHECK(parts::gain_over_noise(4, 0, 0, 8, 36, 16) == doctest::Approx(4.0 / 1));
  // A result that turns the original's sign tells nothing.
  CHECK(parts::gain_over_noise(4, 0, 0, 8, 36, -16) == 0);
  // Of 11 x 11 blocks those count whose window of 17 lies within: it reaches the third row, not the second.
  const Plane x = random_plane(33, 33, 6), noise = random_plane(33, 33, 7);
  Plane y = x;
  for (std::size_t i = 0; i < y.v.size(); ++i) y.v[i] += noise.v[i];
  const double bits = parts::band_information(y, x, 17);
  y.v[33 + 16] += 5;
  CHECK(parts::band_information(y, x, 17) == bits);
  y.v[33 + 33 + 16] += 5;
  CHECK(parts::band_information(y, x, 17) < bits);
}

TEST_CASE("contrast sensitivity and thresholds have the values of the formulas") {
  // The top of Mannos and Sakrison's curve.
  CHECK(parts::contrast_threshold(7.8909) == doctest::Approx(1 / (200 * 0.9809)).epsilon(1e-4));
  CHECK(parts::contrast_threshold(7.8909) < parts::contrast_threshold(6));
  CHECK(parts::contrast_threshold(7.8909) < parts::contrast_threshold(10));
  for (double f : {4.5, 7.0, 16.0, 31.0}) {
    double sum = parts::cosine_log(f + 2, 2);
    for (double centre : {2, 4, 8, 16, 32}) sum += parts::cosine_log(f, centre);
    CHECK(sum == doctest::Approx(1));
  }
  CHECK(parts::cosine_log(8, 8) == 1);
  CHECK(parts::cosine_log(16, 8) == 0);
  CHECK(parts::contrast_sensitivity(0, 0) == doctest::Approx(0.5));
  CHECK(parts::contrast_sensitivity(0, std::sqrt(std::log(4.0 / 3) / 2) * 60 / (2 * pi)) ==
        doctest::Approx(0.5625));  // the top
  CHECK(parts::contrast_sensitivity(12, 5) == doctest::Approx(parts::contrast_sensitivity(-5, 12)));
  // Where sensitivity along the diagonals is half of that along the axes.
  const double diagonal = 11.13 / std::sqrt(2.0);
  CHECK(parts::contrast_sensitivity(diagonal, diagonal) ==
        doctest::Approx(parts::contrast_sensitivity(0, 11.13) / 2));
}

TEST_CASE(
    "WPSNR: a wave keeps the share of its height that the sensitivity gives, away from the border; outside "
    "it is dark") {
  const Index h = 90, w = 123;
  Plane wave{h, w, {}}, nothing{h, w, std::vector<double>(std::size_t(h * w))};
  for (Index i = 0; i < h; ++i)
    for (Index j = 0; j < w; ++j)
      wave.v.push_back(20 * std::cos(2 * pi * (3 * double(i) + 5 * double(j)) / 41));
  const Plane y = parts::weighted_error(wave, nothing);
  for (Index i = 20; i < h - 20; ++i)
    for (Index j = 20; j < w - 20; ++j)
      CHECK(y.v[std::size_t(i * w + j)] ==
            doctest::Approx(parts::contrast_sensitivity(3, 5) * wave.v[std::size_t(i * w + j)]));
  Plane corner = nothing;
  corner.v[0] = 1;
  const Plane spread = parts::weighted_error(corner, nothing);
  for (Index i = 0; i < h; ++i)
    CHECK(std::abs(spread.v[std::size_t(i * w + w - 1)]) < 1e-15);  // it does not come round
  CHECK(std::abs(spread.v[std::size_t(20 * w + 20)]) > 1e-9);
  CHECK(std::abs(spread.v[std::size_t(21 * w)]) < 1e-15);
}

TEST_CASE("NQM of waves is what plain loops over their contrasts give") {
  const Index n = 97;
  Plane original{n, n, {}}, result{n, n, {}};
  const auto least = [](double cycles) { return parts::contrast_threshold(cycles / (180 / pi / 3.5)); };
  double signal = 0, noise = 0;
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) {
      const auto wave = [](double height, int cycles, Index k) {
        return height * std::cos(2 * pi * cycles * double(k) / 97);
      };
      const double x = wave(30, 4, j), x2 = wave(20, 8, j), v = wave(2, 16, i);
      original.v.push_back(100 + x + x2);
      result.v.push_back(100 + x + x2 + v);
      const double seen_x = std::abs(x / 100) < least(4) ? 0 : x,
                   seen_x2 = std::abs(x2 / (100 + x)) < least(8) ? 0 : x2;
      const double seen_v = std::abs(v / (100 + x + x2)) < least(16) ? 0 : v;
      signal += (seen_x + seen_x2) * (seen_x + seen_x2);
      noise += seen_v * seen_v;
    }
  CHECK(parts::nqm(result, original) == doctest::Approx(10 * std::log10(signal / noise)).epsilon(1e-9));
  for (double& v : result.v)
    v = 100 + (v - 100) * 1e-4;  // nothing of this is seen: all of the signal is lost
  CHECK(parts::nqm(result, original) == doctest::Approx(0));
  signal = noise = 0;
  for (Index i = 0; i < n * n; ++i) {  // a wave of too much contrast: masked where the original's is strong
    const double x = 30 * std::cos(2 * pi * 4 * double(i % n) / 97), y = x * 55 / 30,
                 limit = 0.86 * x / 100 - 0.56 * parts::contrast_threshold(2);
    original.v[std::size_t(i)] = 100 + x;
    result.v[std::size_t(i)] = 100 + y;
    const double seen_x = std::abs(x / 100) < least(4) ? 0 : x;
    const double y_or_masked = std::abs(y - x) / 100 < limit ? x : y;
    const double seen_y = std::abs(y / 100) < least(4) ? 0 : y_or_masked;
    signal += seen_x * seen_x;
    noise += (seen_x - seen_y) * (seen_x - seen_y);
  }
  CHECK(parts::nqm(result, original) == doctest::Approx(10 * std::log10(signal / noise)).epsilon(1e-9));
  CHECK(std::isinf(parts::nqm(original, original)));
}

TEST_CASE("IFC, NQM and WPSNR fall with noise and with blur; all but WPSNR depend on the order") {
  for (const auto& [h, w] : {std::pair<Index, Index>{128, 128}, {93, 101}}) {
    const Image x = leaves(h, w);
    for (const auto& [name, f] : all) {
      INFO(name << " at " << h << " x " << w);
      double before = f(x, x, {}).value;
      CHECK(before > (name[0] == 'i' ? 20 : 1e9));
      for (double deviation : {2.0, 6.0, 18.0}) {
        const double now = f(with_noise(x, deviation), x, {}).value;
        CHECK(now < before);
        before = now;
      }
      before = f(x, x, {}).value;
      for (double deviation : {0.6, 1.2, 2.4}) {
        const double now = f(data::gaussian_blur(x, deviation), x, {}).value;
        CHECK(now < before);
        before = now;
      }
      const Image soft = data::gaussian_blur(x, 1.5);
      if (name[0] == 'w') CHECK(f(soft, x, {}).value == doctest::Approx(f(x, soft, {}).value));
      else CHECK(std::abs(f(soft, x, {}).value - f(x, soft, {}).value) > 0.1);
      CHECK(f(soft, x, {.shave = 3}).protocol == "luma, BT.601, rounded to 8 bits, 3 pixels shaved");
    }
  }
}

TEST_CASE("IFC, NQM and WPSNR: what they leave out, channels, and images without content") {
  const Image x = leaves(64, 70), flat(64, 70, 1, 90), noise = with_noise(flat, 20);
  CHECK(ifc(flat, x).value == 0);  // nothing is left
  CHECK(ifc(x, flat).value == 0);  // there was nothing
  CHECK(ifc(flat, flat).value == 0);
  CHECK(ifc(noise, x).value < 0.2);
  Image negative = x;
  for (float& v : negative.samples) v = 255 - v;
  CHECK(ifc(negative, x).value < 1e-9);
  Image brighter = x;
  for (float& v : brighter.samples) v += 20;
  CHECK(ifc(brighter, x, {.round = false}).value > 20);  // its bands have no mean
  CHECK(nqm(x, flat).value < 0);
  CHECK(std::isinf(nqm(flat, flat).value));
  CHECK(wpsnr(brighter, x, {.round = false}).value >
        psnr(brighter, x, {.round = false}).value);  // the sensitivity is below 1
  for (const auto& [name, f] :
       all) {  // a border that differs is shaved off; of equal channels the mean is that of one
    INFO(name);
    Image framed = x;
    for (Index j = 0; j < 70; ++j) framed.at(0, j) = framed.at(63, j) = 255 - framed.at(0, j);
    CHECK(f(framed, x, {.shave = 1}).value == f(x, x, {.shave = 1}).value);
    CHECK(f(framed, x, {}).value < f(x, x, {}).value);
    const Image soft = data::round_to_8bit(data::gaussian_blur(x, 1));
    const auto rgb = [](const Image& gray) { return data::join(data::join(gray, gray), gray); };
    CHECK(f(rgb(soft), rgb(x), {.channel = Channel::rgb}).value == doctest::Approx(f(soft, x, {}).value));
    const Image colour = leaves(64, 70, true), other = with_noise(colour, 5);
    CHECK(f(other, colour, {}).value == doctest::Approx(f(data::luma(other), data::luma(colour), {}).value));
  }
}

TEST_CASE("IFC, NQM and WPSNR: the smallest images, and what cannot be compared") {
  for (const auto& [h, w] : {std::pair<Index, Index>{1, 1}, {1, 9}, {7, 2}, {23, 41}}) {
    const Image a(h, w, 1, 100), b(h, w, 1, 110);
    CHECK(std::isinf(wpsnr(a, a).value));
    CHECK(std::isfinite(wpsnr(a, b).value));
    CHECK(std::isinf(nqm(a, a).value));
    CHECK(std::isinf(nqm(a, b).value));  // no contrast in either
    const Image part = data::crop(leaves(48, 48), 3, 3, h, w), black(h, w, 1);
    for (const Image* x : {&a, &part, &black})
      for (const Image* y : {&a, &part, &black}) CHECK_FALSE(std::isnan(nqm(*x, *y).value));
  }
  CHECK(std::isfinite(ifc(leaves(44, 45), leaves(44, 45)).value));
  CHECK_ERROR(ifc(Image(60, 49, 1), Image(60, 49, 1), {.shave = 3}),
              "ifc: 60 x 49 gray with 3 pixels shaved is too small for a pyramid of four levels; at least 44 "
              "pixels a side are needed");
  for (const auto& [name, f] : all) {
    CHECK_ERROR(f(Image(50, 50, 1), Image(50, 51, 1), {}),
                str(name, ": the images differ in size: 50 x 50 gray and 50 x 51 gray"));
    CHECK_ERROR(f(Image(50, 50, 1), Image(50, 50, 3), {.channel = Channel::rgb}),
                str(name, ": the images differ in kind: 50 x 50 gray and 50 x 50 RGB"));
    CHECK_ERROR(f(Image(50, 50, 1), Image(50, 50, 1), {.shave = 25}),
                "shaving 25 pixels on every side leaves nothing of 50 x 50 gray");
    CHECK_ERROR(f(Image(50, 50, 1), Image(50, 50, 1), {.shave = -2}), "not -2");
  }
}

TEST_CASE("bicubic on Set5 has the IFC, NQM and WPSNR that Dong et al. 2016 print for it") {
  const auto folder = shared("data/Set5/HR");
  if (!folder) return;
  const struct {
    Index scale;
    double ifc, nqm, wpsnr;
  } published[] = {{2, 6.10, 36.73, 50.06}, {3, 3.52, 27.54, 41.65}, {4, 2.35, 21.42, 37.21}};
  const auto files = data::list_images(*folder);
  REQUIRE(files.size() == 5);
  for (const auto& p : published) {
    double sum_ifc = 0, sum_nqm = 0, sum_wpsnr = 0;
    for (const auto& file : files) {
      const Image y =
          data::round_to_8bit(data::luma(data::crop_to_multiple(data::load_image(file), p.scale)));
      const Image bicubic = data::enlarge(data::reduce(y, p.scale), p.scale);
      sum_ifc += ifc(bicubic, y, {.shave = p.scale}).value / 5;
      sum_nqm += nqm(bicubic, y, {.shave = p.scale}).value / 5;
      sum_wpsnr += wpsnr(bicubic, y, {.shave = p.scale}).value / 5;
    }
    INFO("x" << p.scale << ": " << sum_ifc << " " << sum_nqm << " " << sum_wpsnr);
    CHECK(std::abs(sum_ifc - p.ifc) < 0.005);  // in every digit that is printed
    CHECK(std::abs(sum_wpsnr - p.wpsnr) < 0.005);
    CHECK(std::abs(sum_nqm - p.nqm) < 0.011);
  }
}
