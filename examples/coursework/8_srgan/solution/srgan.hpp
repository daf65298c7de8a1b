// The losses of SRGAN (Ledig et al. 2017), a step of its game, and the statistics of a MOS test (ITU-T
// P.800).
#pragma once
#include <array>
#include <cmath>
#include <crisp/backend/cpu.hpp>
#include <crisp/nn/conv2d.hpp>
#include <crisp/ops/arithmetic.hpp>
#include <crisp/ops/bce_loss.hpp>
#include <crisp/ops/loss.hpp>
#include <crisp/optim/adam.hpp>

namespace mine {
using namespace crisp;
using V = Var<double, Cpu>;
using Adam = optim::Adam<double, Cpu>;

// Task 8a: the binary cross-entropy -t log(p) - (1 - t) log(1 - p) with p = 1 / (1 + exp(-x)), for a logit x
// and a target t. Written as max(x, 0) - t x + log(1 + exp(-|x|)) it does not overflow.
inline double cross_entropy(double x, double t) {
  return std::max(x, 0.0) - t * x + std::log1p(std::exp(-std::abs(x)));
}

// Task 8b: what the discriminator learns by: originals are real (1), what the generator made is not (0). The
// sum of both, by crisp's bce_with_logits_loss. The generator must not learn from it: fake is detached.
template <class Discriminator>
V discriminator_loss(const Discriminator& discriminator, const V& hr, const V& fake) {
  return bce_with_logits_loss(discriminator(hr), 1) + bce_with_logits_loss(discriminator(fake.detach()), 0);
}

// Task 8c: what the generator learns by: the mean squared error, and 1e-3 of the adversarial loss: the
// discriminator should take what it made for real.
template <class Discriminator>
V generator_loss(const Discriminator& discriminator, const V& hr, const V& fake) {
  return mse_loss(fake, hr) + bce_with_logits_loss(discriminator(fake), 1) * 1e-3;
}

struct Losses {
  double discriminator, generator;
};

// Task 8d: a step of the game: first the discriminator's, then the generator's. The generator's loss leaves
// gradients in the discriminator, too. They must not be part of its next step: clear them, by zero_grad().
template <class Generator, class Discriminator>
Losses train_step(const Generator& generator, const Discriminator& discriminator, Adam& of_generator,
                  Adam& of_discriminator, const V& lr, const V& hr) {
  const V fake = generator(lr);
  const V d = discriminator_loss(discriminator, hr, fake);
  d.backward();
  of_discriminator.step();
  const V g = generator_loss(discriminator, hr, fake);
  g.backward();
  of_generator.step();
  of_discriminator.zero_grad();
  return {d.item(), g.item()};
}

// Ratings of 1 to 5: ratings[rater][method].
using Ratings = std::vector<std::vector<double>>;

// The 97.5 % point of Student's t distribution.
inline double student_t(std::size_t degrees_of_freedom) {
  constexpr std::array<double, 30> table{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                         2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                                         2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
                                         2.060,  2.056, 2.052, 2.048, 2.045, 2.042};
  return degrees_of_freedom <= 30 ? table[degrees_of_freedom - 1] : 1.96 + 2.5 / double(degrees_of_freedom);
}

// Task 8e: the mean opinion score of each method: the mean over the raters.
inline std::vector<double> mean_opinion_scores(const Ratings& ratings) {
  std::vector<double> mos(ratings[0].size());
  for (const auto& rater : ratings)
    for (std::size_t m = 0; m < mos.size(); ++m) mos[m] += rater[m] / double(ratings.size());
  return mos;
}

// The standard deviation of a sample, for task 8f and 8g: the squares are divided by n - 1.
inline double deviation(const std::vector<double>& x) {
  double mean = 0, squares = 0;
  for (double v : x) mean += v / double(x.size());
  for (double v : x) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / double(x.size() - 1));
}

// Task 8f: half of the 95 % confidence interval of a mean of n numbers: t(n - 1) s / sqrt(n), with the
// standard deviation s of a sample.
inline double half_interval(const std::vector<double>& x) {
  return student_t(x.size() - 1) * deviation(x) / std::sqrt(double(x.size()));
}

// Task 8g: whether method a is better than method b: the t of the paired test. The same people rated both, so
// take the differences of each rater: mean(d) / (s_d / sqrt(n)). It is significant where |t| > student_t(n -
// 1).
inline double paired_t(const Ratings& ratings, std::size_t a, std::size_t b) {
  std::vector<double> differences;
  double mean = 0;
  for (const auto& rater : ratings) differences.push_back(rater[a] - rater[b]);
  for (double d : differences) mean += d / double(differences.size());
  return mean / (deviation(differences) / std::sqrt(double(differences.size())));
}

}  // namespace mine
