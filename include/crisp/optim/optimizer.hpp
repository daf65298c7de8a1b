// Optimizer: what SGD and Adam share: the parameters, the learning rate of each, and the state to save.
#pragma once
#include <string>
#include <vector>

#include "crisp/nn/module.hpp"

namespace crisp::optim {

/// A learning rate of its own for the parameters whose name begins with `prefix`, such as "conv3.".
struct LayerRate {
  std::string prefix;
  double lr;
};

namespace detail {
// f(i) for i in [0, n), for each (n, f): at once, where the device can.
template <class D, class F>
void for_each_of(const std::vector<std::pair<Index, F>>& work) {
  if constexpr (requires { D::for_each_of(work); }) D::for_each_of(work);
  else
    for (const auto& [n, f] : work) D::for_each(n, f);
}
}  // namespace detail

template <class T, class D>
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Moves every parameter that has a gradient, and clears the gradients. Throws Error where none has one.
  void step() {
    bool any = false;
    for (const Slot& slot : slots_) any = any || slot.param.grad().defined();
    check(any, "step: no parameter has a gradient\n  hint: call loss.backward() before step()");
    ++steps_;
    for (Slot& slot : slots_) {
      if (!slot.param.grad().defined()) continue;
      update(slot, lr_ * slot.rate);
    }
    run_updates();
    zero_grad();
  }
  void zero_grad() {
    for (Slot& slot : slots_) slot.param.zero_grad();
  }

  /// The learning rate. Setting it keeps the ratios of the layers that have one of their own.
  double lr() const { return lr_; }
  void set_lr(double lr) {
    check(std::isfinite(lr) && lr >= 0, "set_lr: the learning rate must be 0 or more, not ", lr);
    lr_ = lr;
  }

  /// The state, to save and to restore: the number of steps, and each tensor by its name ("conv1.weight.m").
  Index step_count() const { return steps_; }
  void set_step_count(Index steps) { steps_ = steps; }
  template <class F>
  void each_state(F&& f) {
    for (Slot& slot : slots_)
      for (auto& [name, tensor] : slot.state) f(slot.name + "." + name, tensor);
  }

 protected:
  struct Slot {
    std::string name;
    Var<T, D> param;
    double rate;                                              // of this parameter, relative to lr()
    std::vector<std::pair<std::string, Tensor<T, D>>> state;  // each of the shape of the parameter
  };

  /// `state` names the tensors that the method keeps for each parameter; they begin as zeros.
  template <class M>
  Optimizer(M& net, double lr, const std::vector<LayerRate>& layers, const std::vector<std::string>& state) {
    set_lr(lr);
    std::string names;
    std::vector<bool> met(layers.size());
    net.each_param([&](const std::string& name, auto& p) {
      names += (names.empty() ? "" : ", ") + name;
      Slot slot{name, p, 1, {}};
      for (std::size_t i = 0; i < layers.size(); ++i)
        if (name.starts_with(layers[i].prefix)) {
          check(lr > 0 && layers[i].lr >= 0, "optimizer: the rate ", layers[i].lr, " of '", layers[i].prefix, "' needs a base rate above 0, not ", lr);
          slot.rate = layers[i].lr / lr;
          met[i] = true;
        }
      for (const std::string& s : state) slot.state.emplace_back(s, Tensor<T, D>(p.shape(), T(0)));
      slots_.push_back(std::move(slot));
    });
    check(!slots_.empty(), "optimizer: this network has no parameters\n  hint: name them with CRISP_PARAMS");
    for (std::size_t i = 0; i < layers.size(); ++i)
      check(met[i], "optimizer: no parameter begins with '", layers[i].prefix, "'\n  the parameters are ", names);
  }

  virtual void update(Slot& slot, double lr) = 0;
  virtual void run_updates() {}  // those that update() has only gathered, for all parameters at once

 private:
  std::vector<Slot> slots_;
  double lr_ = 0;
  Index steps_ = 0;
};

}  // namespace crisp::optim
