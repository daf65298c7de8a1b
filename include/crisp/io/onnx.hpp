// Export to ONNX: a network is run once on an example, every op that it runs is written down, and each becomes ONNX nodes. Images are
// (N, C, H, W) there; values keep crisp's (N, H, W, C) only where an op needs the channels last.
#pragma once
#include "crisp/core/file.hpp"
#include "crisp/io/onnx_graph.hpp"
#include "crisp/io/weights.hpp"
#include "crisp/ops/pad.hpp"
#include "crisp/ops/upsample.hpp"

namespace crisp::io {

namespace detail {

template <class T, class D>
using Steps = std::vector<typename Var<T, D>::Step>;

// What a network runs for an image (1, height, width, channels), under no_grad; `input` is the first value.
template <class Net, class T, class D>
std::pair<Steps<T, D>, Var<T, D>> trace(const Net& net, const Var<T, D>& input) {
  const NoGrad guard;
  Var<T, D> output;
  Steps<T, D> steps = steps_of<T, D>([&] { output = net(input); });
  return {std::move(steps), output};
}

template <class T, class D>
class OnnxExporter {
  using Node = typename Var<T, D>::Node;
  using Step = typename Var<T, D>::Step;
  struct Value {
    std::string first, last;  // the names of a value (N, C, H, W) and (N, H, W, C); other ranks have only `last`
  };

 public:
  OnnxExporter(OnnxGraph& graph, std::map<const Node*, std::string> weights) : graph_(graph), weights_(std::move(weights)) {}

  void input(const Var<T, D>& x, const std::string& name) { values_[x.node().get()] = {name, ""}; }
  std::string output(const Var<T, D>& y) {
    check(is_variable(y), "export: the network's result does not depend on its input");
    return first(y.node().get());
  }

  void add(const Step& s) {
    bool variable = false;
    for (const auto& input : s.inputs) variable = variable || is_variable(input);
    if (variable) values_[s.result.node().get()] = convert(s);  // else it is a constant, whose value is known
  }

 private:
  bool is_variable(const Var<T, D>& n) const { return values_.count(n.node().get()) > 0; }
  std::string first(const Node* n) {
    Value& v = values_.at(n);
    if (v.first.empty()) v.first = graph_.node("Transpose", {v.last}, {{"perm", std::vector<Index>{0, 3, 1, 2}}});
    return v.first;
  }
  std::string last(const Node* n) {
    Value& v = values_.at(n);
    if (v.last.empty()) v.last = graph_.node("Transpose", {v.first}, {{"perm", std::vector<Index>{0, 2, 3, 1}}});
    return v.last;
  }
  static std::vector<float> floats(const Tensor<T, D>& x) {
    const std::vector<T> v = x.to_host();
    return {v.begin(), v.end()};
  }
  std::string named(const Node* n) const {
    const auto found = weights_.find(n);
    return found == weights_.end() ? "" : found->second;
  }
  // A constant under the shape that ONNX wants it in.
  std::string constant(const Var<T, D>& n, const Shape& shape, const std::vector<float>& values) {
    check(!is_variable(n), "export: an op whose weights depend on the input has no counterpart in ONNX");
    const std::string key = str(n.node().get(), shape);
    const auto found = constants_.find(key);
    return found != constants_.end() ? found->second : constants_[key] = graph_.constant(named_ones_.insert(n.node().get()).second ? named(n.node().get()) : "", shape, values);
  }
  std::string vector(const Var<T, D>& n) { return constant(n, n.value().shape(), floats(n.value())); }
  std::string filter(const Var<T, D>& n) {  // (O, kH, kW, C) -> (O, C, kH, kW)
    return constant(n, torch_shape(n.value().shape()), channels_first(floats(n.value()), n.value().shape()));
  }
  // A constant that goes with every pixel: one number, or one a channel.
  std::string along_channels(const Var<T, D>& n, bool channels_first) {
    const Index count = n.value().numel();
    check(count == 1 || n.value().shape().rank() == 1, "export: a constant of shape ", n.value().shape(), " within an op has no counterpart in ONNX");
    return constant(n, count == 1 ? Shape{1} : channels_first ? Shape{count, 1, 1} : Shape{count}, floats(n.value()));
  }

  // Ops that treat every element for itself keep the layout that is there.
  bool in_first(const Var<T, D>& n) const { return !values_.at(n.node().get()).first.empty(); }
  template <class F>
  Value keep_layout(const Var<T, D>& x, F make) {
    const bool f = in_first(x);
    const std::string y = make(f ? first(x.node().get()) : last(x.node().get()), f);
    return f ? Value{y, ""} : Value{"", y};
  }

