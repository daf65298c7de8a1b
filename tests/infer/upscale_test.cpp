// Whole images through a network: kinds, sizes, and tiles without seams.
#include "crisp/infer/upscale.hpp"

#include "crisp/data/synthetic.hpp"
#include "crisp/infer/evaluate.hpp"
#include "crisp/models/srcnn.hpp"
#include "crisp/zoo/any_model.hpp"
#include "support.hpp"

using namespace crisp;
using data::Image;

namespace {

zoo::AnyModel<float, Cpu> network(const char* channels = "1") {
  seed(5);
  return zoo::AnyModel<float, Cpu>::create({{"model", "srcnn"}, {"scale", "2"}, {"channels", channels}});
}

// A network that changes nothing: what comes out is what the image was turned to before.
template <class T, class D>
struct Nothing {
  Var<T, D> operator()(const Var<T, D>& x) const { return x; }
};

float largest_difference(const Image& a, const Image& b) {
  REQUIRE(a.same_size(b));
  float largest = 0;
  for (std::size_t i = 0; i < a.samples.size(); ++i)
    largest = std::max(largest, std::abs(a.samples[i] - b.samples[i]));
  return largest;
}

Image ramp(Index height, Index width, Index channels) {
  Image x(height, width, channels);
  for (std::size_t i = 0; i < x.samples.size(); ++i) x.samples[i] = float(i * 37 % 256);
  return x;
}

}  // namespace

TEST_CASE("upscale: every kind of image keeps its kind, also of one pixel, for luma and colour networks") {
  for (const char* of : {"1", "3"}) {
    const auto net = network(of);
    for (Index channels = 1; channels <= 4; ++channels)
      for (const auto& [h, w] : {std::pair<Index, Index>{1, 1}, {5, 8}, {7, 1}}) {
        const Image y = infer::upscale(net, ramp(h, w, channels), 2);
        CHECK(y.height == 2 * h);
        CHECK(y.width == 2 * w);
        CHECK(y.channels == channels);
        for (const float v : y.samples) REQUIRE(std::isfinite(v));
      }
  }
}

TEST_CASE("upscale: around a network that changes nothing, luma, chroma and alpha are bicubic") {
  const Nothing<float, Cpu> nothing;
  for (Index channels = 1; channels <= 4; ++channels) {
    const Image x = ramp(6, 9, channels);
    CHECK(largest_difference(infer::upscale(nothing, x, 3), data::enlarge(x, 3)) < 1e-3f);
  }
}

TEST_CASE(
    "upscale: gray through a luma network is what its luma becomes; alpha is not touched by the network") {
  const auto net = network();
  const Image gray_alpha = ramp(6, 9, 2), y = infer::upscale(net, gray_alpha, 2);
  CHECK(largest_difference(data::channels(y, 0, 1),
                           infer::upscale(net, data::channels(gray_alpha, 0, 1), 2)) == 0);
  CHECK(largest_difference(data::channels(y, 1, 1), data::enlarge(data::channels(gray_alpha, 1, 1), 2)) == 0);
}

