// permute, slice, roll, windows, pixel shuffle, pooling, upsample, scale_channels, linear, transposed and
// grouped convolution.
#include "crisp/data/resize.hpp"
#include "crisp/metrics/ssim.hpp"
#include "crisp/ops/conv_transpose2d.hpp"
#include "crisp/ops/downsample.hpp"
#include "crisp/ops/grouped_conv2d.hpp"
#include "crisp/ops/image_loss.hpp"
#include "crisp/ops/linear.hpp"
#include "crisp/ops/pixel_shuffle.hpp"
#include "crisp/ops/pool.hpp"
#include "crisp/ops/roll.hpp"
#include "crisp/ops/scale_channels.hpp"
#include "crisp/ops/upsample.hpp"
#include "crisp/ops/window.hpp"
#include "crisp/testing/gradcheck.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using testing::gradcheck;
using testing::random_input;
using V = Var<double, Device>;

static V counting(Shape shape) {
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = double(i);
  return {Tensor<double, Device>(shape, values), true};
}

TEST_CASE("permute moves every element; its gradient moves it back") {
  const V x = counting({2, 3, 4});
  const V y = permute(x, {2, 0, 1});
  REQUIRE(y.shape() == Shape{4, 2, 3});
  CHECK(y.value().to_host()[1 * 6 + 1 * 3 + 2] == (1 * 3 + 2) * 4 + 1);
  CHECK(permute(y, {1, 2, 0}).value().to_host() == x.value().to_host());
  CHECK(gradcheck(
      [](const auto& v) {
        return permute(v, {3, 1, 0, 2});
      },
      random_input<Device>({2, 3, 1, 4}, 1)));
  CHECK(gradcheck(
      [](const auto& v) {
        return permute(v, {5, 0, 3, 1, 4, 2});
      },
      random_input<Device>({2, 1, 2, 3, 1, 2}, 1)));
  CHECK(gradcheck([](const auto& v) { return permute(v, {0}); }, random_input<Device>({3}, 1)));
  CHECK_ERROR(permute(x, {0, 1}), "2 axes were named; a value with 3 axes");
  CHECK_ERROR(permute(x, {0, 1, 1}), "once");
}

TEST_CASE("slice takes a range of any axis") {
  CHECK(slice(counting({2, 3}), 1, 1, 2).value().to_host() == std::vector<double>{1, 2, 4, 5});
  for (int axis : {0, 1, 2, -1})
    CHECK(gradcheck([&](const auto& v) { return slice(v, axis, 1, 1); }, random_input<Device>({2, 3, 4}, 1)));
  CHECK_ERROR(slice(counting({2, 3}), 1, 2, 2), "2 positions from 2 on were asked of axis 1, which has 3");
}

TEST_CASE("roll is cyclic, in both directions and by more than the image") {
  CHECK(roll(counting({1, 1, 4, 1}), 0, 1).value().to_host() == std::vector<double>{3, 0, 1, 2});
  CHECK(roll(counting({1, 4, 1, 1}), -1, 9).value().to_host() == std::vector<double>{1, 2, 3, 0});
  const V x = random_input<Device>({2, 5, 3, 2}, 1);
  CHECK(roll(roll(x, 7, -4), -7, 4).value().to_host() == x.value().to_host());
  CHECK(gradcheck([](const auto& v) { return roll(v, 2, -1); }, x));
}

TEST_CASE("windows: row by row, and back") {
  const V x = counting({1, 4, 4, 1});
  CHECK(slice(window_partition(x, 2), 0, 1, 1).value().to_host() == std::vector<double>{2, 3, 6, 7});
  const V y = random_input<Device>({2, 6, 9, 2}, 1);
  CHECK(window_reverse(window_partition(y, 3), 3, 6, 9).value().to_host() == y.value().to_host());
  CHECK(gradcheck([](const auto& v) { return window_partition(v, 3); }, y));
  CHECK_ERROR(window_partition(x, 3), "must divide by the window, 3");
  CHECK_ERROR(window_reverse(window_partition(x, 2), 2, 6, 6), "do not fill images of 6 x 6");
}

