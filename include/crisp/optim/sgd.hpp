// SGD: stochastic gradient descent with momentum, v = mu v + g, p = p - lr v
// (Polyak 1964; Sutskever et al. 2013).
#pragma once
#include "crisp/optim/optimizer.hpp"

namespace crisp::optim {

struct SgdOptions {
  double lr = 1e-2;
  double momentum = 0, weight_decay = 0;
  std::vector<LayerRate> layers = {};
};

namespace detail {
template <class T>
struct SgdStep {
  T *p, *v;
  const T* g;
  T momentum, decay;
  StepNumbers<T> now;
  CRISP_HD void operator()(Index i) const {
    v[i] = momentum * v[i] + g[i] + decay * p[i];
    p[i] -= now.lr * v[i];
  }
};
}  // namespace detail

/// optim::Sgd sgd(net, {.lr = 1e-4, .momentum = 0.9, .layers = {{"conv3.", 1e-5}}});
template <class T, class D>
class Sgd : public Optimizer<T, D> {
 public:
  template <class M>
  explicit Sgd(M& net, SgdOptions o = {}) : Optimizer<T, D>(net, o.lr, o.layers, {"v"}), options_(o) {
    check(o.momentum >= 0 && o.momentum < 1, "Sgd: the momentum must be in [0, 1), not ", o.momentum);
    check(o.weight_decay >= 0, "Sgd: the weight decay must be 0 or more, not ", o.weight_decay);
  }

 private:
  using Slot = typename Optimizer<T, D>::Slot;
  StepNumbers<T> numbers(double lr) const override { return {T(lr)}; }
  void update(Slot& slot, const StepNumbers<T>& now, const T* on_device) override {
    T* const p = slot.param.value().data();
    T* const v = slot.state[0].second.data();
    const T* const g = slot.param.grad().data();
    steps_.add(slot.param.numel(), {p, v, g, T(options_.momentum), T(options_.weight_decay), now}, on_device);
  }
  void run_updates() override { steps_.run(); }

  SgdOptions options_;
  detail::Steps<detail::SgdStep<T>, T, D> steps_;
};
template <class M>
Sgd(M&, SgdOptions = {}) -> Sgd<Wide<nn::ElementOf<M>>, nn::DeviceOf<M>>;

}  // namespace crisp::optim
