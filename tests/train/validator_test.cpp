// train::validator: what infer::compare finds of each picture, as means, and in the training's report.
#include "crisp/validator.hpp"

#include "train/small_training.hpp"

using namespace crisp;
using namespace crisp::train;
using namespace crisp::test;

TEST_CASE("a validator takes the means over the pictures, and fit shows them") {
  const TemporaryFolder folder;
  const auto pictures = data::dead_leaves({.count = 3, .height = 40, .width = 44, .seed = 5});
  Setup setup;
  const auto validate = validator(setup.net, pictures, {.scale = 2, .shown = 2});
  const Validation found = validate();
  double psnr = 0, bicubic = 0;
  for (const data::Image& picture : pictures) {
    const auto c = infer::compare("", picture, infer::upscaler(setup.net), 2, infer::Protocol::y);
    psnr += c.score.psnr / 3;
    bicubic += c.bicubic_psnr / 3;
  }
  CHECK(found.psnr == doctest::Approx(psnr));
  CHECK(found.bicubic_psnr == doctest::Approx(bicubic));
  CHECK(found.protocol == infer::describe(infer::Protocol::y, 2));
  REQUIRE(found.pictures.size() == 2);
  CHECK(found.pictures[1].name == "picture 2");
  CHECK(found.pictures[1].hr.width == 44);

  const FitResult result =
      setup.run({.out = folder.path / "out", .steps = 4, .validate_every = 4, .validate = validate});
  CHECK(result.bicubic_psnr == doctest::Approx(bicubic));
  CHECK(result.psnr == doctest::Approx(validate().psnr));
  CHECK(contains(read_file("test", folder.path / "out/report.html"), "picture 2"));
}

TEST_CASE("a validator without pictures or scale is refused") {
  const Net net(tiny);
  CHECK_ERROR(validator(net, {}, {.scale = 2}), "validator: there are no pictures to validate on");
  CHECK_ERROR(validator(net, {data::Image(40, 40, 1)}, {}), "validator: the scale must be at least 1, not 0");
}
