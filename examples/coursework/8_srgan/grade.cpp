// The tests of assignment 8: the losses, which network learns from which, and the statistics.
#include <crisp/nn/linear.hpp>
#include <crisp/ops/reshape.hpp>
#include <crisp/testing/gradcheck.hpp>
#include <grading.hpp>
#include <srgan.hpp>

using namespace grading;
using namespace crisp;
using mine::V;
using Values = Tensor<double, Cpu>;

static V random_image(unsigned seed) { return V(Values({2, 3, 3, 1}, random_numbers(18, seed))); }

// A generator and a discriminator of a few numbers.
template <class T, class D>
struct SmallGenerator {
  nn::Linear<T, D> layer{1, 1};
  Var<T, D> operator()(const Var<T, D>& x) const { return layer(x); }
  CRISP_PARAMS(layer)
};
template <class T, class D>
struct SmallDiscriminator {
  nn::Linear<T, D> layer{9, 1};
  Var<T, D> operator()(const Var<T, D>& x) const { return layer(reshape(x, {x[0], 9})); }
  CRISP_PARAMS(layer)
};
using G = SmallGenerator<double, Cpu>;
using Judge = SmallDiscriminator<double, Cpu>;

// The gradient of the first layer; nothing where none has arrived.
template <class Net>
static Numbers gradient(const Net& net) {
  const auto& g = net.layer.weight.grad();
  return g.defined() ? g.to_host() : Numbers{};
}

TEST("8a", 3, "cross-entropy") {
  const Numbers got{mine::cross_entropy(0.5, 1), mine::cross_entropy(-2, 0), mine::cross_entropy(1.5, 0.9)};
  const auto plain = [](double x, double t) {
    const double p = 1 / (1 + std::exp(-x));
    return -t * std::log(p) - (1 - t) * std::log(1 - p);
  };
  expect_numbers("at (0.5, 1), (-2, 0), (1.5, 0.9)", got, {plain(0.5, 1), plain(-2, 0), plain(1.5, 0.9)},
                 {{{plain(0.5, 0), plain(-2, 1), plain(1.5, 0.1)}, "the targets are exchanged: 1 is real"}});
  const Numbers large{mine::cross_entropy(800, 0), mine::cross_entropy(-800, 1)};
  expect(distance(large, {800, 800}) < 1e-6, "a logit of 800 gives ", large[0], ", and one of -800 gives ",
         large[1], "; each has to be 800: exp overflows, or its log is that of zero");
}

TEST("8b", 6, "the loss of the discriminator") {
  const G generator;
  const Judge judge;
  const V hr = random_image(1), fake = generator(random_image(2));
  const V loss = mine::discriminator_loss(judge, hr, fake);
  const auto bce = [&](const V& x, double t) {
    return double(no_grad([&] { return bce_with_logits_loss(judge(x), t); }).item());
  };
  expect_number("the loss", loss.item(), bce(hr, 1) + bce(fake, 0),
                {{{bce(hr, 0) + bce(fake, 1)}, "the labels are exchanged: originals are 1, made pictures 0"},
                 {{(bce(hr, 1) + bce(fake, 0)) / 2}, "it is the mean of both; take the sum"},
                 {{bce(hr, 1)}, "made pictures are not part of it"},
                 {{bce(fake, 0)}, "originals are not part of it"}});
  loss.backward();
  expect(gradient(generator).empty(),
         "the generator learns from the discriminator's loss: fake is not detached");
  expect(!gradient(judge).empty(),
         "the discriminator has no gradient; only fake is detached, not what comes out");
}

TEST("8c", 6, "the loss of the generator") {
  const G generator;
  const Judge judge;
  const V hr = random_image(1), fake = generator(random_image(2));
  const V loss = mine::generator_loss(judge, hr, fake);
  const auto made = [&](double target) {
    return double(no_grad([&] { return bce_with_logits_loss(judge(fake), target); }).item());
  };
  const double content = no_grad([&] { return mse_loss(fake, hr); }).item();
  expect_number("the loss", loss.item(), content + 1e-3 * made(1),
                {{{content + 1e-3 * made(0)}, "the generator wants to be taken for real: its label is 1"},
                 {{content + made(1)}, "the adversarial loss is not weighed by 1e-3"},
                 {{content - 1e-3 * made(0)}, "this is the loss that saturates; take -log D(G(x))"},
                 {{content}, "the adversarial loss is missing"}},
                1e-9);
  loss.backward();
  const Numbers got = gradient(generator);
  G again;
  nn::copy_weights(generator, again);
  const V other = again(random_image(2));
  (mse_loss(other, hr) + bce_with_logits_loss(judge(other), 1) * 1e-3).backward();
  const Numbers want = gradient(again);
  again.layer.weight.zero_grad();
  mse_loss(again(random_image(2)), hr).backward();
  expect_numbers(
      "the gradient of the generator", got, want,
      {{gradient(again), "the adversarial loss does not reach the generator: fake must not be detached here"},
       {{}, "none arrives"}},
      1e-9);
}

