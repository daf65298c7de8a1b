// Ema: the exponential moving average of a network's weights, which is smoother than the weights themselves
// (Polyak and Juditsky 1992; SwinIR is trained with a decay of 0.999).
#pragma once
#include <string>
#include <vector>

#include "crisp/nn/module.hpp"
#include "crisp/ops/arithmetic.hpp"

namespace crisp::optim {

template <class T, class D>
class Ema {
 public:
  /// Begins with the weights as they are. Throws Error unless 0 <= decay < 1.
  template <class M>
  Ema(const M& net, double decay) : decay_(decay) {
    check(decay >= 0 && decay < 1, "Ema: the decay must be at least 0 and below 1, not ", decay);
    net.each_param([&](const std::string& name, const nn::Param<T, D>& p) {
      average_.emplace_back(name, p.value().clone());
    });
  }

  /// average = decay average + (1 - decay) weight, after a step of the
  /// optimizer. What is not trained is copied.
  template <class M>
  void update(const M& net) {
    const NoGrad guard;
    std::size_t i = 0;
    net.each_param([&](const std::string&, const nn::Param<T, D>& p) {
      Tensor<T, D>& average = average_[i++].second;
      // In place: a Graph repeats the step at the same addresses.
      if (!p.requires_grad()) return average.copy_(p.value());
      average.copy_((Var<T, D>(average) * decay_ + Var<T, D>(p.value()) * (1 - decay_)).value());
    });
  }

  /// Exchanges the weights and their average; a second call exchanges them back.
  template <class M>
  void swap(M& net) {
    std::size_t i = 0;
    net.each_param(
        [&](const std::string&, nn::Param<T, D>& p) { std::swap(p.value(), average_[i++].second); });
  }

  /// The averages by the names of the weights, to save and to restore.
  std::vector<std::pair<std::string, Tensor<T, D>>>& state() { return average_; }

 private:
  double decay_;
  std::vector<std::pair<std::string, Tensor<T, D>>> average_;
};
template <template <class, class> class M, class T, class D>
Ema(const M<T, D>&, double) -> Ema<Wide<T>, D>;

}  // namespace crisp::optim