TEST_CASE("upscale: tiles leave no seam, whatever the network, the kind of image and the size of the tiles") {
  constexpr float limit = 255e-5f;  // 1e-5 of the range: Winograd's squares lie otherwise in a tile than in
                                    // the whole, and round otherwise
  for (const char* name : {"srcnn", "srresnet-lite", "srautoencoder", "espcn", "fsrcnn", "vdsr", "dncnn",
                           "arcnn", "edsr-small", "edsr-baseline", "msrresnet", "srresnet"}) {
    seed(5);
    const std::string n = name;
    zoo::Settings settings{{"model", n}};
    if (n.starts_with("edsr-") || n == "msrresnet" || n == "srresnet")
      settings.insert({{"features", "8"}, {"blocks", "2"}});
    if (n == "vdsr" || n == "dncnn") settings.insert({{"features", "8"}, {"depth", "6"}});
    if (n.starts_with("sr") && n != "srresnet") settings["scale"] = "2";
    const auto net = zoo::AnyModel<float, Cpu>::create(settings);
    const Image x = data::dead_leaves({.count = 1, .height = 45, .width = 58, .colour = true}).front();
    const Image whole = infer::upscale(net, x, net.scale());
    for (const Index tile : {16, 20, 44}) {
      CAPTURE(name);
      CAPTURE(tile);
      CHECK(largest_difference(infer::upscale(net, x, net.scale(), {.tile = tile}), whole) < limit);
    }
  }
  const auto net = network();
  for (Index channels = 1; channels <= 4; ++channels) {
    const Image x = ramp(21, 37, channels);
    CHECK(largest_difference(infer::upscale(net, x, 3, {.tile = 16}), infer::upscale(net, x, 3)) < limit);
  }
}

TEST_CASE("upscale: tiles of a network with windows are mixed, and stay near the whole") {
  seed(6);
  const auto net = zoo::AnyModel<float, Cpu>::create(
      {{"model", "swinir-light"}, {"scale", "2"}, {"embed", "12"}, {"heads", "2"}, {"depths", "2,2"}});
  const Image x = data::dead_leaves({.count = 1, .height = 75, .width = 109, .colour = true}).front();
  const Image whole = infer::upscale(net, x, 2), tiled = infer::upscale(net, x, 2, {.tile = 32});
  CHECK(largest_difference(tiled, whole) < 0.5f);  // of 255
  CHECK(largest_difference(tiled, whole) > 0);     // tiles were used at all
}

TEST_CASE("upscale: the weights of mixed tiles add up to 1, and every pixel is covered once") {
  Rng rng(3);
  for (int trial = 0; trial < 300; ++trial) {
    const Index grid = 1 + Index(rng.uniform(0, 4)), blend = Index(rng.uniform(0, 5));
    const auto on_grid = [&](double limit) { return round_up(Index(rng.uniform(0, limit)), grid); };
    const infer::Tiling t{.tile = std::max(round_up(std::max<Index>(1, 2 * blend), grid), on_grid(20)),
                          .halo = round_up(2 * blend, grid) + on_grid(6),
                          .blend = blend,
                          .grid = grid};
    const Image x = ramp(1 + Index(rng.uniform(0, 50)), 1 + Index(rng.uniform(0, 50)), 2);
    CAPTURE(trial);
    Image y(x.height * 2, x.width * 2, 2);
    auto to = y.samples.begin();
    double last = 0;
    infer::for_tiles(
        x, t, 2, [](const Image& tile) { return data::enlarge(tile, 2, Resampling::nearest); },
        [&](const Image& rows) { to = std::copy(rows.samples.begin(), rows.samples.end(), to); },
        [&](double done) {
          CHECK(done > last);
          last = done;
        });
    CHECK(to == y.samples.end());
    CHECK(last == 1);
    CHECK(largest_difference(y, data::enlarge(x, 2, Resampling::nearest)) < 1e-3f);
    for (const auto& s : infer::detail::stretches(x.height, t))
      REQUIRE((s.begin % grid == 0 && s.begin <= s.from && s.to <= s.end));
  }
}

TEST_CASE("upscale: less memory makes smaller tiles, which are counted") {
  seed(5);
  const auto net = zoo::AnyModel<float, Cpu>::create({{"model", "espcn"}, {"scale", "2"}});
  const Image x = data::dead_leaves({.count = 1, .height = 300, .width = 300}).front();
  const Index before = Cpu::memory_use().now;
  Index peaks[2], tiles[2] = {0, 0};
  for (int i = 0; i < 2; ++i) {
    Cpu::reset_peak();
    infer::upscale(net, x, 2, {.memory = i == 0 ? Index(1) << 30 : Index(24) << 20, .progress = [&](double) {
                                 ++tiles[i];
                               }});
    peaks[i] = Cpu::memory_use().peak - before;
  }
  CHECK(tiles[0] == 1);
  CHECK(tiles[1] > 1);
  CHECK(peaks[1] < Index(24) << 20);
  CHECK(peaks[0] > peaks[1]);
  CHECK_ERROR(infer::upscale(net, x, 2, {.tile = 64, .progress = [](double) { throw Error("stopped"); }}),
              "stopped");
}

