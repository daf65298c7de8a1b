// Ema: the exponential moving average of a network's weights, which is smoother than the weights themselves
// (Polyak and Juditsky 1992; SwinIR is trained with a decay of 0.999).
#pragma once
#include <string>
#include <vector>

#include "crisp/nn/element_of.hpp"

namespace crisp::optim {

namespace detail {

// How much of the average stays at update t, from 0: little at first, so that the weights with which a
// training begins are soon forgotten.
template <class T>
CRISP_HD T decay_at(T t, T decay) {
  const T early = (T(1) + t) / (T(10) + t);
  return early < decay ? early : decay;
}
template <class T>
struct MoveAverage {
  T* average;
  const T *weight, *updates;  // a number on the device, which a Graph counts up
  T decay;
  CRISP_HD void operator()(Index i) const {
    const T d = decay_at(*updates, decay);
    average[i] = d * average[i] + (T(1) - d) * weight[i];
  }
};
template <class T>
struct CountUp {
  T* number;
  CRISP_HD void operator()(Index) const { *number += T(1); }
};

}  // namespace detail

template <class T, class D>
class Ema {
 public:
  /// Begins with the weights as they are. Throws Error unless 0 <= decay < 1.
  template <class M>
  Ema(const M& net, double decay) : decay_(T(decay)) {
    check(decay >= 0 && decay < 1, "Ema: the decay must be at least 0 and below 1, not ", decay);
    net.each_param([&](const std::string& name, const nn::Param<T, D>& p) {
      average_.emplace_back(name, p.value().clone());
    });
    average_.emplace_back("updates", Tensor<T, D>(Shape{}, T(0)));
  }

  /// average = d average + (1 - d) weight, after a step of the optimizer; d is the decay, but (1 + t) / (10 +
  /// t) at the update t, from 0, while that is less: a short training has a short memory. What is not trained
  /// is copied.
  template <class M>
  void update(const M& net) {
    T* const updates = average_.back().second.data();
    std::size_t i = 0;
    net.each_param([&](const std::string&, const nn::Param<T, D>& p) {
      Tensor<T, D>& average = average_[i++].second;
      // In place: a Graph repeats the step at the same addresses.
      if (!p.requires_grad()) return average.copy_(p.value());
      D::for_each(p.numel(), detail::MoveAverage<T>{average.data(), p.value().data(), updates, decay_});
    });
    D::for_each(1, detail::CountUp<T>{updates});
  }

  /// Exchanges the weights and their average; a second call exchanges them back.
  template <class M>
  void swap(M& net) {
    std::size_t i = 0;
    net.each_param(
        [&](const std::string&, nn::Param<T, D>& p) { std::swap(p.value(), average_[i++].second); });
  }

  /// The averages by the names of the weights, and last the number of updates, to save and to restore.
  std::vector<std::pair<std::string, Tensor<T, D>>>& state() { return average_; }

 private:
  T decay_;
  std::vector<std::pair<std::string, Tensor<T, D>>> average_;
};
template <class M>
Ema(const M&, double) -> Ema<Wide<nn::ElementOf<M>>, nn::DeviceOf<M>>;

}  // namespace crisp::optim
