// Optimizer: what SGD and Adam share: the parameters, the learning rate of each, and the state to save.
#pragma once
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "crisp/core/finite.hpp"
#include "crisp/core/graph.hpp"
#include "crisp/nn/module.hpp"

namespace crisp::optim {

/// A learning rate of its own for the parameters whose name begins with `prefix`, such as "conv3.".
struct LayerRate {
  std::string prefix;
  double lr;
};

/// What of a step is another number each time: the learning rate, and for Adam the part of a weight that its decay leaves, and the
/// factors that undo the moments' start at zero.
template <class T> struct StepNumbers { T lr, shrink = 1, m_scale = 1, v_scale = 1; };

namespace detail {

// Says, once in a program, that it was compiled without optimisation.
inline void warn_of_no_optimisation() {
#if !defined(__OPTIMIZE__) && !defined(CRISP_NO_SPEED_WARNING)
  static const int said = std::fputs(
      "crisp: warning: this program was compiled without optimisation, and trains many times slower than it "
      "could: compile it with -O3, or in CMake with -DCMAKE_BUILD_TYPE=Release\n", stderr);
  static_cast<void>(said);
#endif
}

template <class T> struct StoreNumbers {
  T* to; StepNumbers<T> now;
  CRISP_HD void operator()(Index) const {
    to[0] = now.lr;
    to[1] = now.shrink;
    to[2] = now.m_scale;
    to[3] = now.v_scale;
  }
};
// A step whose numbers lie on the device: a graph repeats its kernels with the same arguments, so what changes is no argument.
template <class Step, class T> struct WithNumbersFromDevice {
  Step step; const T* numbers;
  CRISP_HD void operator()(Index i) const {
    Step now = step;
    now.now.lr = numbers[0];
    now.now.shrink = numbers[1];
    now.now.m_scale = numbers[2];
    now.now.v_scale = numbers[3];
    now(i);
  }
};

// The steps of all parameters, gathered to run at once.
template <class Step, class T, class D>
class Steps {
 public:
  /// `numbers` are those of the step where they lie on the device, else null.
  void add(Index n, const Step& step, const T* numbers) {
    if (!numbers) return steps_.emplace_back(n, step), void();
    if constexpr (HasGraphs<D>) from_device_.emplace_back(n, WithNumbersFromDevice<Step, T>{step, numbers});
  }
  void run() {
    crisp::detail::for_each_of<D>(steps_);
    steps_.clear();
    if constexpr (HasGraphs<D>) {
      crisp::detail::for_each_of<D>(from_device_);
      from_device_.clear();
    }
  }

 private:
  std::vector<std::pair<Index, Step>> steps_;
  std::vector<std::pair<Index, WithNumbersFromDevice<Step, T>>> from_device_;
};

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
    detail::warn_of_no_optimisation();
    begin_step();
    for (Slot& slot : slots_) {
      if (!slot.param.grad().defined()) continue;
      update(slot, numbers(lr_ * rates_[slot.rate]), in_graph() ? numbers_.data() + 4 * slot.rate : nullptr);
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
    crisp::detail::refuse_in_graph("set_lr: the learning rate was set within a step of a Graph, which would set the same each time", "set it between the steps");
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
    set_lr(lr);
    std::string names;
    std::vector<bool> met(layers.size());
    net.each_param([&](const std::string& name, auto& p) {
      names += (names.empty() ? "" : ", ") + name;
      Slot slot{name, p, 0, {}};
      double rate = 1;
      for (std::size_t i = 0; i < layers.size(); ++i)
        if (name.starts_with(layers[i].prefix)) {
          check(lr > 0 && layers[i].lr >= 0, "optimizer: the rate ", layers[i].lr, " of '", layers[i].prefix, "' needs a base rate above 0, not ", lr);
          rate = layers[i].lr / lr;
          met[i] = true;
        }
      slot.rate = std::size_t(std::find(rates_.begin(), rates_.end(), rate) - rates_.begin());
      if (slot.rate == rates_.size()) rates_.push_back(rate);
      for (const std::string& s : state) slot.state.emplace_back(s, Tensor<T, D>(p.shape(), T(0)));
      slots_.push_back(std::move(slot));
    });
    if constexpr (HasGraphs<D>) numbers_ = Tensor<T, D>({Index(rates_.size()), 4});
    check(!slots_.empty(), "optimizer: this network has no parameters\n  hint: name them with CRISP_PARAMS");
    for (std::size_t i = 0; i < layers.size(); ++i)
      check(met[i], "optimizer: no parameter begins with '", layers[i].prefix, "'\n  the parameters are ", names);
  }

  /// The numbers of step number step_count() at this learning rate.
  virtual StepNumbers<T> numbers(double lr) const = 0;
  /// Gathers the step of one parameter: with these numbers, or, unless it is null, with those that lie on the device.
  virtual void update(Slot& slot, const StepNumbers<T>& now, const T* on_device) = 0;
  /// Makes the steps that were gathered.
  virtual void run_updates() = 0;

 private:
  static bool in_graph() { return HasGraphs<D> && crisp::detail::graph_step; }

  // Counts the step. In a graph this is done before each replay.
  void begin_step() {
    if (!in_graph()) return ++steps_, void();
    const auto begin = [this] {
      ++steps_;
      store_numbers();
    };
    if (!crisp::detail::capturing()) return begin();
    auto& before = crisp::detail::graph_step->before_replay;
    const bool again = std::any_of(before.begin(), before.end(), [this](const auto& b) { return b.first == this; });
    check(!again, "step: an optimizer makes two steps within one step of a Graph\n  hint: make each a step of the Graph");
    before.emplace_back(this, begin);
  }

  // Numbers travel as arguments of a kernel, which the host need not wait for.
  void store_numbers() {
    std::vector<std::pair<Index, detail::StoreNumbers<T>>> stores;
    for (std::size_t i = 0; i < rates_.size(); ++i) stores.emplace_back(1, detail::StoreNumbers<T>{numbers_.data() + 4 * i, numbers(lr_ * rates_[i])});
    crisp::detail::for_each_of<D>(stores);
  }

  std::vector<Slot> slots_;
  std::vector<double> rates_;  // relative to lr(), each once
  Tensor<T, D> numbers_;       // (rates, 4) on the device, for graphs
  double lr_ = 0;
  Index steps_ = 0;
};

}  // namespace crisp::optim
