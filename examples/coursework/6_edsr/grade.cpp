// The tests of assignment 6: pixel shuffle beside crisp's, its gradient, the block and the network.
#include <edsr.hpp>
#include <grading.hpp>

#include <crisp/ops/loss.hpp>
#include <crisp/ops/permute.hpp>
#include <crisp/ops/pixel_shuffle.hpp>
#include <crisp/ops/reshape.hpp>
#include <crisp/optim/adam.hpp>
#include <crisp/testing/gradcheck.hpp>

using namespace grading;
using namespace crisp;
using V = Var<double, Cpu>;

static Tensor<double, Cpu> random_tensor(Shape shape, unsigned seed = 1) {
  return {shape, random_numbers(std::size_t(shape.numel()), seed)};
}

TEST("6a", 3, "where a number goes") {
  const Index C = 3, r = 2;
  Numbers got, want, channel_fastest, columns_first;
  for (Index channel = 0; channel < C * r * r; ++channel) {
    const mine::Place p = mine::place_of(4, 5, channel, r);
    for (Index v : {p.row, p.col, p.c}) got.push_back(double(v));
    for (Index v : {4 * r + channel / r % r, 5 * r + channel % r, channel / (r * r)})
      want.push_back(double(v));
    for (Index v : {4 * r + channel / C / r, 5 * r + channel / C % r, channel % C})
      channel_fastest.push_back(double(v));
    for (Index v : {4 * r + channel % r, 5 * r + channel / r % r, channel / (r * r)})
      columns_first.push_back(double(v));
  }
  expect_numbers("pixel (4, 5) of 12 channels, r = 2", got, want,
                 {{channel_fastest,
                   "the channels are in the order (i, j, c), as TensorFlow has them; here it is (c, i, j)"},
                  {columns_first, "i and j are exchanged: i counts rows"}});
}

TEST("6b", 4, "pixel shuffle") {
  for (Index r : {2, 3}) {
    const auto x = random_tensor({2, 3, 4, 2 * r * r});
    const auto y = mine::shuffled(x, r);
    const auto want = pixel_shuffle(V(x), r).value();
    if (!expect(y.shape() == want.shape(), "the shape is ", str(y.shape()), ", not ", str(want.shape())))
      return;
    // The channels in the order (i, j, c).
    const auto other = no_grad([&] {
      return permute(reshape(V(x), {2, 3, 4, r, r, 2}), {0, 1, 3, 2, 4, 5}).value().reshape(want.shape());
    });
    const auto exchanged = no_grad([&] {
      return permute(reshape(V(x), {2, 3, 4, 2, r, r}), {0, 1, 5, 2, 4, 3}).value().reshape(want.shape());
    });
    if (!expect_numbers(
            text("r = ", r), y.to_host(), want.to_host(),
            {{other.to_host(),
              "the channels are in the order (i, j, c), as TensorFlow has them; here it is (c, i, j)"},
             {exchanged.to_host(), "i and j are exchanged: i counts rows"}}))
      return;
  }
}

TEST("6c", 4, "its backward pass") {
  const auto dy = random_tensor({2, 6, 4, 3});
  const auto dx = mine::shuffled_back(dy, 2);
  if (!expect(dx.shape() == Shape({2, 3, 2, 12}), "the shape is ", str(dx.shape()), ", not (2, 3, 2, 12)"))
    return;
  expect_numbers("dx", dx.to_host(), pixel_unshuffle(V(dy), 2).value().to_host(),
                 {{pixel_shuffle(V(dy.reshape({2, 3, 2, 12})), 2).value().reshape({2, 3, 2, 12}).to_host(),
                   "it shuffles once more; it has to go back"}});
  const auto result = testing::gradcheck([](const auto& x) { return mine::shuffle_pixels(x, 2); },
                                         testing::random_input<Cpu>({1, 3, 2, 8}));
  expect(bool(result), "gradcheck: ", result.where);
}

