// What belongs to data sets beside patches: batches of any tensors, names of pairs, pictures that are there
// twice.
#include <set>

#include "crisp/data/dataset.hpp"
#include "crisp/data/degrade.hpp"
#include "crisp/data/likeness.hpp"
#include "crisp/data/pairs.hpp"
#include "crisp/data/synthetic.hpp"
#include "crisp/data/tensor_dataset.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::data;
using namespace crisp::test;

namespace {

// Examples of two inputs, i and -i, with the target i.
TensorDataset<double> numbers(Index count) {
  std::vector<double> x, y;
  for (Index i = 0; i < count; ++i) x.insert(x.end(), {double(i), double(-i)}), y.push_back(double(i));
  return {Tensor<double, Cpu>({count, 1, 2}, x), Tensor<double, Cpu>({count}, y)};
}

std::vector<double> all_targets(const TensorDataset<double>& examples, const LoaderOptions& o) {
  std::vector<double> all;
  for (auto& [x, y] : examples.batches<Cpu>(o)) {
    const auto inputs = x.to_host(), targets = y.to_host();
    for (std::size_t i = 0; i < targets.size(); ++i) {
      CHECK(inputs[2 * i] == targets[i]);
      CHECK(inputs[2 * i + 1] == -targets[i]);
      all.push_back(targets[i]);
    }
  }
  return all;
}

}  // namespace

TEST_CASE(
    "tensors of one's own: each example once an epoch, the same for any threads, first step and split") {
  const auto examples = numbers(7);
  CHECK(examples.epoch_steps(3) == 3);
  const std::vector<double> all = all_targets(examples, {.batch = 3, .steps = 14, .seed = 4, .threads = 1});
  for (std::size_t epoch = 0; epoch < 6; ++epoch)
    CHECK(std::set<double>(all.begin() + long(7 * epoch), all.begin() + long(7 * epoch + 7)).size() == 7);
  CHECK(std::vector<double>(all.begin(), all.begin() + 7) !=
        std::vector<double>(all.begin() + 7, all.begin() + 14));
  CHECK(all_targets(examples, {.batch = 3, .steps = 14, .seed = 4, .threads = 4}) == all);
  CHECK(all_targets(examples, {.batch = 3, .steps = 14, .seed = 4, .first_step = 13}) ==
        std::vector<double>(all.end() - 3, all.end()));
  CHECK(all_targets(examples, {.batch = 3, .steps = 1, .seed = 4, .part = 2, .parts = 3}) ==
        std::vector<double>{all[2]});
  CHECK(all_targets(examples, {.batch = 20, .steps = 1}).size() == 20);  // more than there are
  for (auto& [x, y] : examples.batches<Cpu>({.batch = 2, .steps = 1})) {
    CHECK(x.shape() == Shape{2, 1, 2});
    CHECK(y.shape() == Shape{2});
  }
  CHECK(numbers(7).fingerprint() == examples.fingerprint());
  CHECK(numbers(8).fingerprint() != examples.fingerprint());
  CHECK_ERROR(
      (TensorDataset(Tensor<float, Cpu>({3, 2}), Tensor<float, Cpu>({2, 3}))),
      "the same number of examples on their first axis, at least one\n  inputs  (3, 2)\n  targets (2, 3)");
  CHECK_ERROR((TensorDataset(Tensor<float, Cpu>({0, 2}), Tensor<float, Cpu>({0}))), "at least one");
}

