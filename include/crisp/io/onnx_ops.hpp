// How each plain op of crisp is written in ONNX: a table from its name to a function that adds nodes.
#pragma once
#include <cmath>
#include <functional>
#include <limits>

#include "crisp/io/onnx_values.hpp"
#include "crisp/ops/pad.hpp"
#include "crisp/ops/upsample.hpp"

namespace crisp::io::detail {

template <class T, class D>
class OnnxOps {
  using Step = crisp::Step<T, D>;
  using Function = std::function<OnnxNames(OnnxOps&, const Step&)>;

 public:
  OnnxOps(OnnxGraph& graph, OnnxValues<T, D>& values) : graph_(graph), values_(values) {}

  /// Adds the nodes of an op whose result depends on the network's input; the result of any other is a
  /// constant.
  void add(const Step& s) {
    bool variable = false;
    for (const auto& input : s.inputs) variable = variable || values_.is_variable(input);
    if (!variable) return;
    const auto found = table().find(s.op);
    check(found != table().end(), "export: the op '", s.op, "' has no counterpart in ONNX yet");
    values_.set(s.result, found->second(*this, s));
  }

 private:
  static const std::map<std::string, Function>& table() {
    static const std::map<std::string, Function> functions{
        {"abs", elementwise("Abs")},
        {"add", pairwise("Add")},
        {"affine", &OnnxOps::affine},
        {"avg_pool2d", pool("AveragePool")},
        {"batch_norm", &OnnxOps::batch_norm},
        {"clamp", &OnnxOps::clamp},
        {"concat", &OnnxOps::concat},
        {"conv2d", &OnnxOps::conv2d},
        {"conv_transpose2d", &OnnxOps::conv_transpose2d},
        {"divide", pairwise("Div")},
        {"exp", elementwise("Exp")},
        {"expand", &OnnxOps::expand},
        {"gelu", &OnnxOps::gelu},
        {"layer_norm", &OnnxOps::layer_norm},
        {"leaky_relu", &OnnxOps::leaky_relu},
        {"linear", &OnnxOps::linear},
        {"log", elementwise("Log")},
        {"max_pool2d", pool("MaxPool")},
        {"multiply", pairwise("Mul")},
        {"pad", &OnnxOps::pad},
        {"permute", &OnnxOps::permute},
        {"pixel_shuffle", &OnnxOps::pixel_shuffle},
        {"pow", &OnnxOps::pow},
        {"prelu", &OnnxOps::prelu},
        {"reciprocal", &OnnxOps::reciprocal},
        {"relu", elementwise("Relu")},
        {"reshape", &OnnxOps::reshape},
        {"roll", &OnnxOps::roll},
        {"scale_channels", &OnnxOps::scale_channels},
        {"sigmoid", elementwise("Sigmoid")},
        {"slice", &OnnxOps::slice},
        {"softmax", &OnnxOps::softmax},
        {"sqrt", elementwise("Sqrt")},
        {"subtract", pairwise("Sub")},
        {"tanh", elementwise("Tanh")},
        {"upsample", &OnnxOps::upsample},
        {"window_attention", &OnnxOps::window_attention},
    };
    return functions;
  }

  static Index whole(const Step& s, const char* attribute) { return Index(s.attributes.at(attribute)); }
  static float real(const Step& s, const char* attribute) { return float(s.attributes.at(attribute)); }
  static std::vector<Index> square(Index side) { return {side, side}; }

