// Synthetic pictures, patches and the loader.
#include "crisp/data/dataset.hpp"
#include "crisp/data/synthetic.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::data;
using namespace crisp::test;

static std::vector<float> all_values(const PatchDataset& patches, LoaderOptions o) {
  std::vector<float> values;
  for (auto& [input, target] : patches.batches<Cpu>(o)) {
    for (float v : input.to_host()) values.push_back(v);
    for (float v : target.to_host()) values.push_back(v);
  }
  return values;
}

TEST_CASE("dead leaves depend on the seed and their number alone, and fill the picture") {
  const auto five = dead_leaves({.count = 5, .height = 40, .width = 50, .seed = 3}),
             two = dead_leaves({.count = 2, .height = 40, .width = 50, .seed = 3});
  CHECK(five[1].samples == two[1].samples);
  CHECK(five[0].samples != five[1].samples);
  CHECK(dead_leaves({.count = 1, .height = 40, .width = 50, .seed = 4})[0].samples != five[0].samples);
  const Image colour = dead_leaves({.count = 1, .height = 33, .width = 20, .colour = true})[0];
  CHECK((colour.height == 33 && colour.width == 20 && colour.channels == 3));
  double mean = 0, square = 0;
  for (float v : five[0].samples) {
    REQUIRE((v >= 0 && v <= 255 && v == std::floor(v)));
    mean += v / double(five[0].samples.size());
    square += v * v / double(five[0].samples.size());
  }
  CHECK(square - mean * mean > 100);  // not one flat colour
  CHECK_ERROR(dead_leaves({.count = 0}), "0 pictures of 192 x 192");
}

TEST_CASE("batches are the same for any number of threads, and from any first step") {
  const PatchDataset patches(dead_leaves({.count = 3, .height = 60, .width = 70}), {.patch = 12});
  const auto one = all_values(patches, {.batch = 3, .steps = 9, .threads = 1});
  CHECK(one.size() == 9 * 2 * 3 * 12 * 12);
  for (int threads : {2, 5}) CHECK(one == all_values(patches, {.batch = 3, .steps = 9, .threads = threads}));
  const auto late = all_values(patches, {.batch = 3, .steps = 9, .threads = 3, .first_step = 4});
  CHECK(late == std::vector<float>(one.begin() + 4 * 2 * 3 * 144, one.end()));
  CHECK(one != all_values(patches, {.batch = 3, .steps = 9, .seed = 1}));
  for (auto& batch : patches.batches<Cpu>({.batch = 2, .threads = 3})) {  // an early end joins the threads
    CHECK(batch.input.shape() == Shape{2, 12, 12, 1});
    break;
  }
}

TEST_CASE("a transform changes input and target of each patch, alike with any number of threads") {
  const auto images = dead_leaves({.count = 3, .height = 60, .width = 70});
  PatchOptions o{.patch = 12, .augment = false};
  const PatchDataset plain(images, o);
  o.transform = [](Image& input, Image& hr, Rng& rng) {  // darker, each patch by a factor of its own
    const float factor = float(rng.uniform(0.2, 0.8));
    for (Image* image : {&input, &hr})
      for (float& v : image->samples) v *= factor;
  };
  const PatchDataset darker(images, o);
  const LoaderOptions loader{.batch = 3, .steps = 2};
  const auto one = all_values(darker, loader), before = all_values(plain, loader);
  CHECK(one != before);
  for (int threads : {2, 5}) CHECK(one == all_values(darker, {.batch = 3, .steps = 2, .threads = threads}));
  for (auto& [x, y] : plain.batches<Cpu>({.batch = 1, .steps = 1}))
    for (auto& [u, v] : darker.batches<Cpu>({.batch = 1, .steps = 1})) {  // the same place, and one factor
      const auto old_input = x.to_host(), input = u.to_host(), old_target = y.to_host(), target = v.to_host();
      const float factor = input[0] / old_input[0];
      CHECK(factor > 0.2f);
      CHECK(factor < 0.8f);
      for (std::size_t i = 0; i < input.size(); ++i)
        CHECK(input[i] == doctest::Approx(factor * old_input[i]).epsilon(1e-5));
      for (std::size_t i = 0; i < target.size(); ++i)
        CHECK(target[i] == doctest::Approx(factor * old_target[i]).epsilon(1e-5));
    }

  o.transform = [](Image& input, Image&, Rng&) { input = Image(3, 4, 1); };
  const PatchDataset wrong(images, o);
  CHECK_ERROR(
      all_values(wrong, loader),
      "the transform made an input of 3 x 4 x 1 and an HR of 12 x 12 x 1; they have to stay 12 x 12 x 1");
}

