// Patches that are made when they are drawn, beside a simple reference that reduces and enlarges whole
// pictures first: equal to the bit.
#include <array>
#include <thread>

#include "crisp/data/dataset.hpp"
#include "crisp/data/degrade.hpp"
#include "crisp/data/synthetic.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::data;
using namespace crisp::test;

namespace {

struct Pair {
  Image input, target;
};

// Draws batches as PatchDataset does, from whole pictures.
std::vector<float> reference(const std::vector<Pair>& pairs, const PatchOptions& o,
                             const LoaderOptions& loader) {
  std::vector<float> values;
  const Index factor = o.input == Input::lr ? o.scale : 1, C = pairs[0].target.channels;
  std::vector<std::array<Index, 3>> grid;  // image, top, left
  Index area = 0;
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    area += pairs[k].input.height * pairs[k].input.width;
    for (Index y = 0; y + o.patch <= pairs[k].input.height; y += o.stride)
      for (Index x = 0; x + o.patch <= pairs[k].input.width; x += o.stride) grid.push_back({Index(k), y, x});
  }
  for (Index step = 0; step < loader.steps; ++step) {
    Rng rng = Rng(loader.seed).split(std::uint64_t(step));
    std::vector<float> inputs, targets;
    for (Index i = 0; i < loader.batch; ++i) {
      std::array<Index, 3> place{};
      if (o.sampling == Sampling::random) {
        Index pixel = rng.below(area);
        while (pixel >=
               pairs[std::size_t(place[0])].input.height * pairs[std::size_t(place[0])].input.width) {
          pixel -= pairs[std::size_t(place[0])].input.height * pairs[std::size_t(place[0])].input.width;
          ++place[0];
        }
        place[1] = rng.below(pairs[std::size_t(place[0])].input.height - o.patch + 1);
        place[2] = rng.below(pairs[std::size_t(place[0])].input.width - o.patch + 1);
      } else {
        const Index number = step * loader.batch + i, count = Index(grid.size());
        std::vector<Index> order(grid.size());
        for (std::size_t k = 0; k < order.size(); ++k) order[k] = Index(k);
        Rng shuffle = Rng(loader.seed).split(~std::uint64_t(number / count));
        for (std::size_t k = order.size(); k > 1; --k)
          std::swap(order[k - 1], order[std::size_t(shuffle.below(Index(k)))]);
        place = grid[std::size_t(order[std::size_t(number % count)])];
      }
      const int way = o.augment ? int(rng.below(8)) : 0;
      const Pair& pair = pairs[std::size_t(place[0])];
      std::vector<float> x(std::size_t(o.patch * o.patch * C)), y(x.size() * std::size_t(factor * factor));
      copy_patch(pair.input, place[1], place[2], o.patch, way, x.data());
      if (o.noise > 0)
        for (float& v : x) v += float(rng.normal(0, o.noise / 255));
      copy_patch(pair.target, place[1] * factor, place[2] * factor, o.patch * factor, way, y.data());
      inputs.insert(inputs.end(), x.begin(), x.end());
      targets.insert(targets.end(), y.begin(), y.end());
    }
    values.insert(values.end(), inputs.begin(), inputs.end());
    values.insert(values.end(), targets.begin(), targets.end());
  }
  return values;
}

std::vector<float> drawn(const PatchDataset& patches, const LoaderOptions& loader) {
  std::vector<float> values;
  for (auto& [input, target] : patches.batches<Cpu>(loader)) {
    for (const float v : input.to_host()) values.push_back(v);
    for (const float v : target.to_host()) values.push_back(v);
  }
  return values;
}

Image prepared(const Image& x, const PatchOptions& o) {
  const Image opaque = without_alpha(x);
  if (o.luma) return luma(opaque);
  return opaque.has_colour() ? opaque : gray_to_rgb(opaque);
}

std::vector<Pair> whole_pairs(const std::vector<Image>& images, const PatchOptions& o, const Degradation& d) {
  std::vector<Pair> pairs;
  Rng none(0);
  for (const Image& image : images) {
    const Image hr = prepared(crop_to_multiple(image, o.scale), o);
    const bool bicubic = d.kind == Degradation::Kind::bicubic;
    const Image lr = bicubic ? reduce(hr, o.scale) : degrade(hr, o.scale, d, none);
    pairs.push_back({o.input == Input::lr ? lr : enlarge(lr, o.scale), hr});
  }
  return pairs;
}

// Of all kinds and of odd sizes: colour, gray, of 16 bits, with alpha that hides a part, with alpha that does
// not.
std::vector<Image> all_kinds() {
  auto images = dead_leaves({.count = 5, .height = 57, .width = 62, .colour = true, .seed = 9});
  images[1] = round_to_8bit(luma(images[1]));
  for (float& v : images[2].samples) v = std::round(v * 256.3f) / 257.0f;
  images[3] = join(images[3], Image(57, 62, 1, 255));
  for (Index i = 0; i < 57; ++i)
    for (Index j = 40; j < 62; ++j) images[3].at(i, j, 3) = 0;
  images[4] = join(crop(images[4], 3, 0, 50, 61), Image(50, 61, 1, 100));
  return images;
}

}  // namespace