  // Each element for itself: these ops keep the layout that is there. make(x, nchw) adds the nodes.
  template <class F>
  OnnxNames keep_layout(const Var<T, D>& x, F make) {
    if (values_.has_nchw(x)) return in_nchw(make(values_.nchw(x), true));
    return in_nhwc(make(values_.nhwc(x), false));
  }
  static Function elementwise(const char* type) {
    return [type](OnnxOps& ops, const Step& s) {
      const auto make = [&](const std::string& x, bool) { return ops.graph_.node(type, {x}); };
      return ops.keep_layout(s.inputs[0], make);
    };
  }
  OnnxNames leaky_relu(const Step& s) {
    return keep_layout(s.inputs[0], [&](const std::string& x, bool) {
      return graph_.node("LeakyRelu", {x}, {{"alpha", real(s, "slope")}});
    });
  }
  OnnxNames gelu(const Step& s) {  // x / 2 (1 + erf(x / sqrt 2))
    return keep_layout(s.inputs[0], [&](const std::string& x, bool) {
      const std::string scaled = graph_.node("Mul", {x, graph_.number(0.70710678118654752f)});
      const std::string erf = graph_.node("Erf", {scaled});
      const std::string half = graph_.node("Mul", {x, graph_.number(0.5f)});
      return graph_.node("Mul", {half, graph_.node("Add", {erf, graph_.number(1)})});
    });
  }
  OnnxNames affine(const Step& s) {
    return keep_layout(s.inputs[0], [&](const std::string& x, bool) {
      const float scale = real(s, "scale"), shift = real(s, "shift");
      const std::string y = scale == 1 ? x : graph_.node("Mul", {x, graph_.number(scale)});
      return shift == 0 ? y : graph_.node("Add", {y, graph_.number(shift)});
    });
  }
  OnnxNames reciprocal(const Step& s) {
    return keep_layout(s.inputs[0], [&](const std::string& x, bool) {
      return graph_.node("Div", {graph_.number(real(s, "number")), x});
    });
  }
  OnnxNames pow(const Step& s) {
    return keep_layout(s.inputs[0], [&](const std::string& x, bool) {
      return graph_.node("Pow", {x, graph_.number(real(s, "exponent"))});
    });
  }
  OnnxNames clamp(const Step& s) {
    return keep_layout(s.inputs[0], [&](const std::string& x, bool) {
      return graph_.node("Clip", {x, graph_.number(real(s, "low")), graph_.number(real(s, "high"))});
    });
  }
  OnnxNames prelu(const Step& s) {
    return keep_layout(s.inputs[0], [&](const std::string& x, bool nchw) {
      return graph_.node("PRelu", {x, values_.along_channels(s.inputs[1], nchw)});
    });
  }

  // Two operands, of which one may be a constant.
  static Function pairwise(const char* type) {
    return [type](OnnxOps& ops, const Step& s) { return ops.pair(type, s); };
  }
  OnnxNames pair(const char* type, const Step& s) {
    const Var<T, D>&a = s.inputs[0], &b = s.inputs[1];
    const bool both = values_.is_variable(a) && values_.is_variable(b);
    check(!both || a.shape() == b.shape(), "export: values of the shapes ", a.shape(), " and ", b.shape(),
          " joined by ", s.op, " have no counterpart in ONNX");
    const Var<T, D>& variable = values_.is_variable(a) ? a : b;
    const bool nchw = values_.has_nchw(variable);
    const auto operand = [&](const Var<T, D>& x) {
      if (!values_.is_variable(x)) return values_.along_channels(x, nchw);
      return nchw ? values_.nchw(x) : values_.nhwc(x);
    };
    const std::string y = graph_.node(type, {operand(a), operand(b)});
    return nchw ? in_nchw(y) : in_nhwc(y);
  }

