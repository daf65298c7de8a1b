// Whole images through a network: kinds, sizes, and tiles without seams.
#include "crisp/infer/upscale.hpp"

#include "crisp/data/synthetic.hpp"
#include "crisp/models/any_model.hpp"
#include "crisp/models/srcnn.hpp"
#include "support.hpp"

using namespace crisp;
using data::Image;

namespace {

models::AnyModel<float, Cpu> network(const char* channels = "1") {
  seed(5);
  return models::AnyModel<float, Cpu>::create({{"model", "srcnn"}, {"scale", "2"}, {"channels", channels}});
}

// A network that changes nothing: what comes out is what the image was turned to before.
template <class T, class D>
struct Nothing {
  Var<T, D> operator()(const Var<T, D>& x) const { return x; }
};

float largest_difference(const Image& a, const Image& b) {
  REQUIRE(a.same_size(b));
  float most = 0;
  for (std::size_t i = 0; i < a.samples.size(); ++i) most = std::max(most, std::abs(a.samples[i] - b.samples[i]));
  return most;
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

TEST_CASE("upscale: gray through a luma network is what its luma becomes; alpha is not touched by the network") {
  const auto net = network();
  const Image gray_alpha = ramp(6, 9, 2), y = infer::upscale(net, gray_alpha, 2);
  CHECK(largest_difference(data::channels(y, 0, 1), infer::upscale(net, data::channels(gray_alpha, 0, 1), 2)) == 0);
  CHECK(largest_difference(data::channels(y, 1, 1), data::enlarge(data::channels(gray_alpha, 1, 1), 2)) == 0);
}

TEST_CASE("upscale: tiles leave no seam, whatever their size") {
  const auto net = network();
  const Image x = data::dead_leaves({.count = 1, .height = 45, .width = 61}).front();
  const Image whole = infer::apply(net, x);
  for (const Index tile : {1, 16, 20, 44, 60}) CHECK(largest_difference(infer::apply(net, x, tile), whole) < 1e-3f);
}

TEST_CASE("upscale: what cannot be enlarged is said") {
  const auto net = network();
  CHECK(test::contains(test::error_of([&] { infer::upscale(net, ramp(4, 4, 1), 0); }), "the scale must be a whole number of at least 1, not 0"));
  CHECK(test::contains(test::error_of([&] { infer::upscale(net, Image(), 2); }), "the image is empty (0 x 0 pixels)"));
}