TEST_CASE("the LR of an HR file is found under the names that image sets have") {
  const std::vector<std::pair<std::string, std::string>> right{
      {"0801.png", "0801x2.png"},
      {"baby.png", "baby_x2.bmp"},
      {"baby.png", "baby-x2.png"},
      {"baby.png", "babyx2.png"},
      {"baby.png", "baby_LRBI_x2.png"},
      {"baby.png", "baby_bicubic_x2.png"},
      {"baby.png", "baby.jpg"},
      {"baby.png", "baby_LR.png"},
      {"Canon_001_HR.png", "Canon_001_LR2.png"},
      {"img_001_SRF_2_HR.png", "img_001_SRF_2_LR.png"},
      {"0801_GT.png", "0801.png"}};
  for (const auto& pair : right) {
    const LrFiles files({"lr/" + pair.second, "lr/other.png"});
    CHECK(files.of("hr/" + pair.first, 2) == "lr/" + pair.second);
  }
  CHECK(LrFiles({"a.png", "ax2.png"}).of("a.png", 2) == "a.png");
  CHECK_ERROR(LrFiles({"lr/ax3.png"}).of("hr/a.png", 2), "'lr' has no picture that belongs to 'a.png'");
  CHECK_ERROR(LrFiles({"lr/ax2.png", "lr/ax2.jpg"}).of("hr/a.png", 2), "keep one of them");

  TemporaryFolder folder;
  std::filesystem::create_directory(folder.path / "hr");
  std::filesystem::create_directory(folder.path / "lr");
  PatchDataset whole({.scale = 2, .patch = 8});
  for (const Image& hr : dead_leaves({.count = 2, .height = 24, .width = 30, .colour = true})) {
    const Image lr = round_to_8bit(reduce(hr, 2));
    const std::string name = str(whole.images());
    save_image(folder.path / "hr" / (name + ".png"), hr);
    save_image(folder.path / "lr" / (name + "x2.png"), lr);
    whole.add_pair(lr, hr);
  }
  const PicturePairs found = pairs(folder.path / "lr", folder.path / "hr", 2);
  PatchDataset patches({.scale = 2, .patch = 8});
  patches.add_pairs(found.lr, found.hr);
  CHECK(patches.images() == 2);
  CHECK(patches.fingerprint() == whole.fingerprint());

  // Where the large ones do not fit in memory, the small ones, which would, lie in a cache as well.
  const Index memory = found.lr->memory() + found.hr->memory() / 2;
  const PicturePairs stored =
      pairs(folder.path / "lr", folder.path / "hr", 2, {.memory = memory, .cache = folder.path / "cache"});
  CHECK(found.lr->memory() > 0);
  CHECK(stored.hr->memory() == 0);
  CHECK(stored.lr->memory() == 0);
  PatchDataset from_caches({.scale = 2, .patch = 8});
  from_caches.add_pairs(stored.lr, stored.hr);
  CHECK(from_caches.fingerprint() == whole.fingerprint());
}

TEST_CASE("an epoch is as many batches as cover the pictures, and the next one has others") {
  const auto images = dead_leaves({.count = 2, .height = 24, .width = 30});
  for (const Sampling sampling : {Sampling::random, Sampling::grid}) {
    const PatchDataset patches(images, {.scale = 2, .patch = 8, .sampling = sampling});
    const LoaderOptions o{.batch = 5, .seed = 3};
    const auto values_of = [](auto batches) {
      std::vector<float> all;
      for (auto& [input, target] : batches)
        for (const float v : input.to_host()) all.push_back(v);
      return all;
    };
    const std::size_t steps = std::size_t(patches.epoch_steps(5));
    LoaderOptions both = o;
    both.steps = 2 * Index(steps);
    const std::vector<float> two = values_of(patches.batches<Device>(both));
    std::vector<float> joined = values_of(patches.epoch<Device>(0, o));
    const std::vector<float> second = values_of(patches.epoch<Device>(1, o));
    CHECK(joined.size() == second.size());
    CHECK(joined != second);
    joined.insert(joined.end(), second.begin(), second.end());
    CHECK(joined == two);
    CHECK_ERROR(patches.epoch<Device>(-1, o), "PatchDataset: epoch -1 in batches of 5 was asked for");
  }
}

TEST_CASE("a picture is known again when it was made smaller, compressed, or both; and no other is") {
  const auto images = dead_leaves({.count = 12, .height = 90, .width = 121, .colour = true, .seed = 5});
  for (std::size_t i = 0; i < images.size(); ++i) {
    const Sketch one = sketch_of(images[i]);
    CHECK(likeness(one, one) == doctest::Approx(1));
    const Image half = round_to_8bit(resize(images[i], 45, 60, Resampling::bicubic_matlab));
    CHECK(likeness(one, sketch_of(half)) > same_picture);
    CHECK(likeness(one, sketch_of(through_jpeg(half, 50))) > same_picture);
    CHECK(likeness(one, sketch_of(luma(through_jpeg(images[i], 30)))) > same_picture);
    for (std::size_t k = 0; k < i; ++k) CHECK(likeness(one, sketch_of(images[k])) < same_picture);
  }
  const Image flat(50, 50, 3, 90), wide = crop(images[0], 0, 0, 40, 121);
  CHECK(likeness(sketch_of(flat), sketch_of(flat)) == 0);
  CHECK(likeness(sketch_of(images[0]), sketch_of(wide)) == 0);
  CHECK_ERROR(sketch_of(Image()), "the image is empty");
}