TEST_CASE("the parts of a batch, put together, are the batch; what cannot be split is refused") {
  const auto images = dead_leaves({.count = 3, .height = 60, .width = 70});
  const PatchDataset random(images, {.patch = 12, .noise = 5}),
      grid(images, {.patch = 12, .sampling = Sampling::grid});
  for (const PatchDataset* patches : {&random, &grid})
    for (const Index parts : {2, 3, 6}) {
      std::vector<float> input, target, whole_input, whole_target;
      const auto add = [](const auto& from, std::vector<float>& to) {
        for (const float v : from.to_host()) to.push_back(v);
      };
      for (auto& [x, y] : patches->batches<Cpu>({.batch = 6, .steps = 5, .first_step = 4}))
        add(x, whole_input), add(y, whole_target);
      for (Index part = 0; part < parts; ++part)
        for (auto& [x, y] :
             patches->batches<Cpu>({.batch = 6, .steps = 5, .first_step = 4, .part = part, .parts = parts})) {
          CHECK(x[0] == 6 / parts);
          add(x, input);
          add(y, target);
        }
      CHECK(input == whole_input);
      CHECK(target == whole_target);
    }
  CHECK_ERROR(random.batches<Cpu>({.batch = 5, .part = 1, .parts = 2}),
              "part 1 (from 0) of a batch of 5 in 2 equal parts");
  CHECK_ERROR(random.batches<Cpu>({.batch = 6, .part = 2, .parts = 2}),
              "part 2 (from 0) of a batch of 6 in 2 equal parts");
  CHECK_ERROR(random.batches<Cpu>({.batch = 6, .parts = 0}), "in 0 equal parts");
}

TEST_CASE("pairs fit together: the patch of the input is that of the target, whatever the turn") {
  Image ramp(36, 36, 1);
  for (Index y = 0; y < 36; ++y)
    for (Index x = 0; x < 36; ++x) ramp.at(y, x) = float(3 * y + 2 * x + 20);
  const PatchDataset ilr({ramp}, {.scale = 2, .patch = 8});
  for (auto& [input, target] : ilr.batches<Cpu>({.batch = 32, .steps = 2})) {
    const auto a = input.to_host(), b = target.to_host();
    double error = 0;
    for (std::size_t i = 0; i < a.size(); ++i) error += std::abs(a[i] - b[i]) / double(a.size());
    CHECK(error < 0.01);  // a ramp survives bicubic, but for the edge
  }
  const PatchDataset lr({ramp}, {.scale = 3, .patch = 4, .input = Input::lr});
  for (auto& [input, target] : lr.batches<Cpu>({.batch = 2, .steps = 1})) {
    CHECK(input.shape() == Shape{2, 4, 4, 1});
    CHECK(target.shape() == Shape{2, 12, 12, 1});
  }
}

TEST_CASE("the grid gives every patch once an epoch") {
  Image x(20, 26, 1);
  for (std::size_t i = 0; i < x.samples.size(); ++i) x.samples[i] = float(i % 256);
  const PatchDataset grid(
      {x, x}, {.scale = 1, .patch = 8, .sampling = Sampling::grid, .stride = 6, .augment = false});
  CHECK(grid.count() == 2 * 3 * 4);
  CHECK(grid.epoch_steps(5) == 5);
  std::map<std::vector<float>, int> seen;
  for (auto& [input, target] : grid.batches<Cpu>({.batch = 4, .steps = 6})) {
    const auto values = target.to_host();
    for (std::size_t b = 0; b < 4; ++b)
      ++seen[std::vector<float>(values.begin() + long(b) * 64, values.begin() + long(b + 1) * 64)];
  }
  CHECK(seen.size() == 12);
  for (const auto& [patch, times] : seen) CHECK(times == 2);
}

