// Optimizer: what SGD and Adam share: the parameters, the learning rate of each, and the state to save.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "crisp/core/finite.hpp"
#include "crisp/nn/element_of.hpp"
#include "crisp/optim/graph_numbers.hpp"
#include "crisp/optim/speed_warning.hpp"

namespace crisp::optim {

/// A learning rate of its own for the parameters whose name begins with `prefix`, such as "conv3.".
struct LayerRate {
  std::string prefix;
  double lr;
};

template <class T, class D>
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Moves every parameter that has a gradient, and clears the gradients. Throws Error where none has one.
  void step() {
    const auto has_gradient = [](const Slot& slot) { return slot.param.grad().defined(); };
    check(std::any_of(slots_.begin(), slots_.end(), has_gradient),
          "step: no parameter has a gradient\n  hint: call loss.backward() before step()");
    detail::warn_of_no_optimisation();
    count_step();
    for (Slot& slot : slots_)
      if (has_gradient(slot)) update(slot, numbers(lr_ * rates_[slot.rate]), graph_numbers_.of(slot.rate));
    run_updates();
    zero_grad();
  }
  void zero_grad() {
    for (Slot& slot : slots_) slot.param.zero_grad();
  }

  /// The learning rate. Setting it keeps the ratios of the layers that have one of their own.
  double lr() const { return lr_; }
  void set_lr(double lr) {
    crisp::detail::refuse_in_graph(
        "set_lr: the learning rate was set within a step of a Graph, which would set the same each time",
        "set it between the steps");
    check(is_finite(lr) && lr >= 0, "set_lr: the learning rate must be 0 or more, not ", lr);
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
    std::size_t rate;                                         // the place of its own among rates_
    std::vector<std::pair<std::string, Tensor<T, D>>> state;  // each of the shape of the parameter
  };

  /// `state` names the tensors that the method keeps for each parameter; they begin as zeros.
  template <class M>
  Optimizer(M& net, double lr, const std::vector<LayerRate>& layers, const std::vector<std::string>& state) {
    static_assert(nn::detail::HasParams<M>, "crisp: the network names its parts by CRISP_PARAMS(...)");
    set_lr(lr);
    net.each_param([&](const std::string& name, auto& param) {
      Slot slot{name, param, place_of(relative_rate(name, layers)), {}};
      for (const std::string& s : state) slot.state.emplace_back(s, Tensor<T, D>(param.shape(), T(0)));
      slots_.push_back(std::move(slot));
    });
    graph_numbers_.make(rates_.size());
    check(!slots_.empty(), "optimizer: this network has no parameters\n  hint: name them with CRISP_PARAMS");
    for (const LayerRate& layer : layers) check_met(layer);
  }

  /// The numbers of step number step_count() at this learning rate.
  virtual StepNumbers<T> numbers(double lr) const = 0;
  /// Gathers the step of one parameter: with these numbers, or, unless it is
  /// null, with those that lie on the device.
  virtual void update(Slot& slot, const StepNumbers<T>& now, const T* on_device) = 0;
  /// Makes the steps that were gathered.
  virtual void run_updates() = 0;

 private:
  // What lr() is multiplied by for a parameter: 1, or where layers fit its name the rate of the last of them.
  double relative_rate(const std::string& name, const std::vector<LayerRate>& layers) const {
    double rate = 1;
    for (const LayerRate& layer : layers) {
      if (!name.starts_with(layer.prefix)) continue;
      check(lr_ > 0 && layer.lr >= 0, "optimizer: the rate ", layer.lr, " of '", layer.prefix,
            "' needs a base rate above 0, not ", lr_);
      rate = layer.lr / lr_;
    }
    return rate;
  }

  // The place of a rate among rates_, where it is added unless it is there.
  std::size_t place_of(double rate) {
    const auto found = std::find(rates_.begin(), rates_.end(), rate);
    const auto place = std::size_t(found - rates_.begin());
    if (found == rates_.end()) rates_.push_back(rate);
    return place;
  }

  void check_met(const LayerRate& layer) const {
    std::string names;
    bool met = false;
    for (const Slot& slot : slots_) {
      names += (names.empty() ? "" : ", ") + slot.name;
      met = met || slot.name.starts_with(layer.prefix);
    }
    check(met, "optimizer: no parameter begins with '", layer.prefix, "'\n  the parameters are ", names);
  }

  // In a graph this is done before each replay, and the numbers of the step are
  // stored where its kernels read them.
  void count_step() {
    if (!graph_numbers_.in_graph()) {
      ++steps_;
      return;
    }
    graph_numbers_.before_step([this] {
      ++steps_;
      std::vector<StepNumbers<T>> now;
      for (const double rate : rates_) now.push_back(numbers(lr_ * rate));
      graph_numbers_.store(now);
    });
  }

  std::vector<Slot> slots_;
  std::vector<double> rates_;  // relative to lr(), each once
  detail::GraphNumbers<T, D> graph_numbers_;
  double lr_ = 0;
  Index steps_ = 0;
};

}  // namespace crisp::optim