  Value convert(const Step& s) {
    static const std::map<std::string, std::string> plain{{"relu", "Relu"}, {"sigmoid", "Sigmoid"}, {"tanh", "Tanh"}};
    static const std::map<std::string, std::string> pairs{{"add", "Add"}, {"subtract", "Sub"}, {"multiply", "Mul"}, {"divide", "Div"}};
    const auto n = [&](const char* name) { return Index(s.attributes.at(name)); };
    const auto& in = s.inputs;
    const Node* x = in[0].node().get();
    const Shape& shape = s.result.value().shape();
    if (plain.count(s.op)) return keep_layout(in[0], [&](const std::string& v, bool) { return graph_.node(plain.at(s.op), {v}); });
    if (pairs.count(s.op)) return pairwise(pairs.at(s.op), s);
    if (s.op == "leaky_relu") return keep_layout(in[0], [&](const std::string& v, bool) { return graph_.node("LeakyRelu", {v}, {{"alpha", float(s.attributes.at("slope"))}}); });
    if (s.op == "gelu") return keep_layout(in[0], [&](const std::string& v, bool) { return gelu(v); });
    if (s.op == "affine") return keep_layout(in[0], [&](const std::string& v, bool) { return affine(v, float(s.attributes.at("scale")), float(s.attributes.at("shift"))); });
    if (s.op == "prelu") return keep_layout(in[0], [&](const std::string& v, bool f) { return graph_.node("PRelu", {v, along_channels(in[1], f)}); });
    if (s.op == "conv2d") return {graph_.node("Conv", weighted(s), {{"strides", square(n("stride"))}, {"pads", std::vector<Index>{n("top"), n("left"), n("bottom"), n("right")}}}), ""};
    if (s.op == "conv_transpose2d")
      return {graph_.node("ConvTranspose", weighted(s), {{"strides", square(n("stride"))}, {"pads", std::vector<Index>(4, n("padding"))}, {"output_padding", square(n("output_padding"))}}), ""};
    if (s.op == "linear") return {"", linear(s)};
    if (s.op == "batch_norm") return {graph_.node("BatchNormalization", {first(x), vector(in[1]), vector(in[2]), vector(in[3]), vector(in[4])}, {{"epsilon", float(s.attributes.at("eps"))}}), ""};
    if (s.op == "layer_norm") return {"", graph_.node("LayerNormalization", {last(x), vector(in[1]), vector(in[2])}, {{"axis", Index(-1)}, {"epsilon", float(s.attributes.at("eps"))}})};
    if (s.op == "pixel_shuffle") return {graph_.node("DepthToSpace", {first(x)}, {{"blocksize", n("r")}, {"mode", "CRD"}}), ""};
    if (s.op == "max_pool2d" || s.op == "avg_pool2d")
      return {graph_.node(s.op == "max_pool2d" ? "MaxPool" : "AveragePool", {first(x)}, {{"kernel_shape", square(n("k"))}, {"strides", square(n("k"))}}), ""};
    if (s.op == "pad") return {pad(first(x), s), ""};
    if (s.op == "upsample") return {upsample(first(x), s), ""};
    if (s.op == "scale_channels") return {graph_.node("Mul", {first(x), first(in[1].node().get())}), ""};
    if (s.op == "softmax") return {"", graph_.node("Softmax", {last(x)}, {{"axis", Index(-1)}})};
    if (s.op == "reshape") return {"", reshape(last(x), shape)};
    if (s.op == "permute") return {"", graph_.node("Transpose", {last(x)}, {{"perm", axes(n("axes"), shape.rank())}})};
    if (s.op == "roll") return {"", rolled(rolled(last(x), 1, n("down")), 2, n("right"))};
    if (s.op == "slice") return {"", sliced(last(x), n("axis"), n("begin"), n("begin") + n("count"))};
    if (s.op == "concat") return {"", concat(s)};
    if (s.op == "window_attention") return {"", attention(s)};
    throw Error(str("export: the op '", s.op, "' has no counterpart in ONNX yet"));
  }

