// Degradations, and data sets that use them: values, determinism, pairs, errors.
#include "crisp/data/degrade.hpp"

#include "crisp/backend/cpu.hpp"
#include "crisp/data/dataset.hpp"
#include "crisp/data/synthetic.hpp"
#include "crisp/metrics/psnr.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using data::Degradation;
using data::Image;

static Image picture(Index h = 48, Index w = 60) {
  return data::dead_leaves({.count = 1, .height = h, .width = w, .seed = 3}).at(0);
}

TEST_CASE("degradations are read from text and written as text; anything else is refused") {
  for (const char* text : {"bicubic", "blur", "blur:1.6", "noise:25", "jpeg:10"})
    CHECK(data::describe(data::degradation(text)) == text);
  for (const char* text : {"", "jpeg", "jpeg:0", "jpeg:101", "jpeg:9.5", "noise", "noise:-1", "noise:x",
                           "bicubic:2", "blur:0", "blue"})
    CHECK_ERROR(data::degradation(text), "is none; use bicubic");
}

TEST_CASE("gaussian_blur keeps the mean and a constant, and spreads a point as a Gaussian") {
  const Image flat(9, 8, 2, 70.f);
  for (const float v : data::gaussian_blur(flat, 1.6).samples) CHECK(v == doctest::Approx(70));
  Image point(31, 31, 1);
  point.at(15, 15) = 1000;
  const Image soft = data::gaussian_blur(point, 2);
  double total = 0;
  for (const float v : soft.samples) total += double(v);
  CHECK(total == doctest::Approx(1000).epsilon(1e-4));
  CHECK(soft.at(15, 17) / soft.at(15, 15) == doctest::Approx(std::exp(-0.5)).epsilon(1e-4));
  CHECK(soft.at(17, 15) == doctest::Approx(soft.at(15, 17)));
}

TEST_CASE("each degradation gives the small size and does what it says") {
  const Image hr = picture();
  Rng rng(1);
  const Image plain = data::degrade(hr, 3, {}, rng);
  CHECK(plain.samples == data::reduce(hr, 3).samples);
  const Image blurred = data::degrade(hr, 3, {Degradation::Kind::blur}, rng);
  CHECK(blurred.height == 16);
  CHECK(blurred.width == 20);
  const Image noisy = data::degrade(hr, 1, {Degradation::Kind::noise, 25}, rng);
  CHECK(std::sqrt(metrics::mse(noisy, hr, {.round = false}).value) == doctest::Approx(25).epsilon(0.05));
  const Image coarse = data::degrade(hr, 1, {Degradation::Kind::jpeg, 10}, rng),
              fine = data::degrade(hr, 1, {Degradation::Kind::jpeg, 95}, rng);
  CHECK(coarse.channels == hr.channels);
  CHECK(data::through_jpeg(data::gray_to_rgb(hr), 90).channels == 3);
  CHECK(metrics::psnr(coarse, hr).value < metrics::psnr(fine, hr).value - 5);
}

TEST_CASE("a data set reduces as it is told, adds new noise to each patch, and takes pairs") {
  const std::vector<Image> images{picture()};
  data::PatchOptions o{.scale = 1, .patch = 16, .input = data::Input::lr};
  o.noise = 25;
  const data::PatchDataset noisy(images, o);
  std::vector<std::vector<float>> seen;
  for (auto& [input, target] : noisy.batches<Cpu>({.batch = 4, .steps = 3, .seed = 5})) {
    double error = 0;
    const auto x = input.to_host(), y = target.to_host();
    for (std::size_t i = 0; i < x.size(); ++i) error += std::pow(double(x[i] - y[i]), 2) / double(x.size());
    CHECK(255 * std::sqrt(error) == doctest::Approx(25).epsilon(0.15));
    seen.push_back(x);
  }
  CHECK(seen[0] != seen[1]);
  std::vector<float> again;
  for (auto& [input, target] : noisy.batches<Cpu>({.batch = 4, .steps = 2, .seed = 5, .threads = 2}))
    again = input.to_host();
  CHECK(again == seen[1]);

  data::PatchOptions paired{
      .scale = 2, .patch = 8, .luma = false, .input = data::Input::lr, .augment = false};
  data::PatchDataset pairs(paired);
  CHECK_ERROR(pairs.batches<Cpu>(), "there are no images");
  pairs.add_pair(Image(10, 12, 3, 51.f), Image(20, 24, 3, 102.f));
  for (auto& [input, target] : pairs.batches<Cpu>({.batch = 1, .steps = 1})) {
    CHECK(input.shape() == Shape{1, 8, 8, 3});
    CHECK(target.shape() == Shape{1, 16, 16, 3});
    CHECK(input.to_host()[5] == doctest::Approx(0.2));
    CHECK(target.to_host()[5] == doctest::Approx(0.4));
  }
  CHECK_ERROR(pairs.add_pair(Image(10, 12, 3), Image(20, 25, 3), "'a.png'"),
              "'a.png' has 10 x 12 RGB pixels as LR and 20 x 25 RGB as HR; at x2 HR must be 20 x 24");
  CHECK_ERROR(pairs.add(Image(15, 30, 3), "'b.png'"),
              "'b.png' has 15 x 30 pixels, but a patch needs 16 x 16");
}
