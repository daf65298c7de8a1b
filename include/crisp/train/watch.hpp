// LayerWatch: the length of the gradient of each layer, and how many of the units behind its ReLU are dead.
#pragma once
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "crisp/autograd/trace.hpp"
#include "crisp/nn/module.hpp"
#include "crisp/report/layers.hpp"

namespace crisp::train::detail {

/// Measures one step: count_dead() while its loss is computed, then rows() when its gradient is there.
template <class T, class D>
class LayerWatch {
 public:
  /// Calls of_batch() and returns its loss. A unit of a ReLU is a channel of its result (..., C): it is dead
  /// where it is zero everywhere, in all examples of the batch.
  template <class M, class F>
  Var<T, D> count_dead(const M& net, const F& of_batch) {
    dead_.clear();
    std::map<const AnyNode*, std::string> layer_of;
    net.each_param([&](const std::string& name, const auto& p) { layer_of[p.node().get()] = layer(name); });
    Var<T, D> loss;
    std::vector<Step<bfloat16, D>> stored;  // the values of a network in mixed precision
    const auto steps = steps_of<T, D>([&] { stored = steps_of<bfloat16, D>([&] { loss = of_batch(); }); });
    read(steps, layer_of);
    read(stored, layer_of);
    return loss;
  }

  /// What was measured at this step, a row a layer, in their order.
  template <class M>
  std::vector<report::LayerRow> rows(const M& net, Index step) const {
    std::vector<report::LayerRow> rows;
    net.each_param([&](const std::string& name, const auto& p) {
      if (!p.grad().defined()) return;
      if (rows.empty() || rows.back().layer != layer(name)) rows.push_back({step, layer(name), 0, {}});
      for (const auto g : p.grad().to_host()) rows.back().gradient += double(g) * double(g);
    });
    for (report::LayerRow& row : rows) {
      row.gradient = std::sqrt(row.gradient);
      if (const auto found = dead_.find(row.layer); found != dead_.end()) row.dead = found->second.share();
    }
    return rows;
  }

 private:
  struct Units {
    Index dead = 0, all = 0;
    double share() const { return double(dead) / double(all); }
  };

  static std::string layer(const std::string& parameter) { return parameter.substr(0, parameter.rfind('.')); }

  // A ReLU belongs to the layer whose result it takes, or in which it is fused.
  template <class U>
  void read(const std::vector<Step<U, D>>& steps, std::map<const AnyNode*, std::string>& layer_of) {
    for (const Step<U, D>& step : steps) {
      std::string of;
      for (const Var<U, D>& input : step.inputs) {
        const AnyNode* node = input.node().get();
        if (node && node->op == std::string("convert") && !node->inputs.empty()) node = node->inputs[0].get();
        if (const auto found = layer_of.find(node); found != layer_of.end()) of = found->second;
      }
      const bool relu = step.op == "relu" || step.op == "conv2d_relu";
      if (!of.empty()) layer_of[step.result.node().get()] = of;
      if (relu && !of.empty()) add(dead_[of], step.result.value());
    }
  }

  template <class U>
  static void add(Units& units, const Tensor<U, D>& x) {
    const std::vector<U> values = x.to_host();
    const std::size_t channels = std::size_t(x.shape()[x.shape().rank() - 1]);
    std::vector<bool> alive(channels);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] > U(0)) alive[i % channels] = true;
    units.all += Index(channels);
    units.dead += std::count(alive.begin(), alive.end(), false);
  }

  std::map<std::string, Units> dead_;
};

}  // namespace crisp::train::detail