  // Images, (N, C, H, W).
  std::vector<std::string> with_weights(const Step& s) {
    std::vector<std::string> inputs{values_.nchw(s.inputs[0]), values_.filter(s.inputs[1])};
    if (s.inputs.size() > 2) inputs.push_back(values_.vector(s.inputs[2]));
    return inputs;
  }
  OnnxNames conv2d(const Step& s) {
    const std::vector<Index> pads{whole(s, "top"), whole(s, "left"), whole(s, "bottom"), whole(s, "right")};
    std::vector<OnnxAttribute> attributes{{"strides", square(whole(s, "stride"))}, {"pads", pads}};
    if (whole(s, "dilation") > 1) attributes.push_back({"dilations", square(whole(s, "dilation"))});
    return in_nchw(graph_.node("Conv", with_weights(s), attributes));
  }
  OnnxNames conv_transpose2d(const Step& s) {
    const std::vector<OnnxAttribute> attributes{{"strides", square(whole(s, "stride"))},
                                                {"pads", std::vector<Index>(4, whole(s, "padding"))},
                                                {"output_padding", square(whole(s, "output_padding"))}};
    return in_nchw(graph_.node("ConvTranspose", with_weights(s), attributes));
  }
  OnnxNames batch_norm(const Step& s) {
    std::vector<std::string> inputs{values_.nchw(s.inputs[0])};
    for (int i : {1, 2, 3, 4}) inputs.push_back(values_.vector(s.inputs[std::size_t(i)]));
    return in_nchw(graph_.node("BatchNormalization", inputs, {{"epsilon", real(s, "eps")}}));
  }
  OnnxNames pixel_shuffle(const Step& s) {
    const std::string x = values_.nchw(s.inputs[0]);
    return in_nchw(graph_.node("DepthToSpace", {x}, {{"blocksize", whole(s, "r")}, {"mode", "CRD"}}));
  }
  static Function pool(const char* type) {
    return [type](OnnxOps& ops, const Step& s) {
      const std::vector<Index> side = square(whole(s, "k"));
      const std::string x = ops.values_.nchw(s.inputs[0]);
      return in_nchw(ops.graph_.node(type, {x}, {{"kernel_shape", side}, {"strides", side}}));
    };
  }
  OnnxNames pad(const Step& s) {
    static constexpr const char* modes[] = {"constant", "edge", "reflect"};  // in the order of Border
    const std::string x = values_.nchw(s.inputs[0]);
    const std::string pads = graph_.integers(
        {0, 0, whole(s, "top"), whole(s, "left"), 0, 0, whole(s, "bottom"), whole(s, "right")});
    return in_nchw(graph_.node("Pad", {x, pads}, {{"mode", modes[whole(s, "border")]}}));
  }
  OnnxNames upsample(const Step& s) {
    const std::string x = values_.nchw(s.inputs[0]);
    const float by = real(s, "scale");
    const std::string scales = graph_.constant("", {4}, {1, 1, by, by});
    return in_nchw(graph_.node("Resize", {x, "", scales}, resize_attributes(Resampling(whole(s, "method")))));
  }
  static std::vector<OnnxAttribute> resize_attributes(Resampling method) {
    constexpr const char* transformation = "coordinate_transformation_mode";
    if (method == Resampling::nearest)
      return {{"mode", "nearest"}, {transformation, "asymmetric"}, {"nearest_mode", "floor"}};
    if (method == Resampling::bilinear) return {{"mode", "linear"}, {transformation, "half_pixel"}};
    check(method == Resampling::bicubic_torch, "export: MATLAB's bicubic has no counterpart in ONNX");
    return {{"mode", "cubic"}, {transformation, "half_pixel"}, {"cubic_coeff_a", -0.75f}};
  }
  OnnxNames scale_channels(const Step& s) {
    const std::string x = values_.nchw(s.inputs[0]);
    return in_nchw(graph_.node("Mul", {x, values_.nchw(s.inputs[1])}));
  }

  // The channels, or the last axis of a value of any rank.
  OnnxNames linear(const Step& s) {  // x w^T + b
    const Var<T, D>& w = s.inputs[1];
    const Shape as_filter{1, w[1], 1, w[0]};  // (O, K) -> (K, O)
    const std::vector<float> transposed = channels_last(OnnxValues<T, D>::floats(w.value()), as_filter);
    const std::string x = values_.nhwc(s.inputs[0]);
    const std::string y = graph_.node("MatMul", {x, values_.constant(w, {w[1], w[0]}, transposed)});
    return in_nhwc(s.inputs.size() > 2 ? graph_.node("Add", {y, values_.vector(s.inputs[2])}) : y);
  }
  OnnxNames layer_norm(const Step& s) {
    const std::vector<std::string> inputs{values_.nhwc(s.inputs[0]), values_.vector(s.inputs[1]),
                                          values_.vector(s.inputs[2])};
    return in_nhwc(
        graph_.node("LayerNormalization", inputs, {{"axis", Index(-1)}, {"epsilon", real(s, "eps")}}));
  }
  OnnxNames softmax(const Step& s) { return in_nhwc(add_softmax(values_.nhwc(s.inputs[0]))); }
  std::string add_softmax(const std::string& x) { return graph_.node("Softmax", {x}, {{"axis", Index(-1)}}); }

