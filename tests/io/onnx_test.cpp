// The export to ONNX: every network becomes a graph, the graph says what it is, and what has no counterpart
// is refused.
#include "crisp/io/onnx.hpp"

#include "crisp/ops/abs.hpp"
#include "crisp/ops/clamp.hpp"
#include "crisp/ops/exp.hpp"
#include "crisp/ops/expand.hpp"
#include "crisp/ops/log.hpp"
#include "crisp/ops/pow.hpp"
#include "crisp/ops/reduce.hpp"
#include "crisp/ops/sqrt.hpp"
#include "crisp/zoo/any_model.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::io;
using namespace crisp::zoo;
using namespace crisp::test;

namespace {

onnx::ModelProto exported(const std::filesystem::path& path) {
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(read_file("test", path)));
  return model;
}

std::map<std::string, int> kinds(const onnx::ModelProto& model) {
  std::map<std::string, int> count;
  for (const auto& node : model.graph().node()) ++count[node.op_type()];
  return count;
}

template <class T, class D>
struct Largest {
  Var<T, D> operator()(const Var<T, D>& x) const { return max(x, 3); }
  template <class F>
  void each_param(F&&) const {}
};

// No template, and without weights but one.
struct Numbers {
  nn::Param<float, Cpu> gain{Tensor<float, Cpu>({1, 1, 1, 3}, 2.0f)};
  Var<float, Cpu> operator()(const Var<float, Cpu>& x) const {
    const auto y = clamp(exp(x) + log(abs(x) + 1.0), 0, 5) + 1.0 / (pow(x, 2) + 1.0);
    return sqrt(y * expand(gain, x.shape()));
  }
  CRISP_PARAMS(gain)
};

}  // namespace

TEST_CASE("onnx: ops on single numbers, of a network that is no template") {
  const TemporaryFolder folder;
  const Numbers net;
  export_onnx(folder.path / "numbers.onnx", net, 3, {.height = 5, .width = 4});
  const auto count = kinds(exported(folder.path / "numbers.onnx"));
  for (const char* kind : {"Exp", "Log", "Abs", "Clip", "Pow", "Div", "Sqrt"}) {
    INFO(kind);
    CHECK((count.contains(kind) && count.at(kind) == 1));
  }
}

TEST_CASE(
    "onnx: every network becomes a graph whose inputs are all there, of every size where that is possible") {
  const TemporaryFolder folder;
  const auto path = folder.path / "model.onnx";
  std::vector<zoo::Settings> all;
  for (const std::string& name : zoo::model_names())
    if (!zoo::from_examples(name)) all.push_back({{"model", name}});
  for (const char* variant : {"classical", "real", "denoise", "jpeg"})
    all.push_back({{"model", "swinir"}, {"variant", variant}});
  for (zoo::Settings s : all) {
    const std::string name = s.at("model");
    const bool windows = name.starts_with("swinir") || name == "hybrid";
    if (windows) s.insert({{"embed", "12"}, {"heads", "2"}, {"depths", "2"}});
    if (name == "hybrid" || name.starts_with("edsr")) s.insert({{"features", "8"}, {"blocks", "2"}});
    const auto net = zoo::AnyModel<float, Cpu>::create(s);
    CAPTURE(name);
    const OnnxResult result =
        export_onnx(path, net, net.channels(), {.height = 20, .width = 13}, net.settings());
    CHECK(result.any_size == !(windows || name == "srautoencoder"));
    const Index factor = net.input_spec().enlarged ? 1 : net.scale();
    CHECK(result.output == Shape{1, net.channels(), 20 * factor, 13 * factor});
    const onnx::ModelProto model = exported(path);
    CHECK(model.graph().input(0).type().tensor_type().shape().dim(2).has_dim_param() == result.any_size);
    std::set<std::string> known{"input", ""};
    std::size_t weights = 0;
    for (const auto& t : model.graph().initializer()) {
      known.insert(t.name());
      weights += std::size_t(t.data_type() == onnx::TensorProto::FLOAT) * t.raw_data().size() / 4;
    }
    for (const auto& node : model.graph().node()) {
      for (const auto& input : node.input()) CHECK(known.count(input) == 1);
      CHECK(known.insert(node.output(0)).second);
    }
    CHECK(known.count("output") == 1);
    if (!windows) CHECK(weights >= std::size_t(nn::parameter_count(net).trained));
  }
}

TEST_CASE("onnx: a plain network needs no node beside its own, and keeps PyTorch's names") {
  const TemporaryFolder folder;
  models::Srcnn<float, Cpu> net;
  export_onnx(folder.path / "srcnn.onnx", net, 1, {}, {{"model", "srcnn"}});
  const onnx::ModelProto model = exported(folder.path / "srcnn.onnx");
  const auto count = kinds(model);
  CHECK(count == std::map<std::string, int>{{"Conv", 3}, {"Relu", 2}, {"Pad", 2}, {"Identity", 1}});
  bool found = false;
  for (const auto& t : model.graph().initializer())
    found = found || (t.name() == "conv1.weight" && t.dims(0) == 64 && t.dims(1) == 1 && t.dims(2) == 9);
  CHECK(found);
  CHECK(model.metadata_props(0).key() == "model");
  CHECK(model.opset_import(0).version() == 17);
}

TEST_CASE("onnx: kernels that are not square, and dilations") {
  const TemporaryFolder folder;
  const nn::Conv2d<float, Cpu> conv(1, 2, {3, 5}, {.dilation = 2});
  export_onnx(folder.path / "conv.onnx", conv, 1, {.height = 9, .width = 8});
  const onnx::ModelProto model = exported(folder.path / "conv.onnx");
  std::map<std::string, std::vector<Index>> of_conv;
  for (const auto& node : model.graph().node())
    for (const auto& a : node.attribute())
      if (node.op_type() == "Conv") of_conv[a.name()].assign(a.ints().begin(), a.ints().end());
  CHECK(of_conv == std::map<std::string, std::vector<Index>>{
                       {"strides", {1, 1}}, {"pads", {2, 4, 2, 4}}, {"dilations", {2, 2}}});
  for (const auto& t : model.graph().initializer())
    if (t.name() == "weight") CHECK((t.dims(0) == 2 && t.dims(1) == 1 && t.dims(2) == 3 && t.dims(3) == 5));
}

TEST_CASE("onnx: what has no counterpart is refused, and no file is left") {
  const TemporaryFolder folder;
  CHECK_ERROR(export_onnx(folder.path / "x.onnx", Largest<float, Cpu>(), 3),
              "the op 'max' has no counterpart in ONNX yet");
  const auto gr = zoo::AnyModel<float, Cpu>::create({{"model", "gr"}});
  CHECK_ERROR(export_onnx(folder.path / "x.onnx", gr, 1), "'from_examples' has no counterpart in ONNX yet");
  CHECK_FALSE(std::filesystem::exists(folder.path / "x.onnx"));
  CHECK_ERROR(export_onnx(folder.path / "x.onnx", models::Srcnn<float, Cpu>(), 1, {.height = 0}),
              "an input of 0 x 64 pixels");
  CHECK((crisp::detail::trace<float, Cpu> == nullptr));  // also after an error, ops are no longer traced
}