TEST_CASE(
    "upscale: turning an image and turning it back changes nothing; the self-ensemble turns with the image") {
  for (int way = 0; way < 8; ++way)
    for (const auto& [h, w] : {std::pair<Index, Index>{1, 1}, {3, 5}, {4, 2}})
      CHECK(largest_difference(data::turned_back(data::turned(ramp(h, w, 3), way), way), ramp(h, w, 3)) == 0);
  const auto net = network("3");
  const Image x = ramp(9, 14, 3), y = infer::upscale(net, x, 2, {.ensemble = true});
  CHECK(largest_difference(y, infer::upscale(net, x, 2)) > 0.01f);
  CHECK(largest_difference(infer::upscale(net, data::turned(x, 5), 2, {.ensemble = true}),
                           data::turned(y, 5)) < 1e-3f);
}

TEST_CASE("upscale: what cannot be enlarged is said") {
  const auto net = network();
  CHECK(test::contains(test::error_of([&] { infer::upscale(net, ramp(4, 4, 1), 0); }),
                       "the scale must be a whole number of at least 1, not 0"));
  CHECK(test::contains(test::error_of([&] { infer::upscale(net, Image(), 2); }),
                       "the image is empty (0 x 0 pixels)"));
}

TEST_CASE("upscale: colours under an alpha of 0 do not enter the result") {
  const Nothing<float, Cpu> nothing;
  for (const Index channels : {2, 4})
    for (const Index tile : {0, 16}) {
      Image disc(40, 40, channels);  // white; black where it is transparent
      for (Index i = 0; i < 40; ++i)
        for (Index j = 0; j < 40; ++j)
          if ((i - 20) * (i - 20) + (j - 18) * (j - 18) < 150)
            for (Index c = 0; c < channels; ++c) disc.at(i, j, c) = 255;
      const Image y = data::over_white(infer::upscale(nothing, disc, 2, {.tile = tile}));
      for (const float v : y.samples) REQUIRE(std::abs(v - 255) < 2);
    }
}

namespace {

// A network whose result is wrong at one place: (row 1, column 2) of each tile.
template <class T, class D>
struct WrongAtOnePlace {
  T value;
  std::string name() const { return "wrong"; }
  Var<T, D> operator()(const Var<T, D>& x) const {
    std::vector<T> values = x.value().to_host();
    values[std::size_t((1 * x[2] + 2) * x[3])] = value;
    return Var<T, D>(Tensor<T, D>(x.shape(), values));
  }
};

}  // namespace

TEST_CASE("upscale: a result that is not finite is an error that says where") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), large = std::numeric_limits<float>::max();
  for (const float value : {nan, -nan, large, -large, std::numeric_limits<float>::infinity()}) {
    const WrongAtOnePlace<float, Cpu> net{value};
    for (const infer::Options& o :
         {infer::Options{}, infer::Options{.tile = 16}, infer::Options{.ensemble = true}})
      CHECK_ERROR(infer::upscale(net, ramp(20, 40, 3), 2, o),
                  "the result of wrong is not finite at row 1, column 2, channel 0 of (1, ");
    CHECK_ERROR(infer::compare("a", ramp(48, 48, 3), infer::upscaler(net), 2, infer::Protocol::y),
                "the result of wrong is not finite");
  }
  const WrongAtOnePlace<float, Cpu> fair{1e6f};
  CHECK(infer::upscale(fair, ramp(20, 40, 1), 2).height == 40);
}
