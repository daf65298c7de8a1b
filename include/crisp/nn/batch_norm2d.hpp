// BatchNorm2d: each channel brought to mean 0 and variance 1 over the batch, then scaled and shifted
// (Ioffe and Szegedy 2015).
#pragma once
#include "crisp/nn/init.hpp"
#include "crisp/nn/mode.hpp"
#include "crisp/nn/module.hpp"
#include "crisp/ops/arithmetic.hpp"
#include "crisp/ops/batch_norm.hpp"

namespace crisp::nn {

struct BatchNormOptions {
  double momentum = 0.1;  // the weight of the new batch in the running statistics, as in PyTorch
  double eps = 1e-5;
};

/// (N, H, W, C) -> (N, H, W, C). In training (see nn/mode.hpp) with the statistics of the batch (of the whole
/// one, where processes share it), which also move the running ones; else with the running ones. These are
/// kept as parameters that are not trained.
template <class T, class D>
struct BatchNorm2d {
  Param<T, D> weight, bias;               // (C) each
  Param<T, D> running_mean, running_var;  // (C) each
  BatchNormOptions options;

  explicit BatchNorm2d(Index channels, BatchNormOptions o = {})
      : weight(make_weight<T, D>({channels}, Init::constant(1))),
        bias(make_weight<T, D>({channels}, Init::constant(0))),
        running_mean(make_weight<T, D>({channels}, Init::constant(0))),
        running_var(make_weight<T, D>({channels}, Init::constant(1))),
        options(o) {
    running_mean.set_trained(false);
    running_var.set_trained(false);
  }

  Var<T, D> operator()(const Var<T, D>& x) const {
    if (!training()) return batch_norm(x, weight, bias, as_they_are(), false, options.eps);
    const ChannelStatistics<T, D> batch = channel_statistics(x.value());
    if (!detail::recomputing) {
      const double n = double(x.numel() / x[-1] * crisp::detail::share.parts);
      move_towards(running_mean, batch.mean, 1);
      move_towards(running_var, batch.variance, n > 1 ? n / (n - 1) : 1);  // the estimate for the population
    }
    return batch_norm(x, weight, bias, batch, true, options.eps);
  }

  CRISP_PARAMS(weight, bias, running_mean, running_var)

 private:
  // The running statistics. While recording, copies of them: the backward pass reads them after later batches
  // have moved the originals.
  ChannelStatistics<T, D> as_they_are() const {
    if (!crisp::detail::grad_enabled) return {running_mean.value(), running_var.value()};
    return {running_mean.value().clone(), running_var.value().clone()};
  }

  // running = (1 - momentum) running + momentum factor value.
  void move_towards(const Param<T, D>& running, const Tensor<Wide<T>, D>& value, double factor) const {
    const NoGrad guard;
    Tensor<Wide<T>, D> same = running.value();
    const auto kept = running.detach() * (1 - options.momentum);
    const auto added = Var<Wide<T>, D>(value) * (options.momentum * factor);
    same.copy_((kept + added).value());
  }
};

}  // namespace crisp::nn
