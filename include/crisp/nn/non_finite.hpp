// first_non_finite: where a training that went to NaN or infinity first did so.
#pragma once
#include <string>
#include <string_view>

#include "crisp/nn/module.hpp"

namespace crisp::nn {

namespace detail {

// Whether the input of an op is this weight: itself, or rounded to the type of the values.
inline bool is_weight(const std::shared_ptr<AnyNode>& weight, const std::shared_ptr<AnyNode>& input) {
  if (weight == input) return true;
  return std::string_view(input->op) == "convert" && !input->inputs.empty() && weight == input->inputs[0];
}

// "the output of conv2d with conv1.weight"; "" where all values of the trace are finite.
template <class M, class T, class D>
std::string non_finite_output(const M& net, const std::vector<Step<T, D>>& steps) {
  const Step<T, D>* step = crisp::first_non_finite(steps);
  if (!step) return "";
  std::string with;
  net.each_param([&](const std::string& name, const auto& p) {
    for (const Var<T, D>& input : step->inputs)
      if (with.empty() && is_weight(p.node(), input.node())) with = " with " + name;
  });
  return "the output of " + step->op + with;
}

}  // namespace detail

/// Calls f() and says, in words, which weight of the network, or else which value of f, first went to NaN or
/// infinity; "" where none did.
template <class M, class F>
std::string first_non_finite(const M& net, F&& f) {
  std::string weight;
  net.each_param([&](const std::string& name, const auto& p) {
    if (weight.empty() && !all_finite(p.value())) weight = "the weight " + name;
  });
  if (!weight.empty()) return weight;

  using V = std::remove_cvref_t<decltype(f())>;
  using D = typename V::device_type;
  std::vector<Step<bfloat16, D>> stored;  // in mixed precision the network's own values, before the loss
  const auto steps = steps_of<typename V::value_type, D>([&] { stored = steps_of<bfloat16, D>(f); });
  const std::string in_network = detail::non_finite_output(net, expanded(stored));
  return in_network.empty() ? detail::non_finite_output(net, expanded(steps)) : in_network;
}

}  // namespace crisp::nn
