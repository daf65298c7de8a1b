// OnnxGraph: an ONNX model as it is built, node by node. Uses the protobuf classes of ONNX (the only header
// that includes them): programs that include this link with -lonnx_proto -lprotobuf.
#pragma once
#ifndef ONNX_ML
#define ONNX_ML 1
#endif
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif
#include <onnx/onnx_pb.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#include <string>
#include <utility>
#include <vector>

#include "crisp/core/shape.hpp"

namespace crisp::io {

/// An attribute of a node: a number, whole numbers or a word.
struct OnnxAttribute {
  using Type = onnx::AttributeProto;
  OnnxAttribute(std::string n, float v) : name(std::move(n)), type(Type::FLOAT), number(v) {}
  OnnxAttribute(std::string n, Index v) : name(std::move(n)), type(Type::INT), whole{v} {}
  OnnxAttribute(std::string n, std::vector<Index> v)
      : name(std::move(n)), type(Type::INTS), whole(std::move(v)) {}
  OnnxAttribute(std::string n, const char* v) : name(std::move(n)), type(Type::STRING), word(v) {}
  std::string name;
  Type::AttributeType type;
  float number = 0;
  std::vector<Index> whole;
  std::string word;
};

class OnnxGraph {
 public:
  /// Operator set 17 is the first with LayerNormalization.
  OnnxGraph() {
    model_.set_ir_version(8);
    model_.set_producer_name("crisp");
    onnx::OperatorSetIdProto* set = model_.add_opset_import();
    set->set_domain("");
    set->set_version(17);
    model_.mutable_graph()->set_name("crisp");
  }

  /// Adds a node with one output and returns its name.
  std::string node(const std::string& type, const std::vector<std::string>& inputs,
                   const std::vector<OnnxAttribute>& attributes = {}) {
    onnx::NodeProto* n = model_.mutable_graph()->add_node();
    n->set_op_type(type);
    n->set_name(type + "_" + std::to_string(model_.graph().node_size()));
    for (const std::string& input : inputs) n->add_input(input);
    for (const OnnxAttribute& a : attributes) {
      onnx::AttributeProto* to = n->add_attribute();
      to->set_name(a.name);
      to->set_type(a.type);
      if (a.type == onnx::AttributeProto::FLOAT) to->set_f(a.number);
      else if (a.type == onnx::AttributeProto::INT) to->set_i(a.whole[0]);
      else if (a.type == onnx::AttributeProto::STRING) to->set_s(a.word);
      else
        for (const Index v : a.whole) to->add_ints(v);
    }
    n->add_output(n->name() + "_out");
    return n->output(0);
  }

  /// A constant of float32, under `name` or, if that is empty, under a new one; returns the name.
  std::string constant(const std::string& name, const Shape& shape, const std::vector<float>& values) {
    onnx::TensorProto* t = tensor(name, shape);
    t->set_data_type(onnx::TensorProto::FLOAT);
    t->set_raw_data(values.data(), values.size() * sizeof(float));
    return t->name();
  }
  std::string number(float v) { return constant("", {}, {v}); }

  /// A list of whole numbers: axes, shapes, pads.
  std::string integers(const std::vector<Index>& values) {
    onnx::TensorProto* t = tensor("", {Index(values.size())});
    t->set_data_type(onnx::TensorProto::INT64);
    t->set_raw_data(values.data(), values.size() * sizeof(Index));
    return t->name();
  }

  using Words = std::vector<std::string>;

  /// Names a value as an input or the output of the graph. An extent of 0 is open, and called by its word.
  void input(const std::string& name, const Shape& shape, const Words& words) {
    describe(model_.mutable_graph()->add_input(), name, shape, words);
  }
  void output(const std::string& value, const std::string& name, const Shape& shape, const Words& words) {
    onnx::NodeProto* n = model_.mutable_graph()->add_node();
    n->set_op_type("Identity");
    n->set_name(name);
    n->add_input(value);
    n->add_output(name);
    describe(model_.mutable_graph()->add_output(), name, shape, words);
  }

  void metadata(const std::string& key, const std::string& value) {
    onnx::StringStringEntryProto* entry = model_.add_metadata_props();
    entry->set_key(key);
    entry->set_value(value);
  }

  std::string bytes() const { return model_.SerializeAsString(); }

 private:
  onnx::TensorProto* tensor(const std::string& name, const Shape& shape) {
    onnx::TensorProto* t = model_.mutable_graph()->add_initializer();
    t->set_name(name.empty() ? "constant_" + std::to_string(model_.graph().initializer_size()) : name);
    for (int i = 0; i < shape.rank(); ++i) t->add_dims(shape[i]);
    return t;
  }
  static void describe(onnx::ValueInfoProto* info, const std::string& name, const Shape& shape,
                       const Words& words) {
    info->set_name(name);
    onnx::TypeProto::Tensor* type = info->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (int i = 0; i < shape.rank(); ++i) {
      onnx::TensorShapeProto::Dimension* d = type->mutable_shape()->add_dim();
      if (shape[i] > 0) d->set_dim_value(shape[i]);
      else d->set_dim_param(words[std::size_t(i)]);
    }
  }

  onnx::ModelProto model_;
};

}  // namespace crisp::io