TEST_CASE("patches are to the bit those of pictures that were reduced and enlarged as a whole") {
  const std::vector<Image> images = all_kinds();
  int cases = 0;
  for (const Index scale : {1, 2, 3, 4})
    for (const char* how : {"bicubic", "blur", "blur:1.9", "jpeg:10", "jpeg:95"})
      for (const bool luma : {true, false})
        for (const Input input : {Input::ilr, Input::lr}) {
          const Degradation d = degradation(how);
          PatchOptions o{.scale = scale, .patch = input == Input::lr ? 11 : 29, .luma = luma, .input = input};
          o.sampling = ++cases % 3 == 0 ? Sampling::grid : Sampling::random;
          o.noise = cases % 5 == 0 ? 7 : 0;
          const LoaderOptions loader{.batch = 6, .steps = 3, .seed = std::uint64_t(cases)};
          const std::vector<float> right = reference(whole_pairs(images, o, d), o, loader);
          o.reduce = [d](const Image& hr, Index s) {
            Rng none(0);
            return degrade(hr, s, d, none);
          };
          INFO(str("x", scale, " ", how, luma ? " luma" : " colour", input == Input::lr ? " lr" : " ilr"));
          CHECK(drawn(PatchDataset(images, o), loader) == right);
          o.reduce = {};
          if (std::string(how) != "bicubic")
            o.reduce_region = [d](const RegionReader& hr, Index s, const Region& r) {
              return degrade_region(hr, s, d, r);
            };
          CHECK(drawn(PatchDataset(images, o), loader) == right);
        }
}

TEST_CASE("patches of pairs are those of the files, and enlarged where the network wants that") {
  const std::vector<Image> images = all_kinds();
  for (const Input input : {Input::ilr, Input::lr})
    for (const bool luma : {true, false}) {
      const PatchOptions o{.scale = 2, .patch = input == Input::lr ? 12 : 25, .luma = luma, .input = input};
      PatchDataset patches(o);
      std::vector<Pair> pairs;
      for (const Image& image : images) {
        const Image hr = crop_to_multiple(image, 2), lr = round_to_8bit(reduce(without_alpha(hr), 2));
        patches.add_pair(lr, hr);
        const Image small = prepared(lr, o);
        pairs.push_back({input == Input::lr ? small : enlarge(small, 2), prepared(hr, o)});
      }
      const LoaderOptions loader{.batch = 8, .steps = 4, .seed = 3};
      CHECK(drawn(patches, loader) == reference(pairs, o, loader));
    }
}

TEST_CASE("regions of resized pictures are those of the whole, for every method, up to the edges") {
  const Image x = dead_leaves({.count = 1, .height = 23, .width = 31, .colour = true})[0];
  const RegionReader reader{23, 31,
                            [&](const Region& r) { return crop(x, r.top, r.left, r.height, r.width); }};
  for (const Resampling method :
       {Resampling::nearest, Resampling::bilinear, Resampling::bicubic_torch, Resampling::bicubic_matlab})
    for (const bool rounded : {false, true})
      for (const Index scale : {1, 2, 3, 5}) {
        const ResizeOptions o{.round_between = rounded};
        const Image large = enlarge(x, scale, method, o), small = reduce(x, scale, method, o);
        for (Index at = 0; at < 3; ++at) {
          const Region wide{at * 4, at * 5, large.height - at * 9, large.width - at * 11};
          CHECK(enlarge_region(reader, scale, wide, method, o).samples ==
                crop(large, wide.top, wide.left, wide.height, wide.width).samples);
          const Region narrow{at, at, small.height - 2 * at, 1};
          CHECK(reduce_region(reader, scale, narrow, method, o).samples ==
                crop(small, narrow.top, narrow.left, narrow.height, narrow.width).samples);
        }
      }
}

TEST_CASE("a reduction of the wrong size is refused with both; noise has no regions") {
  PatchOptions o{.scale = 2, .patch = 8};
  o.reduce = [](const Image& hr, Index) { return hr; };
  CHECK_ERROR(PatchDataset({Image(20, 24, 3)}, o),
              "the reduction made 20 x 24 gray of the image; at x2 it must be 10 x 12 of 1 channels");
  CHECK_ERROR(degrade_region({}, 2, degradation("noise:5"), {}), "noise is drawn for each patch");
}

