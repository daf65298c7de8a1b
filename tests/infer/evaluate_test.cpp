// Scores: the two protocols, the published figures, the means.
#include "crisp/infer/evaluate.hpp"

#include "crisp/data/image_folder.hpp"
#include "crisp/data/synthetic.hpp"
#include "crisp/io/weights.hpp"
#include "crisp/zoo/any_model.hpp"
#include "shared.hpp"
#include "support.hpp"

using namespace crisp;
using data::Image;
using data::Resampling;
using infer::Protocol;
using test::contains;
using test::error_of;

namespace {

infer::Evaluation evaluate_folder(const std::filesystem::path& folder, const infer::Upscaler& method,
                                  Index scale, Protocol protocol) {
  std::vector<infer::ImageScore> scores;
  for (const auto& file : data::list_images(folder))
    scores.push_back(
        infer::compare(file.stem().string(), data::load_image(file), method, scale, protocol).score);
  return infer::summarise(std::move(scores), scale, protocol);
}

}  // namespace

TEST_CASE("evaluate: bicubic has the published figures on Set5") {
  const auto folder = test::shared("data/Set5/HR");
  if (!folder) return;
  const auto bicubic = infer::upscaler(Resampling::bicubic_matlab);
  const struct {
    Index scale;
    double psnr, ssim, psnr_rgb8;
  } published[] = {{2, 33.66, 0.9299, 33.64}, {3, 30.39, 0.8682, 30.39}, {4, 28.42, 0.8104, 28.42}};
  for (const auto& p : published) {
    const infer::Evaluation y = evaluate_folder(*folder, bicubic, p.scale, Protocol::y);
    CHECK(std::abs(y.psnr - p.psnr) < 0.01);
    CHECK(std::abs(y.ssim - p.ssim) < 0.0005);
    CHECK(y.psnr_of_mean_mse < y.psnr);
    CHECK(std::abs(evaluate_folder(*folder, bicubic, p.scale, Protocol::rgb8).psnr - p.psnr_rgb8) < 0.01);
  }
}

TEST_CASE("evaluate: the published SRCNN gives 36.33 dB on Set5 x2") {
  const auto folder = test::shared("data/Set5/HR"),
             weights = test::shared("weights/srcnn_915_x2_published/weights.safetensors");
  if (!folder || !weights) return;
  auto net = zoo::AnyModel<float, Cpu>::create({{"model", "srcnn"}, {"variant", "9-1-5"}, {"scale", "2"}});
  io::load(*weights, net);
  CHECK(std::abs(evaluate_folder(*folder, infer::upscaler(net), 2, Protocol::y).psnr - 36.33) < 0.01);
}

TEST_CASE(
    "evaluate: images are cropped to a multiple of the scale; pictures come in the colours of the original") {
  const Image colour = data::dead_leaves({.count = 1, .height = 47, .width = 50, .colour = true}).front();
  for (const Protocol protocol : {Protocol::y, Protocol::rgb8}) {
    const infer::Comparison c =
        infer::compare("leaves", colour, infer::upscaler(Resampling::bicubic_matlab), 3, protocol);
    CHECK(c.score.name == "leaves");
    CHECK(c.score.psnr > 15);
    CHECK(c.lr.height == 15);
    CHECK(c.lr.width == 16);
    for (const Image* x : {&c.bicubic, &c.result, &c.hr}) {
      CHECK(x->height == 45);
      CHECK(x->width == 48);
      CHECK(x->channels == 3);
      for (const float v : x->samples) REQUIRE((v == std::floor(v) && v >= 0 && v <= 255));
    }
    CHECK(c.result.samples == c.bicubic.samples);
    CHECK(c.score.psnr == c.bicubic_psnr);
    CHECK(c.hr.samples == data::crop_to_multiple(colour, 3).samples);
  }
}

