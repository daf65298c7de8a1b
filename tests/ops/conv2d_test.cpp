// conv2d, pad, centre and matmul, against plain loops and by gradcheck.
#include "crisp/ops/conv2d.hpp"
#include "crisp/ops/linear.hpp"
#include "crisp/testing/gradcheck.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using testing::gradcheck;
using testing::random_input;
using V = Var<double, Device>;

// The pixel that position i of an axis of n shows under a border; -1 for none.
static Index outside(Index i, Index n, Border border) {
  if (i >= 0 && i < n) return i;
  if (border == Border::zero) return -1;
  if (border == Border::replicate) return i < 0 ? 0 : n - 1;
  return i < 0 ? -i : 2 * (n - 1) - i;
}

// The definition, in six loops.
static std::vector<double> plain_conv2d(const Tensor<double, Device>& x, const Tensor<double, Device>& w,
                                        const std::vector<double>& b, Index stride, Index dilation,
                                        Index before_h, Index after_h, Index before_w, Index after_w,
                                        Border border) {
  const auto X = x.to_host(), W = w.to_host();
  const Index N = x[0], H = x[1], Wd = x[2], C = x[3], O = w[0], kH = w[1], kW = w[2];
  std::vector<double> y;
  for (Index n = 0; n < N; ++n)
    for (Index i = -before_h; i + (kH - 1) * dilation < H + after_h; i += stride)
      for (Index j = -before_w; j + (kW - 1) * dilation < Wd + after_w; j += stride)
        for (Index o = 0; o < O; ++o) {
          double sum = b.empty() ? 0 : b[std::size_t(o)];
          for (Index p = 0; p < kH; ++p)
            for (Index q = 0; q < kW; ++q) {
              const Index h = outside(i + p * dilation, H, border), v = outside(j + q * dilation, Wd, border);
              for (Index c = 0; c < C && h >= 0 && v >= 0; ++c)
                sum += X[std::size_t(((n * H + h) * Wd + v) * C + c)] *
                       W[std::size_t(((o * kH + p) * kW + q) * C + c)];
            }
          y.push_back(sum);
        }
  return y;
}

TEST_CASE(
    "conv2d equals the definition in random shapes: kernels, strides, dilations, paddings, borders, bias") {
  Rng rng(2);
  for (int round = 0; round < 150; ++round) {
    const Index kernels[] = {1, 2, 3, 4, 5, 9}, kH = kernels[rng.below(6)], kW = kernels[rng.below(6)],
                stride = rng.below(3) + 1, dilation = rng.below(2) ? 1 : rng.below(3) + 1,
                reach_h = (kH - 1) * dilation, reach_w = (kW - 1) * dilation;
    const Border border = Border(rng.below(3));
    const bool same = stride == 1 && rng.below(2), with_bias = rng.below(2);
    const Index pad = same ? -1 : rng.below(kH + 2);
    const Index least = border == Border::reflect ? 12 : 1, H = rng.below(12) + 1 + std::max(least, reach_h),
                W = rng.below(12) + 1 + std::max(least, reach_w);
    const Shape xs{rng.below(3) + 1, H, W, rng.below(4) + 1}, ws{rng.below(5) + 1, kH, kW, xs[3]};
    const auto x = random_tensor<double>(xs, std::uint64_t(round)), w = random_tensor<double>(ws, 7);
    const auto b = random_tensor<double>({ws[0]}, 8);
    const V y = conv2d(V(x), w, with_bias ? V(b) : V(),
                       {.stride = stride, .padding = pad, .border = border, .dilation = dilation});
    const Index bh = same ? reach_h / 2 : pad, bw = same ? reach_w / 2 : pad;
    const auto expected =
        plain_conv2d(x, w, with_bias ? b.to_host() : std::vector<double>{}, stride, dilation, bh,
                     same ? reach_h - bh : bh, bw, same ? reach_w - bw : bw, border);
    INFO("x " << str(xs) << " w " << str(ws) << " stride " << stride << " dilation " << dilation
              << " padding " << pad << " border " << int(border));
    CHECK(relative_error(y.value().to_host(), expected) < 1e-12);
    if (same) CHECK(y.shape() == Shape{xs[0], H, W, ws[0]});
    const auto yf = conv2d(Var<float, Device>(x.to<float>()), w.to<float>(),
                           with_bias ? Var<float, Device>(b.to<float>()) : Var<float, Device>(),
                           {stride, pad, border, dilation});
    CHECK(relative_error(yf.value().to<double>().to_host(), expected) < 1e-5);
  }
}