TEST_CASE("pixel_shuffle puts channel (c, i, j) at pixel (i, j) of channel c; unshuffle is its inverse") {
  const V y = pixel_shuffle(counting({1, 1, 1, 8}), 2);
  CHECK(y.shape() == Shape{1, 2, 2, 2});
  CHECK(y.value().to_host() == std::vector<double>{0, 4, 1, 5, 2, 6, 3, 7});
  const V x = random_input<Device>({2, 2, 3, 18}, 1);
  CHECK(pixel_unshuffle(pixel_shuffle(x, 3), 3).value().to_host() == x.value().to_host());
  CHECK(gradcheck([](const auto& v) { return pixel_shuffle(v, 3); }, x));
  CHECK(
      gradcheck([](const auto& v) { return pixel_unshuffle(v, 2); }, random_input<Device>({1, 2, 4, 3}, 1)));
  CHECK_ERROR(pixel_shuffle(x, 4), "must divide by 4 x 4");
  CHECK_ERROR(pixel_unshuffle(x, 2), "must divide by 2");
}

TEST_CASE("pooling: maximum, mean, whole image; what is left at the edge is dropped") {
  CHECK(max_pool2d(counting({1, 3, 5, 1}), 2).value().to_host() == std::vector<double>{6, 8});
  CHECK(avg_pool2d(counting({1, 2, 2, 1}), 2).item() == 1.5);
  CHECK(global_avg_pool2d(counting({1, 2, 2, 2})).value().to_host() == std::vector<double>{3, 4});
  const V x = random_input<Device>({2, 5, 4, 3}, 1);
  for (Index k : {1, 2, 3}) {
    CHECK(gradcheck([&](const auto& v) { return max_pool2d(v, k); }, x));
    CHECK(gradcheck([&](const auto& v) { return avg_pool2d(v, k); }, x));
  }
  CHECK(gradcheck([](const auto& v) { return global_avg_pool2d(v); }, x));
  CHECK_ERROR(max_pool2d(x, 5), "squares of 5 x 5 were asked of this image");
}

TEST_CASE("upsample equals data::resize, for every method, and its gradient is right") {
  for (const Resampling method :
       {Resampling::nearest, Resampling::bilinear, Resampling::bicubic_torch, Resampling::bicubic_matlab})
    for (const Index scale : {1, 2, 3}) {
      data::Image image(5, 4, 3);
      Rng rng(4);
      for (float& v : image.samples) v = float(rng.uniform());
      const Var<float, Device> x = Tensor<float, Device>({1, 5, 4, 3}, image.samples);
      CHECK(relative_error(upsample(x, scale, method).value().to_host(),
                           data::enlarge(image, scale, method).samples) < 1e-6);
      CHECK(gradcheck([&](const auto& v) { return upsample(v, scale, method); },
                      random_input<Device>({2, 3, 2, 2}, 1)));
    }
  CHECK_ERROR(upsample(counting({1, 2, 2, 1}), 0, Resampling::nearest),
              "a scale of at least 1 are needed, not 0");
}

TEST_CASE("downsample equals data::reduce, and its gradient is right") {
  for (const auto& [height, width] : {std::pair<Index, Index>{8, 16}, {5, 7}, {1, 1}})
    for (const Index scale : {1, 2, 3, 4}) {
      data::Image image(height, width, 3);
      Rng rng(4);
      for (float& v : image.samples) v = float(rng.uniform());
      const Var<float, Device> x = Tensor<float, Device>({1, height, width, 3}, image.samples);
      const data::Image expected = data::reduce(image, scale);
      const Var<float, Device> y = downsample(x, scale);
      CHECK(y.shape() == Shape{1, expected.height, expected.width, 3});
      CHECK(relative_error(y.value().to_host(), expected.samples) < 1e-6);
      CHECK(gradcheck([&](const auto& v) { return downsample(v, scale); },
                      random_input<Device>({2, height, 3, 2}, 1)));
    }
  CHECK_ERROR(downsample(counting({1, 2, 2, 1}), 0), "a scale of at least 1 are needed, not 0");
  CHECK_ERROR(downsample(counting({2, 2}), 2), "downsample: an image and a scale");
}