TEST_CASE("luma takes any mix of gray, RGB and alpha; what does not fit is refused with its numbers") {
  const Image gray(30, 30, 1, 50), rgb(30, 30, 3, 50), rgba(30, 30, 4, 50);
  CHECK(PatchDataset({gray, rgb, rgba}, {.patch = 9}).images() == 3);
  const PatchDataset colour({gray, rgb, rgba}, {.patch = 9, .luma = false});
  for (auto& [input, target] : colour.batches<Cpu>({.batch = 4, .steps = 1}))
    CHECK(target.shape() == Shape{4, 9, 9, 3});
  CHECK_ERROR(PatchDataset(std::vector<Image>{}), "there are no images");
  CHECK_ERROR(PatchDataset({rgb, Image(20, 40, 1)}, {.patch = 24}),
              "image 2 of 2 has 20 x 40 pixels, but a patch needs 24 x 24");
  CHECK_ERROR(PatchDataset({rgb}, {.scale = 4, .patch = 8, .input = Input::lr}), "a patch needs 32 x 32");
  CHECK_ERROR(PatchDataset({rgb}, {.scale = 0}), "scale 0");
  const PatchDataset named({rgb}, {.patch = 9});
  CHECK_ERROR(named.batches<Cpu>({.batch = 0}), "a batch of 0");
}

TEST_CASE("what a loader thread throws reaches the loop") {
  Batches<float, Cpu> broken({.batch = 1, .threads = 2}, {1}, {1}, [](Index step, float* a, float* b) {
    check(step < 3, "no batch ", step);
    *a = *b = float(step);
  });
  CHECK_ERROR(for ([[maybe_unused]] auto& batch : broken){}, "no batch");
}

TEST_CASE("a fingerprint tells data sets apart by what their pictures hold, and by nothing else") {
  const auto five = dead_leaves({.count = 5, .height = 40, .width = 50, .colour = true});
  const std::vector<Image> four(five.begin(), five.end() - 1);
  const PatchOptions o{.scale = 2, .patch = 8};
  const auto of = [&](const std::vector<Image>& images) { return PatchDataset(images, o).fingerprint(); };
  const std::uint64_t all = of(five);
  CHECK(of(five) == all);
  CHECK(PatchDataset(five, {.scale = 3, .patch = 9, .luma = false}).fingerprint() == all);
  CHECK(of(four) != all);
  CHECK(of({five[1], five[0], five[2], five[3], five[4]}) != all);
  for (const std::size_t at : {std::size_t(0), std::size_t(2977), five[3].samples.size() - 1}) {
    auto changed = five;
    changed[3].samples[at] = changed[3].samples[at] > 0 ? changed[3].samples[at] - 1 : 1.0f;
    CHECK(of(changed) != all);
  }
  auto opaque = five;  // as a file with an alpha channel that hides nothing
  for (Image& image : opaque) image = join(image, Image(40, 50, 1, 255));
  CHECK(of(opaque) == all);
  opaque[0].samples[3] = 0;
  CHECK(of(opaque) != all);

  PatchDataset pairs(o), other(o);
  pairs.add_pair(reduce(five[0], 2), five[0]);
  other.add_pair(round_to_8bit(reduce(five[0], 2)), five[0]);
  CHECK(pairs.fingerprint() != other.fingerprint());
  CHECK(PatchDataset(o).fingerprint() != all);
}

TEST_CASE("samples take as few bytes as give each back to the bit, and a checksum sees each bit") {
  Image x(3, 5, 3);
  for (std::size_t i = 0; i < x.samples.size(); ++i) x.samples[i] = float(5 * i);
  CHECK(samples_of(x).bits == 8);
  x.samples[7] = 12345 / 257.0f;
  CHECK(samples_of(x).bits == 16);
  x.samples[7] = 65535 / 257.0f;
  CHECK(samples_of(x).bits == 8);
  for (const float v : {0.3f, -1.0f, 256.0f, -0.0f, NAN}) {
    x.samples[7] = v;
    CHECK(samples_of(x).bits == 32);
  }
  for (const std::size_t size : {std::size_t(1), std::size_t(31), std::size_t(64), std::size_t(75)}) {
    std::string text(size, 'a');
    const std::uint64_t before = checksum(text);
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
      CHECK(checksum(text) != before);
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
    }
    CHECK(checksum(text + std::string(1, 0)) != before);
  }
}