TEST_CASE("conv2d: gradients of x, w and b") {
  const auto with = [](Conv2dOptions o) {
    return [o](const auto& x, const auto& w, const auto& b) { return conv2d(x, w, b, o); };
  };
  const auto test = [&](Shape x, Shape w, Conv2dOptions o) {
    const auto result = gradcheck(with(o), random_input<Device>(x, 1), random_input<Device>(w, 2),
                                  random_input<Device>({w[0]}, 3));
    INFO("x " << str(x) << " w " << str(w) << " " << str(result));
    CHECK(result);
  };
  test({1, 1, 1, 1}, {1, 1, 1, 1}, {});
  test({2, 5, 6, 2}, {3, 3, 3, 2}, {});
  test({1, 4, 7, 3}, {2, 1, 1, 3}, {});
  test({1, 6, 5, 2}, {2, 2, 4, 2}, {});
  test({1, 7, 5, 1}, {2, 5, 3, 1}, {.padding = Padding::valid});
  test({2, 7, 6, 2}, {2, 3, 3, 2}, {.stride = 2, .padding = 1});
  test({1, 8, 8, 1}, {1, 2, 2, 1}, {.stride = 3, .padding = Padding::valid});
  test({1, 3, 4, 2}, {2, 3, 3, 2}, {.padding = 4});
  test({1, 1, 3, 2}, {2, 3, 3, 2}, {.border = Border::replicate});
  test({1, 6, 5, 1}, {2, 5, 5, 1}, {.border = Border::reflect});
  test({2, 9, 9, 1}, {1, 3, 3, 1}, {.stride = 2, .padding = 3, .border = Border::replicate});
  test({2, 5, 7, 2}, {3, 3, 3, 2}, {.dilation = 2});
  test({1, 7, 4, 2}, {2, 2, 3, 2}, {.dilation = 3});
  test({1, 8, 7, 1}, {2, 3, 2, 1}, {.padding = Padding::valid, .dilation = 3});
  test({1, 9, 6, 2}, {2, 3, 2, 2}, {.stride = 2, .padding = 3, .dilation = 2});
  test({1, 6, 5, 1}, {2, 3, 3, 1}, {.border = Border::reflect, .dilation = 2});
  test({1, 2, 3, 1}, {1, 3, 3, 1}, {.dilation = 50});
  test({1, 9, 8, 2}, {2, 3, 2, 2}, {.dilation = 2});  // on grids, where the device has a fast convolution
  CHECK(gradcheck([](const auto& x, const auto& w) { return conv2d(conv2d(x, w), w); },
                  random_input<Device>({1, 4, 4, 2}, 1), random_input<Device>({2, 3, 3, 2}, 2)));
}

TEST_CASE(
    "conv2d gives the same bits for any number of the CPU's threads, also where patches come in several "
    "chunks") {
  const int before = threads();
  std::vector<std::vector<float>> results;
  for (int t : {1, 2, 5}) {
    set_threads(t);
    Var<float, Cpu> x(random_tensor<float, Cpu>({2, 90, 70, 24}, 1), true),
        w(random_tensor<float, Cpu>({8, 5, 5, 24}, 2), true), b(random_tensor<float, Cpu>({8}, 3), true);
    sum(conv2d(x, w, b) * conv2d(x, w, b)).backward();
    std::vector<float> all = x.grad().to_host();
    for (float v : w.grad().to_host()) all.push_back(v);
    for (float v : b.grad().to_host()) all.push_back(v);
    results.push_back(all);
  }
  set_threads(before);
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
}

