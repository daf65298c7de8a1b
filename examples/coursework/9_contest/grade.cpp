// The tests of assignment 9: the budget, the tiles, and a short training.
#include <contest.hpp>
#include <crisp/data/synthetic.hpp>
#include <crisp/metrics/psnr.hpp>
#include <grading.hpp>

using namespace grading;
using namespace crisp;
using data::Image;
using mine::Tile;
using Net = mine::Contest<float, Cpu>;
using V = Var<float, Cpu>;

TEST("9a", 4, "the network and its budget") {
  Net net;
  const V y = net(V(Tensor<float, Cpu>({2, 12, 15, 1}, 0.5f)));
  expect(y.shape() == Shape({2, 48, 60, 1}), "(2, 12, 15, 1) becomes ", str(y.shape()),
         ", not (2, 48, 60, 1)");
  const Index count = nn::parameter_count(net).trained;
  expect(count <= 60000, "the network has ", count, " parameters, and the budget is 60,000");
}

TEST("9b", 4, "how far it sees") {
  // A pixel of the middle has gradients just as far away as it depends on the input.
  Net net;
  const Index side = 65, middle = side / 2;
  Rng rng(1);
  std::vector<float> values(std::size_t(side * side));
  for (float& v : values) v = float(rng.uniform());
  const V x(Tensor<float, Cpu>({1, side, side, 1}, values), true);
  const Index claimed = mine::reach();
  const V y = net(x);
  Tensor<float, Cpu> seed(y.shape(), 0.0f);
  for (Index i = 0; i < mine::scale; ++i)
    for (Index j = 0; j < mine::scale; ++j)
      seed.data()[(middle * mine::scale + i) * side * mine::scale + middle * mine::scale + j] =
          float(rng.uniform(0.5, 1.5));
  y.backward(seed);
  Index seen = 0;
  const std::vector<float> g = x.grad().to_host();
  float largest = 0;
  for (float v : g) largest = std::max(largest, std::abs(v));
  for (Index i = 0; i < side; ++i)
    for (Index j = 0; j < side; ++j)
      if (std::abs(g[std::size_t(i * side + j)]) > 1e-5f * largest)  // else it is rounding
        seen = std::max({seen, std::abs(i - middle), std::abs(j - middle)});
  expect(claimed >= seen, "reach() is ", claimed, ", but the network sees ", seen,
         " pixels far: tiles would have seams");
  expect(claimed <= 2 * seen + 4, "reach() is ", claimed, ", and the network sees only ", seen,
         " pixels far: tiles would be read that nobody needs");
}

TEST("9c", 6, "tiles") {
  const Index H = 50, W = 71, side = 32, halo = 5;
  const std::vector<Tile> tiles = mine::tiles_of(H, W, side, halo);
  if (!expect(tiles.size() == 6, tiles.size(), " tiles of 32 x 32 came out for 50 x 71 pixels, not 2 x 3"))
    return;
  std::vector<int> kept(std::size_t(H * W));
  for (const Tile& t : tiles) {
    const Index bottom = t.kept_top + t.kept_height, right = t.kept_left + t.kept_width;
    if (!expect(t.top >= 0 && t.left >= 0 && t.top + t.height <= H && t.left + t.width <= W,
                "a tile reads beyond the picture"))
      return;
    if (!expect(t.top == std::max<Index>(0, t.kept_top - halo) &&
                    t.top + t.height == std::min(H, bottom + halo) &&
                    t.left == std::max<Index>(0, t.kept_left - halo) &&
                    t.left + t.width == std::min(W, right + halo),
                "a tile does not read ", halo,
                " pixels more than it keeps, at each side where the picture has them"))
      return;
    for (Index i = t.kept_top; i < bottom; ++i)
      for (Index j = t.kept_left; j < right; ++j) ++kept[std::size_t(i * W + j)];
  }
  const auto times = std::minmax_element(kept.begin(), kept.end());
  expect(*times.first == 1, "some pixels are kept by no tile");
  expect(*times.second == 1, "some pixels are kept by ", *times.second, " tiles");
}

TEST("9d", 6, "a picture in tiles") {
  const Image x = data::dead_leaves({.count = 1, .height = 50, .width = 71})[0];
  const auto enlarge = [](const Image& part) { return data::enlarge(part, 4); };  // sees 2 pixels far
  const auto difference = [](const Image& a, const Image& b) {
    double largest = 0;
    for (std::size_t i = 0; i < a.samples.size(); ++i)
      largest = std::max(largest, std::abs(double(a.samples[i]) - b.samples[i]));
    return largest;
  };
  const Image whole = enlarge(x), tiled = mine::in_tiles(x, 32, 4, enlarge);
  if (!expect(tiled.same_size(whole), "the picture has ", describe(tiled), " pixels, not ", describe(whole)))
    return;
  const Image seams = [&] {  // tiles without what lies around them
    Image y(200, 284, 1);
    for (Index top = 0; top < 50; top += 32)
      for (Index left = 0; left < 71; left += 32) {
        const Image part =
            enlarge(data::crop(x, top, left, std::min<Index>(32, 50 - top), std::min<Index>(32, 71 - left)));
        for (Index i = 0; i < part.height; ++i)
          for (Index j = 0; j < part.width; ++j) y.at(top * 4 + i, left * 4 + j) = part.at(i, j);
      }
    return y;
  }();
  if (difference(tiled, whole) < 1e-2) return;
  if (difference(tiled, seams) < 1e-2)
    expect(false, "the tiles have seams: what lies around a tile is not read");
  else
    expect(false, "in tiles the picture differs by up to ", difference(tiled, whole),
           " from the whole one: are the right pixels of each tile kept?");
}

static double mean_psnr(const std::vector<Image>& pictures,
                        const std::function<Image(const Image&)>& enlarge) {
  double sum = 0;
  for (const Image& hr : pictures)
    sum += metrics::psnr(hr, enlarge(data::reduce(hr, 4)), {.shave = 4}).value / double(pictures.size());
  return sum;
}

TEST("9e", 10, "ten seconds of training beat bicubic", 60) {
  const data::PatchDataset patches(data::dead_leaves({.count = 24}),
                                   {.scale = 4, .patch = 16, .input = data::Input::lr});
  Net net;
  const std::clock_t begin = std::clock();
  mine::train(net, patches, 10);
  const double seconds = double(std::clock() - begin) / CLOCKS_PER_SEC;
  expect(seconds <= 15, "the training took ", seconds, " seconds of processor time, and 10 were given");
  const auto unseen = data::dead_leaves({.count = 4, .height = 128, .width = 128, .seed = 5});
  const double bicubic = mean_psnr(unseen, [](const Image& lr) { return data::enlarge(lr, 4); });
  const double got = mean_psnr(unseen, [&](const Image& lr) { return mine::enlarged(net, lr); });
  expect(got > bicubic + 0.3, "the network gives ", got, " dB, and bicubic ", bicubic,
         " dB; it has to gain 0.3 dB in ten seconds: does it learn the difference to an enlarged picture?");
}