TEST("8d", 6, "a step of the game") {
  G generator, other_generator;
  Judge judge, other_judge;
  nn::copy_weights(generator, other_generator);
  nn::copy_weights(judge, other_judge);
  mine::Adam adam_g(generator, {.lr = 0.1}), adam_d(judge, {.lr = 0.1});
  mine::Adam other_adam_g(other_generator, {.lr = 0.1}), other_adam_d(other_judge, {.lr = 0.1});
  const Numbers before_g = generator.layer.weight.value().to_host(),
                before_d = judge.layer.weight.value().to_host();
  for (unsigned step = 0; step < 3; ++step) {
    const V lr = random_image(10 + step), hr = random_image(20 + step);
    mine::train_step(generator, judge, adam_g, adam_d, lr, hr);
    const V fake = other_generator(lr);
    (bce_with_logits_loss(other_judge(hr), 1) + bce_with_logits_loss(other_judge(fake.detach()), 0))
        .backward();
    other_adam_d.step();
    (mse_loss(fake, hr) + bce_with_logits_loss(other_judge(fake), 1) * 1e-3).backward();
    other_adam_g.step();
    other_adam_d.zero_grad();
  }
  const Numbers got_g = generator.layer.weight.value().to_host(),
                got_d = judge.layer.weight.value().to_host();
  if (!expect(got_g != before_g, "the generator has not moved")) return;
  if (!expect(got_d != before_d, "the discriminator has not moved")) return;
  if (!expect(gradient(judge).empty(),
              "the generator's loss leaves gradients in the discriminator, which are part of its next step"))
    return;
  expect_numbers("the generator after three steps", got_g, other_generator.layer.weight.value().to_host(), {},
                 1e-6);
  expect_numbers("the discriminator after three steps", got_d, other_judge.layer.weight.value().to_host(), {},
                 1e-6);
}

static const mine::Ratings ratings{{2, 3, 4}, {3, 3, 5}, {1, 2, 4}, {2, 4, 4}, {3, 4, 5}};
static Numbers column(std::size_t m) {
  Numbers x;
  for (const auto& rater : ratings) x.push_back(rater[m]);
  return x;
}

TEST("8e", 3, "mean opinion scores") {
  expect_numbers("five people, three methods", mine::mean_opinion_scores(ratings), {2.2, 3.2, 4.4},
                 {{{3, 11 / 3.0, 7 / 3.0, 10 / 3.0, 4},
                   "the mean goes over the wrong axis: it is that of each person, over the methods"}});
}

TEST("8f", 4, "confidence") {
  const double s = std::sqrt(2.8 / 4), biased = std::sqrt(2.8 / 5), root = std::sqrt(5.0);
  expect_number("ratings 2 3 1 2 3", mine::half_interval(column(0)), 2.776 * s / root,
                {{{2.776 * biased / root}, "the squares are divided by n; for a sample by n - 1"},
                 {{1.96 * s / root}, "1.96 is that of many ratings; for few take Student's t"},
                 {{2.571 * s / root}, "n ratings have n - 1 degrees of freedom"},
                 {{2.776 * s}, "the deviation is not divided by sqrt(n)"},
                 {{2 * 2.776 * s / root}, "it is the whole interval; half of it was asked for"}},
                1e-4);
}

TEST("8g", 4, "is one better?") {
  const double want = 1.0 / (std::sqrt(2.0 / 4) / std::sqrt(5.0));
  const double s0 = 2.8 / 4, s1 = 2.8 / 4;
  expect_number("method 1 against method 0", mine::paired_t(ratings, 1, 0), want,
                {{{-want}, "the sign is that of b - a; take a - b"},
                 {{1 / std::sqrt(s0 / 5 + s1 / 5)},
                  "this is the test for two groups of people; here the same people rated both"},
                 {{1.0 / std::sqrt(2.0 / 4)}, "the deviation is not divided by sqrt(n)"}},
                1e-4);
}