TEST_CASE("evaluate: gray pictures stay gray under y; alpha is left out") {
  const Image gray = data::dead_leaves({.count = 1, .height = 30, .width = 30}).front();
  const auto bilinear = infer::upscaler(Resampling::bilinear);
  const infer::Comparison plain = infer::compare("gray", gray, bilinear, 2, Protocol::y);
  CHECK(plain.result.channels == 1);
  const infer::Comparison with_alpha =
      infer::compare("gray", data::join(gray, Image(30, 30, 1, 128)), bilinear, 2, Protocol::y);
  CHECK(with_alpha.score.psnr == plain.score.psnr);
  CHECK(infer::compare("gray", gray, bilinear, 2, Protocol::rgb8).result.channels == 3);
}

TEST_CASE("evaluate: what is the same scores without bound") {
  const infer::Comparison c =
      infer::compare("flat", Image(24, 24, 3, 100), infer::upscaler(Resampling::nearest), 2, Protocol::y);
  CHECK(std::isinf(c.score.psnr));
  CHECK(c.score.ssim == doctest::Approx(1));
  CHECK(c.score.mse == 0);
}

TEST_CASE("evaluate: the mean of the PSNR and the PSNR of the mean error are two numbers") {
  const infer::Evaluation all =
      infer::summarise({{"a", 20, 0.5, 650.25}, {"b", 40, 0.9, 6.5025}}, 3, Protocol::y);
  CHECK(all.psnr == doctest::Approx(30));
  CHECK(all.ssim == doctest::Approx(0.7));
  CHECK(all.psnr_of_mean_mse == doctest::Approx(10 * std::log10(255.0 * 255.0 / 328.37625)));
  CHECK(contains(all.protocol, "y: "));
  CHECK(contains(all.protocol, "3 pixels shaved"));
  CHECK(contains(infer::describe(Protocol::rgb8, 4), "rgb8: "));
  CHECK(contains(error_of([] { infer::summarise({}, 3, Protocol::y); }), "no images"));
}

TEST_CASE("evaluate: what cannot be scored is said, with its name and size") {
  const auto method = infer::upscaler(Resampling::nearest);
  CHECK(contains(error_of([&] { infer::compare("dot", Image(1, 1, 3), method, 2, Protocol::y); }),
                 "'dot' is too small: 1 x 1 pixels; x2 needs at least 16"));
  CHECK(contains(error_of([&] { infer::compare("thin", Image(15, 90, 3), method, 2, Protocol::y); }),
                 "'thin' is too small"));
  CHECK_NOTHROW(infer::compare("least", Image(16, 16, 1), method, 2, Protocol::y));
  const auto colour = zoo::AnyModel<float, Cpu>::create({{"model", "srcnn"}, {"channels", "3"}});
  CHECK(contains(
      error_of([&] { infer::compare("x", Image(24, 24, 3), infer::upscaler(colour), 2, Protocol::y); }),
      "protocol y works on luma"));
  CHECK_NOTHROW(infer::compare("x", Image(24, 24, 3), infer::upscaler(colour), 2, Protocol::rgb8));
}

TEST_CASE("evaluate: the border, the channels and further measures are as they are asked for, and are said") {
  const Image colour = data::dead_leaves({.count = 1, .height = 48, .width = 60, .colour = true}).front();
  const auto method = infer::upscaler(Resampling::bicubic_matlab);
  infer::Scoring scoring(Protocol::rgb8);
  scoring.shave = 5;
  scoring.channel = metrics::Channel::rgb;
  scoring.measures = [](const Image& result, const Image& hr, metrics::Options o) {
    return std::vector<double>{metrics::mse(result, hr, o).value, double(o.shave)};
  };
  const infer::Comparison c = infer::compare("leaves", colour, method, 2, scoring);
  CHECK(c.score.measures == std::vector<double>{c.score.mse, 5});
  CHECK(c.score.psnr == metrics::psnr(c.result, c.hr, {.shave = 5, .channel = metrics::Channel::rgb}).value);
  const infer::Evaluation all = infer::summarise({c.score, c.score}, 2, scoring);
  CHECK(all.measures == c.score.measures);
  CHECK(contains(all.protocol, "scored on RGB, 5 pixels shaved, x2"));
  scoring.protocol = Protocol::y;
  CHECK(contains(error_of([&] { infer::compare("leaves", colour, method, 2, scoring); }),
                 "works on luma alone"));
}