  static std::vector<Index> square(Index k) { return {k, k}; }
  static std::vector<Index> axes(Index number, int rank) {
    std::vector<Index> list(static_cast<std::size_t>(rank));
    for (int i = rank; i-- > 0; number /= 10) list[std::size_t(i)] = number % 10;
    return list;
  }
  std::string reshape(const std::string& x, const Shape& shape) {
    std::vector<Index> extents;
    for (int i = 0; i < shape.rank(); ++i) extents.push_back(shape[i]);
    return graph_.node("Reshape", {x, graph_.integers(extents)});
  }
  std::string gelu(const std::string& x) {  // x (1 + erf(x / sqrt 2)) / 2
    const std::string erf = graph_.node("Erf", {graph_.node("Mul", {x, graph_.number(0.70710678118654752f)})});
    return graph_.node("Mul", {graph_.node("Mul", {x, graph_.number(0.5f)}), graph_.node("Add", {erf, graph_.number(1)})});
  }
  std::string affine(const std::string& x, float scale, float shift) {
    const std::string y = scale == 1 ? x : graph_.node("Mul", {x, graph_.number(scale)});
    return shift == 0 ? y : graph_.node("Add", {y, graph_.number(shift)});
  }
  std::vector<std::string> weighted(const Step& s) {
    std::vector<std::string> inputs{first(s.inputs[0].node().get()), filter(s.inputs[1])};
    if (s.inputs.size() > 2) inputs.push_back(vector(s.inputs[2]));
    return inputs;
  }
  std::string linear(const Step& s) {  // x w^T + b
    const Shape w = s.inputs[1].value().shape();
    std::vector<float> turned = channels_last(floats(s.inputs[1].value()), Shape{1, w[1], 1, w[0]});  // (O, K) -> (K, O)
    const std::string y = graph_.node("MatMul", {last(s.inputs[0].node().get()), constant(s.inputs[1], {w[1], w[0]}, turned)});
    return s.inputs.size() > 2 ? graph_.node("Add", {y, vector(s.inputs[2])}) : y;
  }
  std::string pad(const std::string& x, const Step& s) {
    const auto n = [&](const char* name) { return Index(s.attributes.at(name)); };
    static constexpr const char* modes[] = {"constant", "edge", "reflect"};  // in the order of Border
    return graph_.node("Pad", {x, graph_.integers({0, 0, n("top"), n("left"), 0, 0, n("bottom"), n("right")})}, {{"mode", modes[n("border")]}});
  }
  std::string upsample(const std::string& x, const Step& s) {
    const Resampling method = Resampling(Index(s.attributes.at("method")));
    const float by = float(s.attributes.at("scale"));
    const std::string scales = graph_.constant("", {4}, {1, 1, by, by});
    if (method == Resampling::nearest) return graph_.node("Resize", {x, "", scales}, {{"mode", "nearest"}, {"coordinate_transformation_mode", "asymmetric"}, {"nearest_mode", "floor"}});
    if (method == Resampling::bilinear) return graph_.node("Resize", {x, "", scales}, {{"mode", "linear"}, {"coordinate_transformation_mode", "half_pixel"}});
    check(method == Resampling::bicubic_torch, "export: MATLAB's bicubic has no counterpart in ONNX");
    return graph_.node("Resize", {x, "", scales}, {{"mode", "cubic"}, {"coordinate_transformation_mode", "half_pixel"}, {"cubic_coeff_a", -0.75f}});
  }
  std::string sliced(const std::string& x, Index axis, Index begin, Index end) {
    return graph_.node("Slice", {x, graph_.integers({begin}), graph_.integers({end}), graph_.integers({axis})});
  }
  std::string rolled(const std::string& x, Index axis, Index by) {  // what leaves at one edge enters at the other
    constexpr Index end = std::numeric_limits<Index>::max();
    if (by == 0) return x;
    return graph_.node("Concat", {sliced(x, axis, -by, end), sliced(x, axis, 0, -by)}, {{"axis", axis}});
  }
  std::string concat(const Step& s) {
    std::vector<std::string> parts;
    for (const auto& part : s.inputs) parts.push_back(last(part.node().get()));
    return graph_.node("Concat", parts, {{"axis", Index(s.attributes.at("axis"))}});
  }

  Value pairwise(const std::string& type, const Step& s) {
    const auto &a = s.inputs[0], &b = s.inputs[1];
    const bool both = is_variable(a) && is_variable(b), f = in_first(is_variable(a) ? a : b);
    check(!both || a.value().shape() == b.value().shape(), "export: values of the shapes ", a.value().shape(), " and ", b.value().shape(), " joined by ", s.op, " have no counterpart in ONNX");
    const auto operand = [&](const Var<T, D>& n) {
      if (is_variable(n)) return f ? first(n.node().get()) : last(n.node().get());
      return along_channels(n, f);
    };
    const std::string y = graph_.node(type, {operand(a), operand(b)});
    return f ? Value{y, ""} : Value{"", y};
  }

