// Adam (Kingma and Ba 2015, algorithm 1), and AdamW, which keeps weight decay out of the
// moments (Loshchilov and Hutter 2019).
#pragma once
#include <cmath>

#include "crisp/optim/optimizer.hpp"

namespace crisp::optim {

struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;  // Adam adds it to the gradient, AdamW takes it off the weight
  std::vector<LayerRate> layers = {};
};

namespace detail {
template <class T>
struct AdamStep {
  T* p;
  T *m, *v;
  const T* g;
  T b1, b2;
  T eps, l2;
  StepNumbers<T> now;
  CRISP_HD void operator()(Index i) const {
    using std::sqrt;
    const T gi = g[i] + l2 * p[i];
    m[i] = b1 * m[i] + (T(1) - b1) * gi;
    v[i] = b2 * v[i] + (T(1) - b2) * gi * gi;
    // The scales undo the start of the moments at zero.
    p[i] = now.shrink * p[i] - now.lr * (now.m_scale * m[i]) / (sqrt(now.v_scale * v[i]) + eps);
  }
};
}  // namespace detail

/// optim::Adam adam(net, {.lr = 1e-4});
template <class T, class D>
class Adam : public Optimizer<T, D> {
 public:
  template <class M>
  explicit Adam(M& net, AdamOptions o = {}) : Adam(net, o, false) {}

 protected:
  template <class M>
  Adam(M& net, AdamOptions o, bool decoupled)
      : Optimizer<T, D>(net, o.lr, o.layers, {"m", "v"}), options_(o), decoupled_(decoupled) {
    check(o.beta1 >= 0 && o.beta1 < 1 && o.beta2 >= 0 && o.beta2 < 1,
          "Adam: beta1 and beta2 must be in [0, 1), not ", o.beta1, " and ", o.beta2);
    check(o.eps > 0, "Adam: eps must be above 0, not ", o.eps);
    check(o.weight_decay >= 0, "Adam: the weight decay must be 0 or more, not ", o.weight_decay);
  }

 private:
  using Slot = typename Optimizer<T, D>::Slot;
  StepNumbers<T> numbers(double lr) const override {
    const double step = double(this->step_count());
    const double shrink = decoupled_ ? 1 - lr * options_.weight_decay : 1;
    const double m_scale = 1 / (1 - std::pow(options_.beta1, step));
    const double v_scale = 1 / (1 - std::pow(options_.beta2, step));
    return {T(lr), T(shrink), T(m_scale), T(v_scale)};
  }
  void update(Slot& slot, const StepNumbers<T>& now, const T* on_device) override {
    T* const p = slot.param.value().data();
    T* const m = slot.state[0].second.data();
    T* const v = slot.state[1].second.data();
    const T* const g = slot.param.grad().data();
    const T l2 = T(decoupled_ ? 0 : options_.weight_decay);
    steps_.add(slot.param.numel(),
               {p, m, v, g, T(options_.beta1), T(options_.beta2), T(options_.eps), l2, now}, on_device);
  }
  void run_updates() override { steps_.run(); }

  AdamOptions options_;
  detail::Steps<detail::AdamStep<T>, T, D> steps_;
  bool decoupled_;
};
template <class M>
Adam(M&, AdamOptions = {}) -> Adam<Wide<nn::ElementOf<M>>, nn::DeviceOf<M>>;

/// optim::AdamW adam(net, {.lr = 1e-4, .weight_decay = 0.01});
template <class T, class D>
class AdamW : public Adam<T, D> {
 public:
  template <class M>
  explicit AdamW(M& net, AdamOptions o = {}) : Adam<T, D>(net, o, true) {}
};
template <class M>
AdamW(M&, AdamOptions = {}) -> AdamW<Wide<nn::ElementOf<M>>, nn::DeviceOf<M>>;

}  // namespace crisp::optim
