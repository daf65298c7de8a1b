// What the values of a network are called in an ONNX graph. Images are (N, C, H, W) there, crisp's
// are (N, H, W, C): a value has a name for each layout in which it is needed.
#pragma once
#include <map>
#include <set>

#include "crisp/io/onnx_graph.hpp"
#include "crisp/io/weights.hpp"

namespace crisp::io::detail {

/// The names of a value in the two layouts; empty where it was not needed yet. A value of another rank than 4
/// lies as in crisp, and its name is `nhwc`.
struct OnnxNames {
  std::string nchw, nhwc;
};
inline OnnxNames in_nchw(std::string name) { return {std::move(name), ""}; }
inline OnnxNames in_nhwc(std::string name) { return {"", std::move(name)}; }

/// The values that depend on the network's input, called variable here; all others are constants of the
/// graph.
template <class T, class D>
class OnnxValues {
 public:
  /// `weights` are the names of the network's weights, which constants take over.
  OnnxValues(OnnxGraph& graph, std::map<const AnyNode*, std::string> weights)
      : graph_(graph), weights_(std::move(weights)) {}

  void set(const Var<T, D>& x, OnnxNames names) { variables_[x.node().get()] = std::move(names); }
  bool is_variable(const Var<T, D>& x) const { return variables_.count(x.node().get()) > 0; }
  bool has_nchw(const Var<T, D>& x) const { return !variables_.at(x.node().get()).nchw.empty(); }

  /// The name of a variable in the layout (N, C, H, W); transposed at its first use.
  std::string nchw(const Var<T, D>& x) {
    OnnxNames& names = variables_.at(x.node().get());
    if (names.nchw.empty()) names.nchw = transposed(names.nhwc, {0, 3, 1, 2});
    return names.nchw;
  }
  /// The same for (N, H, W, C).
  std::string nhwc(const Var<T, D>& x) {
    OnnxNames& names = variables_.at(x.node().get());
    if (names.nhwc.empty()) names.nhwc = transposed(names.nchw, {0, 2, 3, 1});
    return names.nhwc;
  }

  /// The name of a constant with the given values, under the shape that ONNX wants it in.
  std::string constant(const Var<T, D>& x, const Shape& shape, const std::vector<float>& values) {
    check(!is_variable(x), "export: an op whose weights depend on the input has no counterpart in ONNX");
    const std::string key = str(x.node().get(), shape);
    if (const auto found = constants_.find(key); found != constants_.end()) return found->second;
    return constants_[key] = graph_.constant(unused_name(x), shape, values);
  }
  std::string vector(const Var<T, D>& x) { return constant(x, x.shape(), floats(x.value())); }
  /// (O, kH, kW, C) -> (O, C, kH, kW).
  std::string filter(const Var<T, D>& x) {
    return constant(x, torch_shape(x.shape()), channels_first(floats(x.value()), x.shape()));
  }
  /// A constant that goes with every pixel: one number, one a channel, or an image (N, H, W, C).
  std::string along_channels(const Var<T, D>& x, bool in_nchw) {
    const Index count = x.numel();
    const int rank = x.shape().rank();
    if (count > 1 && rank == 4) return in_nchw ? filter(x) : vector(x);
    check(count == 1 || rank == 1, "export: a constant of shape ", x.shape(),
          " within an op has no counterpart in ONNX");
    const Shape channels = in_nchw ? Shape{count, 1, 1} : Shape{count};
    return constant(x, count == 1 ? Shape{1} : channels, floats(x.value()));
  }

  static std::vector<float> floats(const Tensor<T, D>& x) {
    const std::vector<T> v = x.to_host();
    return {v.begin(), v.end()};
  }

 private:
  std::string transposed(const std::string& x, std::vector<Index> axes) {
    return graph_.node("Transpose", {x}, {{"perm", std::move(axes)}});
  }
  // The name of a weight, for the first constant that is made of it; else none.
  std::string unused_name(const Var<T, D>& x) {
    const auto found = weights_.find(x.node().get());
    if (found == weights_.end() || !named_.insert(x.node().get()).second) return "";
    return found->second;
  }

  OnnxGraph& graph_;
  std::map<const AnyNode*, std::string> weights_;
  std::map<const AnyNode*, OnnxNames> variables_;
  std::map<std::string, std::string> constants_;
  std::set<const AnyNode*> named_;
};

}  // namespace crisp::io::detail