TEST_CASE("scale_channels and linear") {
  CHECK(scale_channels(counting({2, 1, 1, 2}), V(Tensor<double, Device>({2, 1, 1, 2}, {1, 10, 100, 1000})))
            .value()
            .to_host() == std::vector<double>{0, 10, 200, 3000});
  CHECK(gradcheck([](const auto& v, const auto& s) { return scale_channels(v, s); },
                  random_input<Device>({2, 3, 2, 4}, 1), random_input<Device>({2, 1, 1, 4}, 2)));
  CHECK_ERROR(scale_channels(counting({2, 1, 1, 2}), V(Tensor<double, Device>({2}, 1.0))),
              "one number a channel");
  const V x = random_input<Device>({2, 3, 5}, 1), w = random_input<Device>({4, 5}, 2),
          b = random_input<Device>({4}, 3);
  const V y = linear(x, w, b);
  REQUIRE(y.shape() == Shape{2, 3, 4});
  double expected = b.value().to_host()[1];
  for (std::size_t k = 0; k < 5; ++k) expected += x.value().to_host()[5 + k] * w.value().to_host()[5 + k];
  CHECK(y.value().to_host()[4 + 1] == doctest::Approx(expected));
  CHECK(gradcheck([](const auto& v, const auto& a, const auto& c) { return linear(v, a, c); }, x, w, b));
  CHECK(gradcheck([](const auto& v, const auto& a) { return linear(v, a); }, random_input<Device>({1}, 1),
                  random_input<Device>({3, 1}, 2)));
  CHECK_ERROR(linear(x, random_input<Device>({4, 6}, 2)), "as long as a row of the weight");
}

// The definition: every input pixel stamps the kernel, times its value, onto the output.
static std::vector<double> plain_transpose(const Tensor<double, Device>& x, const Tensor<double, Device>& w,
                                           const std::vector<double>& b, ConvTranspose2dOptions o, Index OH,
                                           Index OW) {
  const auto X = x.to_host(), K = w.to_host();
  const Index N = x[0], H = x[1], W = x[2], C = x[3], kH = w[1], kW = w[2], O = w[3];
  std::vector<double> y;
  for (Index i = 0; i < N * OH * OW; ++i) y.insert(y.end(), b.begin(), b.end());
  for (Index n = 0; n < N; ++n)
    for (Index h = 0; h < H; ++h)
      for (Index v = 0; v < W; ++v)
        for (Index p = 0; p < kH; ++p)
          for (Index q = 0; q < kW; ++q) {
            const Index oh = h * o.stride + p - o.padding, ow = v * o.stride + q - o.padding;
            if (oh < 0 || oh >= OH || ow < 0 || ow >= OW) continue;
            for (Index c = 0; c < C; ++c)
              for (Index k = 0; k < O; ++k)
                y[std::size_t(((n * OH + oh) * OW + ow) * O + k)] +=
                    X[std::size_t(((n * H + h) * W + v) * C + c)] *
                    K[std::size_t(((c * kH + p) * kW + q) * O + k)];
          }
  return y;
}

TEST_CASE("conv_transpose2d equals the definition in random shapes; gradients") {
  Rng rng(3);
  for (int round = 0; round < 60; ++round) {
    const Index kH = rng.below(5) + 1, kW = rng.below(5) + 1, stride = rng.below(3) + 1,
                pad = rng.below(std::min(kH, kW)), extra = rng.below(stride);
    const Shape xs{rng.below(2) + 1, rng.below(6) + 2, rng.below(6) + 2, rng.below(4) + 1},
        ws{xs[3], kH, kW, rng.below(4) + 1};
    const Index OH = (xs[1] - 1) * stride - 2 * pad + kH + extra,
                OW = (xs[2] - 1) * stride - 2 * pad + kW + extra;
    if (OH < 1 || OW < 1) continue;
    const auto x = random_tensor<double>(xs, std::uint64_t(round)), w = random_tensor<double>(ws, 7),
               b = random_tensor<double>({ws[3]}, 8);
    const ConvTranspose2dOptions o{stride, pad, extra};
    const V y = conv_transpose2d(V(x), w, V(b), o);
    INFO("x " << str(xs) << " w " << str(ws) << " stride " << stride << " padding " << pad << " extra "
              << extra);
    REQUIRE(y.shape() == Shape{xs[0], OH, OW, ws[3]});
    CHECK(relative_error(y.value().to_host(), plain_transpose(x, w, b.to_host(), o, OH, OW)) < 1e-12);
  }
  for (const ConvTranspose2dOptions o : {ConvTranspose2dOptions{1, 0, 0}, {2, 1, 1}, {3, 0, 2}, {2, 1, 0}})
    CHECK(gradcheck([&](const auto& x, const auto& w, const auto& b) { return conv_transpose2d(x, w, b, o); },
                    random_input<Device>({2, 3, 2, 2}, 1), random_input<Device>({2, 3, 3, 2}, 2),
                    random_input<Device>({2}, 3)));
  CHECK_ERROR(conv_transpose2d(random_input<Device>({1, 3, 3, 2}), random_input<Device>({3, 3, 3, 1}), V()),
              "has 2 channels, but the weight expects 3");
  CHECK_ERROR(conv_transpose2d(random_input<Device>({1, 3, 3, 2}), random_input<Device>({2, 3, 3, 1}), V(),
                               {.stride = 2, .output_padding = 2}),
              "below the stride");
}

