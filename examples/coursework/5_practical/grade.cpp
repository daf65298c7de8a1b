// The tests of assignment 5: each part of the practical, on synthetic pictures.
#include <crisp/data/synthetic.hpp>
#include <grading.hpp>
#include <numeric>
#include <practical.hpp>

using namespace grading;
using namespace crisp;
using data::Image;
using Net = mine::Srcnn<float, Cpu>;

static std::vector<Image> leaves(Index count, bool colour, Index height = 70, Index width = 101) {
  return data::dead_leaves({.count = count, .height = height, .width = width, .colour = colour});
}
static std::vector<std::size_t> in_order(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t(0));
  return order;
}
static Numbers numbers(const std::vector<float>& x, double by = 1) {
  Numbers y;
  for (float v : x) y.push_back(v * by);
  return y;
}

TEST("5a", 4, "SRCNN 9-1-5") {
  Net net;
  const Tensor<float, Cpu> x({1, 12, 15, 1}, 0.5f);
  const Var<float, Cpu> y = net(Var<float, Cpu>(x));
  expect(y.shape() == x.shape(), "the result has the shape ", str(y.shape()), ", and the input ",
         str(x.shape()), ": each convolution keeps the size");
  const auto count = nn::parameter_count(net).trained;
  expect(count == 8129, "the network has ", count, " parameters, and SRCNN 9-1-5 has 8129",
         count < 8129 ? ": is each layer in CRISP_PARAMS?" : "");
  // Without relu a network is a straight line: f(2 x) - f(x) = f(x) - f(0).
  const auto at = [&](float v) {
    return numbers(net(Var<float, Cpu>(Tensor<float, Cpu>({1, 12, 15, 1}, v))).value().to_host());
  };
  const Numbers zero = at(0), one = at(1), minus = at(-1);
  double bend = 0, negative = 0;
  for (std::size_t i = 0; i < zero.size(); ++i) {
    bend = std::max(bend, std::abs(one[i] + minus[i] - 2 * zero[i]));
    negative = std::min({negative, one[i], minus[i]});
  }
  expect(bend > 1e-6, "the network is linear: relu is missing after the first two convolutions");
  expect(negative < 0, "no result is below zero: there is no relu after the last convolution");
}

TEST("5b", 5, "patches") {
  const Image picture = leaves(1, true)[0];
  const std::vector<mine::Patch> patches = mine::cut_patches(picture, 4, 32);
  if (!expect(patches.size() == 6, "a picture of 70 x 101 pixels gave ", patches.size(),
              " patches of 32 x 32, and not 2 x 3"))
    return;
  const auto cut = [](const Image& x, Index top, Index left, double by) {
    return numbers(data::crop(x, top, left, 32, 32).samples, by);
  };
  const Image y = data::luma(picture), red = data::channels(picture, 0, 1), hr = data::crop_to_multiple(y, 4);
  Image mean = red;
  for (std::size_t i = 0; i < mean.samples.size(); ++i)
    mean.samples[i] = (picture.samples[3 * i] + picture.samples[3 * i + 1] + picture.samples[3 * i + 2]) / 3;
  const Image lr = data::reduce(hr, 4);
  const auto enlarged = [&](const Image& x, Resampling method) {
    return cut(data::enlarge(x, 4, method), 32, 64, 1 / 255.0);
  };
  const std::string number = "patch 5 of 0 to 5, at row 32 and column 64: ";
  expect_numbers(
      number + "HR", numbers(patches[5].hr), cut(hr, 32, 64, 1 / 255.0),
      {{cut(hr, 32, 64, 1), "the samples go to 255; divide them by 255"},
       {cut(mean, 32, 64, 1 / 255.0), "this is the mean of the three colours; take luma, Y of BT.601"},
       {cut(red, 32, 64, 1 / 255.0), "this is red; take luma, Y of BT.601"}},
      1e-4);
  expect_numbers(number + "ILR", numbers(patches[5].ilr), enlarged(lr, Resampling::bicubic_matlab),
                 {{cut(hr, 32, 64, 1 / 255.0), "it is HR itself; the network would have nothing to learn"},
                  {enlarged(data::reduce(hr, 4, Resampling::bicubic_torch), Resampling::bicubic_torch),
                   "this is PyTorch's bicubic, without antialiasing; take MATLAB's"}},
                 1e-4);
}

static std::vector<mine::Patch> some_patches() {
  std::vector<mine::Patch> patches;
  for (const Image& picture : leaves(3, false, 32, 112))
    for (Index left = 0; left + 32 <= 112; left += 16) {
      const Image hr = data::crop(picture, 0, left, 32, 32), ilr = data::enlarge(data::reduce(hr, 4), 4);
      patches.push_back({ilr.samples, hr.samples});
      for (float& v : patches.back().ilr) v /= 255;
      for (float& v : patches.back().hr) v /= 255;
    }
  return patches;
}