TEST_CASE("conv2d says what does not fit") {
  const V x = random_tensor<double>({16, 33, 33, 3}), w = random_tensor<double>({64, 9, 9, 1});
  CHECK(error_of([&] { conv2d(x, w); }) ==
        "conv2d: the input has 3 channels, but the weight expects 1\n  input   (16, 33, 33, 3)  (N, H, W, "
        "C)\n  weight  (64, 9, 9, 1)  (O, kH, kW, C)\n"
        "  hint: this network works on luma; load images with {.luma = true}");
  const V y = random_tensor<double>({1, 4, 4, 1});
  CHECK_ERROR(conv2d(y, w, {.padding = Padding::valid}),
              "a kernel of 9 x 9 does not fit into an image of 4 x 4");
  CHECK_ERROR(conv2d(y, w, {.stride = 0}), "the stride must be at least 1, not 0");
  CHECK_ERROR(conv2d(y, w, {.stride = 2}), "Padding::same needs a stride of 1, not 2");
  CHECK_ERROR(conv2d(y, w, {.padding = -3}), "not -3");
  CHECK_ERROR(conv2d(y, w, {.dilation = 0}), "conv2d: the dilation must be 1 to 1048576, not 0");
  CHECK_ERROR(conv2d(y, w, {.dilation = Index(1) << 62}), "the dilation must be 1 to 1048576, not 46116");
  CHECK_ERROR(
      conv2d(y, V(random_tensor<double>({1, 3, 2, 1})), {.padding = Padding::valid, .dilation = 2}),
      "a kernel of 3 x 2, 5 x 3 with a dilation of 2, does not fit into an image of 4 x 4 with 0 pixels");
  CHECK_ERROR(conv2d(y, w, V(random_tensor<double>({63}))),
              "the weight gives 64 channels, but the bias has 63");
  CHECK_ERROR(conv2d(V(random_tensor<double>({4, 4})), w), "must have 4 axes");
}

TEST_CASE("conv2d_relu, conv2d_add and linear_add equal the ops that they join, gradients included") {
  const auto x = random_input<Device>({2, 5, 6, 2}, 1), w = random_input<Device>({3, 3, 3, 2}, 2),
             b = random_input<Device>({3}, 3), other = random_input<Device>({2, 5, 6, 3}, 4);
  CHECK(relative_error(conv2d_relu(x, w, b).value().to_host(), relu(conv2d(x, w, b)).value().to_host()) <
        1e-12);
  CHECK(relative_error(conv2d_add(x, w, b, other).value().to_host(),
                       (conv2d(x, w, b) + other).value().to_host()) < 1e-12);
  CHECK(gradcheck([](const auto& x, const auto& w, const auto& b) { return conv2d_relu(x, w, b); }, x, w, b));
  CHECK(gradcheck([](const auto& x, const auto& w, const auto& b,
                     const auto& other) { return conv2d_add(x, w, b, other); },
                  x, w, b, other));
  CHECK(gradcheck(
      [](const auto& x, const auto& w) { return conv2d_add(x, w, V(), x, {.border = Border::replicate}); }, x,
      random_input<Device>({2, 3, 3, 2}, 5)));

  const auto rows = random_input<Device>({4, 5, 3}, 1), weight = random_input<Device>({2, 3}, 2),
             bias = random_input<Device>({2}, 3), sum = random_input<Device>({4, 5, 2}, 4);
  CHECK(relative_error(linear_add(rows, weight, bias, sum).value().to_host(),
                       (linear(rows, weight, bias) + sum).value().to_host()) < 1e-12);
  CHECK(gradcheck([](const auto& x, const auto& w, const auto& b,
                     const auto& other) { return linear_add(x, w, b, other); },
                  rows, weight, bias, sum));

  CHECK_ERROR(conv2d_add(x, w, b, x),
              "conv2d_add: what is added must have the shape of the result\n  result  (2, 5, 6, 3)  (N, OH, "
              "OW, O)\n  added   (2, 5, 6, 2)");
  CHECK_ERROR(linear_add(rows, weight, bias, rows),
              "linear_add: what is added must have the shape of the result\n  result  (4, 5, 2)  (..., O)\n  "
              "added   (4, 5, 3)");
}

