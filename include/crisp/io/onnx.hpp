// Export to ONNX: a network runs once on an example, and each op of the trace becomes ONNX nodes.
#pragma once
#include "crisp/core/file.hpp"
#include "crisp/io/onnx_ops.hpp"
#include "crisp/nn/element_of.hpp"

namespace crisp::io {

namespace detail {

// What a network runs for an image (1, height, width, channels), and the last value.
template <class T, class D>
struct NetworkTrace {
  std::vector<Step<T, D>> steps;
  Var<T, D> output;
};
template <class Net, class T, class D>
NetworkTrace<T, D> trace_network(const Net& net, const Var<T, D>& input) {
  const NoGrad guard;
  Var<T, D> output;
  const std::vector<Step<T, D>> steps = steps_of<T, D>([&] { output = net(input); });
  return {expanded(steps), output};
}

// Whether a network does the same for both sizes, so that one graph serves all: the same ops with the same
// attributes, and no shape of numbers among them. `input` is that of the first trace.
template <class T, class D>
bool same_for_all_sizes(const NetworkTrace<T, D>& a, const NetworkTrace<T, D>& b, const Var<T, D>& input) {
  if (a.steps.size() != b.steps.size()) return false;
  std::set<const AnyNode*> variable{input.node().get()};
  for (std::size_t i = 0; i < a.steps.size(); ++i) {
    const Step<T, D>& s = a.steps[i];
    if (s.op != b.steps[i].op || s.attributes != b.steps[i].attributes) return false;
    bool depends = false;
    for (const auto& in : s.inputs) depends = depends || variable.count(in.node().get()) > 0;
    if (!depends) continue;
    if (s.op == "reshape" || s.op == "window_attention") return false;
    variable.insert(s.result.node().get());
  }
  return true;
}

// The nodes of the whole network; returns the name of its result, (N, C, H, W).
template <class Net, class T, class D>
std::string add_network(OnnxGraph& graph, const Net& net, const NetworkTrace<T, D>& trace,
                        const Var<T, D>& input) {
  std::map<const AnyNode*, std::string> weights;
  net.each_param([&](const std::string& name, const auto& p) { weights.emplace(p.node().get(), name); });
  OnnxValues<T, D> values(graph, std::move(weights));
  values.set(input, in_nchw("input"));
  OnnxOps<T, D> ops(graph, values);
  for (const Step<T, D>& step : trace.steps) ops.add(step);
  check(values.is_variable(trace.output), "export: the network's result does not depend on its input");
  return values.nchw(trace.output);
}

}  // namespace detail

struct OnnxOptions {
  Index height = 64, width = 64;  // of the input, for networks that cannot be exported for every size
};

/// What export_onnx did.
struct OnnxResult {
  bool any_size = false;  // images of every size, and batches; else one image of the given size
  Shape output;           // (N, C, H, W) for the given size
};

/// Writes a network that takes (N, H, W, channels) as an ONNX model with an input "input" (N, C, H, W) and an
/// output "output". One that treats all sizes alike is exported for all, others (windows, padding to a
/// multiple) for one. The file appears whole or not at all. Throws Error for an op that ONNX does not have.
template <class Net>
OnnxResult export_onnx(const std::filesystem::path& path, const Net& net, Index channels, OnnxOptions o = {},
                       const Metadata& metadata = {}) {
  using T = nn::ElementOf<Net>;
  using D = nn::DeviceOf<Net>;
  check(o.height >= 1 && o.width >= 1 && channels >= 1, "export: an input of ", o.height, " x ", o.width,
        " pixels and ", channels, " channels is not possible");
  const auto image = [&](Index h, Index w) { return Var<T, D>(Tensor<T, D>({1, h, w, channels}, T(0.5))); };
  OnnxResult result;
  {
    const Var<T, D> small = image(24, 24), odd = image(29, 37);
    const auto of_small = detail::trace_network(net, small), of_odd = detail::trace_network(net, odd);
    result.any_size = detail::same_for_all_sizes(of_small, of_odd, small);
  }
  const Var<T, D> x = image(o.height, o.width);
  const detail::NetworkTrace<T, D> trace = detail::trace_network(net, x);
  const Var<T, D>& y = trace.output;

  OnnxGraph graph;
  const std::string output = detail::add_network(graph, net, trace, x);
  result.output = {1, y[3], y[1], y[2]};
  const bool any = result.any_size;
  graph.input("input", any ? Shape{0, channels, 0, 0} : Shape{1, channels, o.height, o.width},
              {"batch", "", "height", "width"});
  graph.output(output, "output", any ? Shape{0, y[3], 0, 0} : result.output,
               {"batch", "", "output_height", "output_width"});
  for (const auto& [key, value] : metadata) graph.metadata(key, value);
  write_file("export", path, graph.bytes());
  return result;
}

}  // namespace crisp::io