TEST("5c", 5, "an epoch", 60) {
  const std::vector<mine::Patch> patches = some_patches();
  const std::vector<std::size_t> order = in_order(patches.size());
  // With a rate of nearly nothing the loss of an epoch is that of all patches.
  Net still;
  optim::Adam<float, Cpu> frozen(still, {.lr = 1e-30});
  const auto loss_of = [&](std::size_t begin, std::size_t end) {
    const mine::Batch all = mine::make_batch(patches, order, begin, end);
    return double(no_grad([&] { return mse_loss(still(Var<float, Cpu>(all.ilr)), all.hr); }).item());
  };
  const double got = mine::train_epoch(still, frozen, patches, order, 8), want = loss_of(0, 18);
  expect_number(
      "the loss of 18 patches in batches of 8", got, want,
      {{{(loss_of(0, 8) + loss_of(8, 16) + loss_of(16, 18)) / 3},
        "it is the mean over batches; the last has 2 patches, and counts as much as one of 8"},
       {{(loss_of(0, 8) + loss_of(8, 16)) / 2}, "the last batch, which is smaller, is left out"},
       {{loss_of(16, 18)}, "it is the loss of the last batch; return the mean over the patches"},
       {{loss_of(0, 8) + loss_of(8, 16) + loss_of(16, 18)}, "it is the sum over batches; return the mean"}},
      1e-5 * want);
  Net net;
  optim::Adam<float, Cpu> adam(net, {.lr = 1e-3});
  const std::vector<float> before = net.conv1.weight.value().to_host();
  const double first = mine::train_epoch(net, adam, patches, order, 8);
  expect(net.conv1.weight.value().to_host() != before,
         "no weight has moved: is there a call of adam.step()?");
  double last = first;
  for (int epoch = 0; epoch < 5; ++epoch) last = mine::train_epoch(net, adam, patches, order, 8);
  expect(last < 0.7 * first, "six epochs take the loss from ", first, " to ", last,
         ", which is too little: is backward() called for each batch, before the step?");
}

TEST("5d", 1, "the line of the log") {
  const std::string want = "Epoch: 1 Loss = 0.054062", got = mine::log_line(1, 0.0540618);
  expect(got == want, "'", got, "' came out, and not '", want, "'");
}

// A picture, and what bicubic makes of it.
struct Pair {
  Image hr, bicubic;
};
static Pair pair() {
  const Image hr = leaves(1, true, 64, 84)[0];
  return {hr, data::round_to_8bit(data::enlarge(data::round_to_8bit(data::reduce(hr, 4)), 4))};
}

TEST("5e", 5, "the score") {
  const auto [hr, picture] = pair();
  const auto with = [&, a = hr, b = picture](metrics::Options o) {
    return Numbers{metrics::psnr(a, b, o).value};
  };
  expect_numbers(
      "PSNR at x4", {mine::score(hr, picture, 4)}, with({.shave = 4}),
      {{with({}), "nothing is shaved off; leave out 4 pixels at each side"},
       {with({.shave = 4, .channel = metrics::Channel::rgb}), "it is taken on RGB; take it on luma"},
       {with({.channel = metrics::Channel::rgb}), "it is taken on RGB, and nothing is shaved off"},
       {with({.shave = 4, .round = false}), "luma has to be rounded to 8 bits"}},
      1e-5);
}

TEST("5f", 6, "the network beside bicubic", 20) {
  Net net;
  const auto [hr, bicubic] = pair();
  const mine::Comparison c = mine::compare(net, hr, 4);
  const Image larger = leaves(1, true, 66, 87)[0];
  const Image lr = data::round_to_8bit(data::reduce(hr, 4));
  const Image sr = data::round_to_8bit(infer::upscale(net, lr, 4));
  const auto db = [](const Image& a, const Image& b) { return metrics::psnr(a, b, {.shave = 4}).value; };
  if (!expect(c.bicubic.same_size(hr) && c.sr.same_size(hr), "the enlarged pictures have not the size of HR"))
    return;
  expect_numbers("the picture by bicubic", numbers(c.bicubic.samples), numbers(bicubic.samples), {}, 1.01);
  expect_number("the dB of bicubic", c.bicubic_db, db(hr, bicubic),
                {{{INFINITY}, "it is compared with itself; compare it with HR"}}, 0.05);
  expect_number("the dB of the network", c.sr_db, db(hr, sr),
                {{{db(bicubic, sr)}, "the network is compared with bicubic; compare it with HR"},
                 {{db(hr, bicubic)}, "it is that of bicubic"}},
                0.05);
  const mine::Comparison cropped = mine::compare(net, larger, 4);
  expect(cropped.hr.height == 64 && cropped.hr.width == 84 && cropped.sr.same_size(cropped.hr),
         "a picture of 66 x 87 pixels has to be cropped to 64 x 84, a multiple of the scale");
}