  // softmax(q k^T / sqrt(d) + bias + mask) v, see ops/window_attention.hpp.
  std::string attention(const Step& s) {
    const Shape qkv = s.inputs[0].value().shape(), bias = s.inputs[1].value().shape();
    const Index B = qkv[0], n = qkv[1], C = qkv[2] / 3, heads = bias[0], d = C / heads;
    const std::string parts = graph_.node("Transpose", {reshape(last(s.inputs[0].node().get()), {B, n, 3, heads, d})}, {{"perm", std::vector<Index>{2, 0, 3, 1, 4}}});
    const auto part = [&](Index i) { return reshape(sliced(parts, 0, i, i + 1), {B, heads, n, d}); };
    const std::string q = graph_.node("Mul", {part(0), graph_.number(float(1 / std::sqrt(double(d))))});
    const std::string k = graph_.node("Transpose", {part(1)}, {{"perm", std::vector<Index>{0, 1, 3, 2}}});
    std::string scores = graph_.node("Add", {graph_.node("MatMul", {q, k}), vector(s.inputs[1])});
    if (s.inputs.size() > 2) {
      const Index G = s.inputs[2].value().shape()[0];
      const std::string mask = constant(s.inputs[2], {G, 1, n, n}, floats(s.inputs[2].value()));
      scores = reshape(graph_.node("Add", {reshape(scores, {B / G, G, heads, n, n}), mask}), {B, heads, n, n});
    }
    const std::string y = graph_.node("MatMul", {graph_.node("Softmax", {scores}, {{"axis", Index(-1)}}), part(2)});
    return reshape(graph_.node("Transpose", {y}, {{"perm", std::vector<Index>{0, 2, 1, 3}}}), {B, n, C});
  }

  OnnxGraph& graph_;
  std::map<const Node*, std::string> weights_;
  std::map<const Node*, Value> values_;
  std::map<std::string, std::string> constants_;
  std::set<const Node*> named_ones_;
};

// Whether a network does the same for both sizes, so that one graph serves all: the same ops with the same attributes, and no shape of
// numbers among them.
template <class T, class D>
bool same_for_all_sizes(const Steps<T, D>& a, const Steps<T, D>& b, const Var<T, D>& input) {
  std::set<const void*> variable{input.node().get()};
  bool same = a.size() == b.size();
  for (std::size_t i = 0; same && i < a.size(); ++i) {
    const auto& s = a[i];
    same = s.op == b[i].op && s.attributes == b[i].attributes;
    bool depends = false;
    for (const auto& in : s.inputs) depends = depends || variable.count(in.node().get()) > 0;
    if (depends) variable.insert(s.result.node().get());
    if (depends && (s.op == "reshape" || s.op == "window_attention")) same = false;
  }
  return same;
}

}  // namespace detail

struct OnnxOptions {
  Index height = 64, width = 64;  // of the input, for networks that cannot be exported for every size
};

/// What export_onnx did.
struct OnnxResult {
  bool any_size = false;  // the graph takes images of every size, and batches; else one image of the given size
  Shape output;           // (N, C, H, W) for the given size
};

/// Writes a network that takes (N, H, W, channels) as an ONNX model with an input "input" (N, C, H, W) and an output "output". One that
/// treats all sizes alike is exported for all, others (windows, padding to a multiple) for one. The file appears whole or not at all.
/// Throws Error for an op that ONNX does not have.
template <template <class, class> class Net, class T, class D>
OnnxResult export_onnx(const std::filesystem::path& path, const Net<T, D>& net, Index channels, OnnxOptions o = {}, const Metadata& metadata = {}) {
  check(o.height >= 1 && o.width >= 1 && channels >= 1, "export: an input of ", o.height, " x ", o.width, " pixels and ", channels, " channels is not possible");
  const auto image = [&](Index h, Index w) { return Var<T, D>(Tensor<T, D>({1, h, w, channels}, T(0.5))); };
  OnnxResult result;
  {
    const Var<T, D> small = image(24, 24), odd = image(29, 37);
    result.any_size = detail::same_for_all_sizes(detail::trace(net, small).first, detail::trace(net, odd).first, small);
  }
  const Var<T, D> x = image(o.height, o.width);
  const auto [steps, y] = detail::trace(net, x);
  std::map<const typename Var<T, D>::Node*, std::string> weights;
  net.each_param([&](const std::string& name, const auto& p) { weights.emplace(p.node().get(), name); });

  OnnxGraph graph;
  detail::OnnxExporter<T, D> exporter(graph, std::move(weights));
  exporter.input(x, "input");
  for (const auto& step : steps) exporter.add(step);
  result.output = {1, y[3], y[1], y[2]};
  const Shape in = result.any_size ? Shape{0, channels, 0, 0} : Shape{1, channels, o.height, o.width};
  graph.input("input", in, {"batch", "", "height", "width"});
  graph.output(exporter.output(y), "output", result.any_size ? Shape{0, y[3], 0, 0} : result.output, {"batch", "", "output_height", "output_width"});
  for (const auto& [key, value] : metadata) graph.metadata(key, value);
  write_file("export", path, graph.bytes());
  return result;
}

}  // namespace crisp::io