  // The order of elements.
  OnnxNames reshape(const Step& s) {
    return in_nhwc(add_reshape(values_.nhwc(s.inputs[0]), s.result.shape()));
  }
  std::string add_reshape(const std::string& x, const Shape& shape) {
    return graph_.node("Reshape", {x, extents(shape)});
  }
  OnnxNames expand(const Step& s) {
    return in_nhwc(graph_.node("Expand", {values_.nhwc(s.inputs[0]), extents(s.result.shape())}));
  }
  std::string extents(const Shape& shape) {
    std::vector<Index> all;
    for (int i = 0; i < shape.rank(); ++i) all.push_back(shape[i]);
    return graph_.integers(all);
  }
  OnnxNames permute(const Step& s) {  // the attribute has a decimal digit an axis: 213 is {2, 1, 3}
    std::vector<Index> axes(static_cast<std::size_t>(s.result.shape().rank()));
    Index digits = whole(s, "axes");
    for (std::size_t i = axes.size(); i-- > 0; digits /= 10) axes[i] = digits % 10;
    return in_nhwc(add_transpose(values_.nhwc(s.inputs[0]), axes));
  }
  std::string add_transpose(const std::string& x, const std::vector<Index>& axes) {
    return graph_.node("Transpose", {x}, {{"perm", axes}});
  }
  OnnxNames slice(const Step& s) {
    const Index begin = whole(s, "begin"), end = begin + whole(s, "count");
    return in_nhwc(add_slice(values_.nhwc(s.inputs[0]), whole(s, "axis"), begin, end));
  }
  std::string add_slice(const std::string& x, Index axis, Index begin, Index end) {
    const std::string from = graph_.integers({begin}), to = graph_.integers({end});
    return graph_.node("Slice", {x, from, to, graph_.integers({axis})});
  }
  OnnxNames roll(const Step& s) {
    return in_nhwc(add_roll(add_roll(values_.nhwc(s.inputs[0]), 1, whole(s, "down")), 2, whole(s, "right")));
  }
  // What leaves at one edge enters at the other.
  std::string add_roll(const std::string& x, Index axis, Index by) {
    constexpr Index end = std::numeric_limits<Index>::max();
    if (by == 0) return x;
    const std::string left = add_slice(x, axis, -by, end), stays = add_slice(x, axis, 0, -by);
    return graph_.node("Concat", {left, stays}, {{"axis", axis}});
  }
  OnnxNames concat(const Step& s) {
    std::vector<std::string> parts;
    for (const auto& part : s.inputs) parts.push_back(values_.nhwc(part));
    return in_nhwc(graph_.node("Concat", parts, {{"axis", whole(s, "axis")}}));
  }

  // softmax(q k^T / sqrt(d) + bias + mask) v, see ops/window_attention.hpp; B windows of n pixels.
  OnnxNames window_attention(const Step& s) {
    const Shape qkv = s.inputs[0].shape();
    const Index B = qkv[0], n = qkv[1];
    const Index heads = s.inputs[1][0];
    const Index C = qkv[2] / 3, d = C / heads;
    const std::string split = add_reshape(values_.nhwc(s.inputs[0]), {B, n, 3, heads, d});
    const std::string parts = add_transpose(split, {2, 0, 3, 1, 4});  // (3, B, heads, n, d)
    const auto part = [&](Index i) { return add_reshape(add_slice(parts, 0, i, i + 1), {B, heads, n, d}); };
    const std::string q = graph_.node("Mul", {part(0), graph_.number(float(1 / std::sqrt(double(d))))});
    const std::string k = add_transpose(part(1), {0, 1, 3, 2});
    std::string scores = graph_.node("Add", {graph_.node("MatMul", {q, k}), values_.vector(s.inputs[1])});
    if (s.inputs.size() > 2) scores = masked(scores, s.inputs[2], {B, heads, n, n});
    const std::string y = graph_.node("MatMul", {add_softmax(scores), part(2)});
    return in_nhwc(add_reshape(add_transpose(y, {0, 2, 1, 3}), {B, n, C}));
  }
  // scores (B, heads, n, n) plus mask (G, n, n), which every G windows share.
  std::string masked(const std::string& scores, const Var<T, D>& mask, const Shape& shape) {
    const Index G = mask[0];  // masks
    const Index heads = shape[1], n = shape[2];
    const std::string added = values_.constant(mask, {G, 1, n, n}, OnnxValues<T, D>::floats(mask.value()));
    const std::string grouped = add_reshape(scores, {shape[0] / G, G, heads, n, n});
    return add_reshape(graph_.node("Add", {grouped, added}), shape);
  }

  OnnxGraph& graph_;
  OnnxValues<T, D>& values_;
};

}  // namespace crisp::io::detail