TEST("6d", 5, "the residual block") {
  mine::ResidualBlock<double, Cpu> block(4, 0.1);
  const V x(random_tensor({1, 5, 6, 4}));
  const Numbers got = block(x).value().to_host();
  const auto count = nn::parameter_count(block).trained;
  if (!expect(count == 2 * (9 * 4 * 4 + 4), "with 4 channels it has ", count,
              " parameters, not 296: two convolutions of 3 x 3, both in CRISP_PARAMS"))
    return;
  const auto inner = no_grad([&] { return block.conv2(relu(block.conv1(x))); });
  const auto values = [](const V& v) { return v.value().to_host(); };
  expect_numbers(
      "the block", got, values(x + inner * 0.1),
      {{values(inner * 0.1), "the input is not added; without it this is no residual block"},
       {values(inner), "the input is not added; without it this is no residual block"},
       {values(x + inner), "the branch is not multiplied by its scale"},
       {values(relu(x + inner * 0.1)), "there is a relu after the sum; EDSR has none there"},
       {values((x + inner) * 0.1), "the scale multiplies the sum; it belongs to the branch"},
       {values(x + relu(inner) * 0.1), "there is a relu after the second convolution"},
       {values(x + block.conv2(block.conv1(x)) * 0.1), "relu is missing between the convolutions"}});
}

TEST("6e", 6, "EDSR x2") {
  mine::Edsr<double, Cpu> net(4, 2);
  const V x(random_tensor({1, 5, 6, 1}));
  const V y = net(x);
  if (!expect(y.shape() == Shape({1, 10, 12, 1}), "5 x 6 pixels become ", str(y.shape()),
              ", not (1, 10, 12, 1)"))
    return;
  const Index count = nn::parameter_count(net).trained, want = 40 + 5 * 148 + (36 * 16 + 16) + 37;
  expect(count == want, "with 4 features and 2 blocks it has ", count, " parameters, not ", want);
  const auto run = [&](bool skip, bool after) {
    return no_grad([&] {
             const V h = net.head(x);
             V b = h;
             for (const auto& block : net.body) b = block(b);
             if (after) b = net.after(b);
             if (skip) b = b + h;
             return net.tail(pixel_shuffle(net.up(b), 2));
           })
        .value()
        .to_host();
  };
  expect_numbers(
      "the picture", y.value().to_host(), run(true, true),
      {{run(false, true), "the head is not added after the body: the long skip connection is missing"},
       {run(true, false), "the convolution after the blocks is missing"}});
}

TEST("6e.2", 4, "EDSR learns", 30) {
  mine::Edsr<double, Cpu> net(8, 2);
  const Tensor<double, Cpu> x({2, 8, 8, 1}, 0.3), target({2, 16, 16, 1}, 0.7);
  optim::Adam adam(net, {.lr = 1e-3});
  double first = 0, last = 0;
  for (int step = 0; step < 60; ++step) {
    const auto loss = mse_loss(net(V(x)), target);
    loss.backward();
    adam.step();
    last = loss.item();
    if (step == 0) first = last;
  }
  expect(last < 0.1 * first, "60 steps take the loss from ", first, " to ", last,
         "; it has to fall to a tenth");
}

TEST("6f", 4, "the number of parameters") {
  const auto want = [](Index F, Index blocks) {
    return double(10 * F + (2 * blocks + 1) * (9 * F * F + F) + 36 * F * F + 4 * F + 9 * F + 1);
  };
  const auto no_bias = [](Index F, Index blocks) {
    return double(9 * F + (2 * blocks + 1) * 9 * F * F + 36 * F * F + 9 * F);
  };
  expect_numbers("EDSR of 64 features and 16 blocks, and of 8 and 2",
                 {double(mine::edsr_parameters(64, 16)), double(mine::edsr_parameters(8, 2))},
                 {want(64, 16), want(8, 2)},
                 {{{no_bias(64, 16), no_bias(8, 2)}, "the biases are not counted"}});
}
