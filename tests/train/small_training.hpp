// A training of a second, for the tests of the loop: two pictures and a network of a few weights.
#pragma once
#include "crisp/data/synthetic.hpp"
#include "crisp/models/srcnn.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/optim/adam.hpp"
#include "crisp/train/trainer.hpp"
#include "support.hpp"

namespace crisp::test {

using Net = models::Srcnn<float, Cpu>;
inline const models::SrcnnOptions tiny{.f1 = 3, .f2 = 1, .f3 = 3, .n1 = 3, .n2 = 2};

inline train::Validation psnr(double value) {
  train::Validation v;
  v.psnr = value;
  return v;
}

inline std::vector<float> all_weights(const Net& net) {
  std::vector<float> all;
  net.each_param([&](const std::string&, const auto& p) {
    const auto values = p.value().to_host();
    all.insert(all.end(), values.begin(), values.end());
  });
  return all;
}

struct Setup {
  data::PatchDataset patches{data::dead_leaves({.count = 2, .height = 40, .width = 40}), {.patch = 12}};
  Net net;
  optim::Adam<float, Cpu> adam;
  Index losses = 0;                         // of batches that were computed
  Index stop_at = 0;                        // so many, as by Ctrl-C; 0: not
  std::function<void(Index)> on_loss = {};  // is told how many there were

  explicit Setup(double lr = 1e-3) : net(seeded()), adam(net, {.lr = lr}) {}
  static models::SrcnnOptions seeded() {
    seed(1);
    return tiny;
  }
  train::FitResult run(train::FitOptions o) {
    o.quiet = true;
    o.loader.batch = 2;
    return train::fit(
        net, adam, patches,
        [&](const auto& x, const auto& t) {
          if (++losses == stop_at) std::raise(SIGINT);
          if (on_loss) on_loss(losses);
          const auto y = net.valid(x);
          return mse_loss(y, centre(t, y[1], y[2]));
        },
        std::move(o));
  }
  std::vector<float> weights() const { return all_weights(net); }
};

}  // namespace crisp::test