TEST_CASE("a set's small pictures are left out and counted, unless all are") {
  std::string told;
  const auto set = [&](Index second) {
    std::vector<PicturesInMemory::One> all;
    for (const Index side : {Index(30), second, Index(40)})
      all.push_back(in_memory(str("'", side, ".png'"), samples_of(Image(side, 41, 3, 7))));
    return std::make_shared<PicturesInMemory>(std::move(all), [&](const std::string& text) { told += text; });
  };
  CHECK(PatchDataset(set(20), {.scale = 2, .patch = 24}).images() == 2);
  CHECK(told == "1 of 3 pictures are left out, as a patch needs 24 x 24 pixels: '20.png' has 20 x 41");
  told.clear();
  CHECK(PatchDataset(set(24), {.scale = 2, .patch = 24}).images() == 3);
  CHECK(told.empty());
  CHECK_ERROR(PatchDataset(set(24), {.scale = 2, .patch = 99}),
              "'30.png' has 30 x 41 pixels, but a patch needs");
  PatchDataset pairs({.scale = 2, .patch = 8});
  CHECK_ERROR(pairs.add_pairs(set(20), one_picture(Image(9, 9, 1))),
              "3 pictures as LR and 1 as HR are no pairs");
  CHECK_ERROR(pairs.add_pairs(set(20), set(20)),
              "'30.png' has 30 x 41 RGB pixels as LR and 30 x 41 RGB as HR");
}

TEST_CASE("the loop knows how long it waited for batches") {
  const auto slow = [](Index, float* a, float* b) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    *a = *b = 1;
  };
  Batches<float, Cpu> batches({.batch = 1, .steps = 4, .threads = 1}, {1}, {1}, slow);
  double before = 0;
  for ([[maybe_unused]] auto& batch : batches) {
    CHECK(batches.seconds_waited() >= before + 0.01);
    before = batches.seconds_waited();
  }
  CHECK(before < 4);
  CHECK_ERROR((Batches<float, Cpu>({.threads = -1}, {1}, {1}, slow)), "a batch of 16 and -1 threads");
}

TEST_CASE("patches[i] has the patches of the batches, to the bit, and the LR under them") {
  const std::vector<Image> images = all_kinds();
  const auto values_of = [](const Image& image) {  // as a batch has them
    std::vector<float> values;
    for (const float v : image.samples) values.push_back(v / 255.0f);
    return values;
  };
  for (const Sampling sampling : {Sampling::grid, Sampling::random})
    for (const Input input : {Input::ilr, Input::lr})
      for (const bool luma : {true, false}) {
        const PatchOptions o{.scale = 3,
                             .patch = 12,
                             .luma = luma,
                             .input = input,
                             .sampling = sampling,
                             .stride = 7,
                             .augment = false};
        const PatchDataset patches(images, o);
        std::vector<std::vector<float>> one_by_one, in_batches;
        for (Index i = 0; i < patches.size(); ++i) {
          const auto [lr, ilr, hr] = patches[i];
          one_by_one.push_back(values_of(input == Input::lr ? lr : ilr));
          for (const float v : values_of(hr)) one_by_one.back().push_back(v);
          CHECK((ilr.height == hr.height && ilr.width == hr.width));
        }
        for (auto& [x, y] : patches.batches<Cpu>({.batch = 1, .steps = patches.size()})) {
          in_batches.push_back(x.to_host());
          for (const float v : y.to_host()) in_batches.back().push_back(v);
        }
        if (sampling == Sampling::grid) {  // whose batches are shuffled
          std::sort(one_by_one.begin(), one_by_one.end());
          std::sort(in_batches.begin(), in_batches.end());
        }
        CHECK((one_by_one == in_batches));
      }
}

TEST_CASE("patches[i]: LR covers the patch; a patch that there is not") {
  const Image hr = luma(dead_leaves({.count = 1, .height = 36, .width = 30, .colour = true, .seed = 4})[0]);
  const Image small = reduce(hr, 3);
  const PatchDataset aligned({hr}, {.scale = 3, .patch = 12, .sampling = Sampling::grid, .stride = 6});
  CHECK(aligned.size() == 5 * 4);
  CHECK(aligned[5].lr.samples == crop(small, 2, 2, 4, 4).samples);
  const PatchDataset shifted({hr}, {.scale = 3, .patch = 13, .sampling = Sampling::grid, .stride = 7});
  CHECK(shifted[1].lr.samples == crop(small, 0, 2, 5, 5).samples);  // columns 7 to 19 of HR, 2 to 6 of LR
  CHECK(shifted[1].hr.samples == crop(hr, 0, 7, 13, 13).samples);
  CHECK_ERROR(aligned[20], "PatchDataset: patch 20 was asked for; there are 20, counted from 0");
  CHECK_ERROR(aligned[-1], "patch -1 was asked for");
  CHECK_ERROR(PatchDataset(PatchOptions{})[0], "there are 0");
}
