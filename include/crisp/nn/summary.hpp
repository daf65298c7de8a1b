// summary: a table of what a network does, layer by layer.
#pragma once
#include <string>

#include "crisp/nn/element_of.hpp"
#include "crisp/nn/network_graph.hpp"

namespace crisp::nn {

namespace detail {

inline std::string column(const std::string& text, std::size_t width) {
  return text + std::string(text.size() < width ? width - text.size() : 1, ' ');
}

inline std::string summary_rows(const NetworkGraph& graph, const std::vector<GraphPart>& parts,
                                const std::string& member, const std::string& indent) {
  std::string text;
  for (const GraphPart& part : parts) {
    if (!part.parts.empty()) {
      text += indent + repetition_name(graph, part, member) + ":\n";
      text += summary_rows(graph, part.parts, crisp::nn::member_of(graph, part), indent + "  ");
      continue;
    }
    const GraphOp& op = graph.ops[std::size_t(part.first)];
    text += column(indent + layer_name(op.layer, member), 30) + column(op.op, 18) +
            column(str(op.output), 24) + (op.parameters > 0 ? std::to_string(op.parameters) : "") + "\n";
  }
  return text;
}

}  // namespace detail

/// A table: for an input of this shape, (N, H, W, C), each op with the layer that it belongs to, the shape of
/// its result, and the numbers that the layer holds; what is repeated stands once, with how often. Below, how
/// many numbers the network holds: std::cout << nn::summary(net, {1, 48, 48, 1}). Throws what the network
/// throws.
template <class Net>
std::string summary(const Net& net, const Shape& input) {
  using T = ElementOf<Net>;
  using D = DeviceOf<Net>;
  const NetworkGraph graph = network_graph(net, Tensor<T, D>(input, T(0.5)));
  const ParameterCount count = parameter_count(net);
  return detail::column("layer", 30) + detail::column("op", 18) + detail::column("output", 24) +
         "parameters\n" + detail::summary_rows(graph, graph.parts, "", "") +
         str("parameters: ", count.all(), " (", count.trained, " trained, ", count.untrained,
             " untrained)\n");
}

}  // namespace crisp::nn