TEST_CASE("grouped convolution: each group sees its own channels") {
  const V x = random_input<Device>({1, 4, 5, 4}, 1), w = random_input<Device>({6, 3, 3, 2}, 2),
          b = random_input<Device>({6}, 3);
  const V y = grouped_conv2d(x, w, b, 2);
  const V second = conv2d(slice(x, 3, 2, 2), slice(w, 0, 3, 3), slice(b, 0, 3, 3));
  CHECK(slice(y, 3, 3, 3).value().to_host() == second.value().to_host());
  CHECK(gradcheck([](const auto& v, const auto& k, const auto& c) { return grouped_conv2d(v, k, c, 2); }, x,
                  w, b));
  CHECK(gradcheck(
      [](const auto& v, const auto& k) { return grouped_conv2d(v, k, {}, 4, {.stride = 2, .padding = 1}); },
      x, random_input<Device>({4, 3, 3, 1}, 2)));
  CHECK_ERROR(grouped_conv2d(x, w, b, 4), "4 groups do not divide the channels");
}

TEST_CASE("depthwise convolution: each channel sees itself alone, whatever the device makes of it") {
  const V x = random_input<Device>({2, 4, 5, 3}, 1), w = random_input<Device>({3, 3, 5, 1}, 2),
          b = random_input<Device>({3}, 3);
  const V y = grouped_conv2d(x, w, b, 3);
  for (Index c = 0; c < 3; ++c) {
    const V alone = conv2d(slice(x, 3, c, 1), slice(w, 0, c, 1), slice(b, 0, c, 1));
    CHECK(relative_error(slice(y, 3, c, 1).value().to_host(), alone.value().to_host()) < 1e-14);
  }
  const auto with = [](Conv2dOptions o) {
    return [o](const auto& v, const auto& k, const auto& c) { return grouped_conv2d(v, k, c, 3, o); };
  };
  CHECK(gradcheck(with({}), x, w, b));
  CHECK(gradcheck(with({.stride = 2, .padding = 3}), x, w, b));
  CHECK(gradcheck(with({.padding = Padding::same, .border = Border::replicate}), x, w, b));
  CHECK(gradcheck([](const auto& v, const auto& k) { return grouped_conv2d(v, k, {}, 3, {.padding = 4}); }, x,
                  random_input<Device>({3, 2, 1, 1}, 2)));
  CHECK_ERROR(grouped_conv2d(x, w, random_input<Device>({4}, 3), 3), "gives 3 channels, but the bias has 4");
  CHECK_ERROR(grouped_conv2d(x, random_input<Device>({3, 5, 1, 1}, 2), b, 3, {.padding = Padding::valid}),
              "a kernel of 5 x 1 does not fit into an image of 4 x 5");
}

TEST_CASE("tv_loss and ssim_loss: values, gradients, errors") {
  CHECK(tv_loss(counting({1, 2, 3, 1})).item() == 3 + 1);
  CHECK(gradcheck([](const auto& v) { return tv_loss(v * v); }, random_input<Device>({1, 4, 5, 2}, 1)));
  data::Image a(14, 13, 1), b(14, 13, 1);
  Rng rng(1);
  for (float& v : a.samples) v = float(rng.uniform(0, 255));
  for (std::size_t i = 0; i < a.samples.size(); ++i)
    b.samples[i] = a.samples[i] * 0.7f + float(rng.uniform(0, 60));
  const Var<float, Device> x = Tensor<float, Device>({1, 14, 13, 1}, a.samples),
                           y = Tensor<float, Device>({1, 14, 13, 1}, b.samples);
  CHECK(1 - ssim_loss(x, y, 255).item() == doctest::Approx(metrics::ssim(a, b).value).epsilon(1e-4));
  CHECK(ssim_loss(x, x, 255).item() == doctest::Approx(0).epsilon(1e-5));
  CHECK(gradcheck([](const auto& u, const auto& v) { return ssim_loss(u, v); },
                  random_input<Device>({1, 12, 11, 2}, 1), random_input<Device>({1, 12, 11, 2}, 2)));
  CHECK_ERROR(ssim_loss(x, Var<float, Device>(Tensor<float, Device>({1, 13, 14, 1}, 0.f))),
              "two images of one size");
  CHECK_ERROR(tv_loss(counting({1, 1, 3, 1})), "at least 2 x 2 pixels");
}