TEST_CASE("what relu remembers is whether a value was positive: NaN and both zeros were not") {
  for (const Index n : {0, 1, 31, 32, 33, 1000}) {
    Tensor<float, Device> y = random_tensor<float>({n}, 1);
    std::vector<float> values = y.to_host();
    const float special[] = {0.f, -0.f, NAN};
    for (std::size_t i = 0; i < values.size(); i += 7) values[i] = special[i % 3];
    const auto dy = random_tensor<float>({n}, 2);
    const std::vector<float>
        dx = detail::where_bits(detail::positive_bits(Tensor<float, Device>({n}, values)), dy).to_host(),
        before = dy.to_host();
    for (std::size_t i = 0; i < values.size(); ++i) CHECK(dx[i] == (values[i] > 0 ? before[i] : 0));
  }
}

TEST_CASE("pad: values and gradients of all borders, and of margins that take away") {
  const V x = Tensor<double, Device>({1, 1, 3, 1}, {1, 2, 3});
  const auto row = [&](Border b) { return pad(x, {.left = 2, .right = 2}, b).value().to_host(); };
  CHECK(row(Border::zero) == std::vector<double>{0, 0, 1, 2, 3, 0, 0});
  CHECK(row(Border::replicate) == std::vector<double>{1, 1, 1, 2, 3, 3, 3});
  CHECK(row(Border::reflect) == std::vector<double>{3, 2, 1, 2, 3, 2, 1});
  CHECK(centre(x, 1, 1).value().to_host() == std::vector<double>{2});
  for (Border b : {Border::zero, Border::replicate, Border::reflect})
    for (Margins m : {Margins{1, 2, 3, 0}, Margins{-1, 2, 1, -2}, Margins{3, 3, 3, 3}, Margins{0, 0, 0, 0}})
      CHECK(gradcheck([&](const auto& v) { return pad(v, m, b); }, random_input<Device>({2, 4, 5, 3}, 4)));
  CHECK(gradcheck(
      [](const auto& v) {
        return pad(v, {3, 1, 2, 5}, Border::replicate);
      },
      random_input<Device>({1, 1, 1, 1}, 4)));
  CHECK_ERROR(pad(x, {.left = 3}, Border::reflect),
              "an image of 1 x 3 can be reflected by at most 0 x 2 pixels");
  CHECK_ERROR(pad(x, {.left = -3}), "an image of 1 x 3 would become 1 x 0");
  CHECK_ERROR(pad(V(random_tensor<double>({2, 2})), {}), "must have 4 axes");
  CHECK_ERROR(centre(x, 2, 2), "2 x 2 pixels were asked of an image of 1 x 3");
}

TEST_CASE("matmul: one, a batch, and one b for a batch") {
  const V a = Tensor<double, Device>({2, 2}, {1, 2, 3, 4}), b = Tensor<double, Device>({2, 2}, {5, 6, 7, 8});
  CHECK(matmul(a, b).value().to_host() == std::vector<double>{19, 22, 43, 50});
  const std::pair<Shape, Shape> pairs[] = {{{1, 1}, {1, 1}},
                                           {{3, 5}, {5, 2}},
                                           {{2, 3, 4}, {2, 4, 5}},
                                           {{2, 2, 3, 4}, {4, 3}},
                                           {{1, 2, 2, 3}, {1, 2, 3, 1}}};
  for (const auto& [s, t] : pairs)
    CHECK(gradcheck([](const auto& x, const auto& y) { return matmul(x, y); }, random_input<Device>(s, 1),
                    random_input<Device>(t, 2)));
  CHECK(gradcheck([](const auto& x, const auto& y) { return matmul(x, y); },
                  random_input<Device>({1030, 2}, 1), random_input<Device>({2, 1}, 2)));
  CHECK_ERROR(matmul(a, V(random_tensor<double>({3, 2}))), "a has 2 columns, but b has 3 rows");
  CHECK_ERROR(matmul(a, V(random_tensor<double>({2}))), "at least 2 axes");
  CHECK_ERROR(matmul(V(random_tensor<double>({2, 3, 4})), V(random_tensor<double>({3, 4, 5}))),
              "the leading axes of a and b differ");
}
