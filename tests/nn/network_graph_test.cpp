// The graph of a network: its ops with their layers, shapes and parameters; what is repeated is folded.
#include "crisp/nn/network_graph.hpp"

#include "crisp/nn/conv2d.hpp"
#include "crisp/nn/prelu.hpp"
#include "crisp/nn/res_block.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::nn;
using namespace crisp::test;

namespace {

struct Residual {
  Conv2d<float, Device> head;
  std::vector<ResBlock<float, Device>> body;
  Conv2d<float, Device> tail;
  Residual(Index blocks) : head(1, 4, 3), body(repeat<ResBlock<float, Device>>(blocks, 4)), tail(4, 1, 3) {}
  Var<float, Device> operator()(const Var<float, Device>& x) const {
    Var<float, Device> y = head(x);
    const Var<float, Device> first = y;
    for (const auto& block : body) y = block(y);
    return tail(y + first);
  }
  CRISP_PARAMS(head, body, tail)
};

struct Wider {
  Conv2d<float, Device> a{1, 4, 3}, b{4, 8, 3}, c{8, 16, 3}, d{16, 32, 3}, e{32, 1, 3};
  Var<float, Device> operator()(const Var<float, Device>& x) const { return e(d(c(b(a(x))))); }
  CRISP_PARAMS(a, b, c, d, e)
};

struct Group {
  std::vector<ResBlock<float, Device>> blocks = repeat<ResBlock<float, Device>>(3, 4);
  Conv2d<float, Device> conv{4, 4, 1};
  Var<float, Device> operator()(const Var<float, Device>& x) const {
    Var<float, Device> y = x;
    for (const auto& block : blocks) y = block(y);
    return conv(y) + x;
  }
  CRISP_PARAMS(blocks, conv)
};

struct Net {
  Conv2d<float, Device> head{1, 4, 3};
  std::vector<Group> groups = repeat<Group>(4);
  Var<float, Device> operator()(const Var<float, Device>& x) const {
    Var<float, Device> y = head(x);
    for (const Group& group : groups) y = group(y);
    return y;
  }
  CRISP_PARAMS(head, groups)
};

const GraphOp& op(const NetworkGraph& graph, const GraphPart& part) {
  return graph.ops[std::size_t(part.first)];
}

}  // namespace

TEST_CASE("a chain of residual blocks: the blocks are one part that is repeated") {
  const Residual net(5);
  const NetworkGraph graph = network_graph(net, Tensor<float, Device>({1, 8, 6, 1}, 0.5f));
  CHECK(graph.ops.size() == 1 + 1 + 5 * 4 + 2);  // of a block: conv2d, relu, conv2d, add
  REQUIRE(graph.parts.size() == 5);
  CHECK(op(graph, graph.parts[0]).op == "input");
  CHECK(op(graph, graph.parts[1]).layer == "head");
  CHECK(op(graph, graph.parts[1]).parameters == 4 * 9 + 4);
  CHECK(op(graph, graph.parts[1]).output == Shape{1, 8, 6, 4});
  const GraphPart& blocks = graph.parts[2];
  CHECK(blocks.times == 5);
  CHECK(blocks.count == 4);
  CHECK(blocks.end() == 22);
  REQUIRE(blocks.parts.size() == 4);
  CHECK(op(graph, blocks.parts[0]).layer == "body.0.conv1");
  CHECK(op(graph, blocks.parts[1]).op == "relu");
  CHECK(op(graph, blocks.parts[3]).op == "add");
  CHECK(nn::detail::member_of(graph.ops, blocks.first, blocks.first + blocks.count) == "body.0");
  CHECK(nn::detail::member_of(graph.ops, blocks.end() - blocks.count, blocks.end()) == "body.4");
  // The last add takes what the last block gives, for which the first one stands, and what the head gives.
  const GraphOp& sum = op(graph, graph.parts[3]);
  REQUIRE(sum.inputs.size() == 2);
  CHECK(graph.shown(sum.inputs[0]) == blocks.parts[3].first);
  CHECK(graph.shown(sum.inputs[1]) == graph.parts[1].first);
  Index parameters = 0;
  for (const GraphOp& o : graph.ops) parameters += o.parameters;
  CHECK(parameters == parameter_count(net).all());
}

TEST_CASE("little is not folded, and parts that differ are not") {
  CHECK(network_graph(Residual(1), Tensor<float, Device>({1, 8, 6, 1})).parts.size() == 8);
  CHECK(network_graph(Wider(), Tensor<float, Device>({1, 8, 6, 1})).parts.size() == 6);
}

TEST_CASE("repeated parts that hold repeated parts") {
  const NetworkGraph graph = network_graph(Net(), Tensor<float, Device>({1, 8, 6, 1}));
  REQUIRE(graph.parts.size() == 3);
  CHECK(graph.parts[2].times == 4);
  REQUIRE(graph.parts[2].parts.size() == 3);
  CHECK(graph.parts[2].parts[0].times == 3);
  CHECK(graph.parts[2].parts[1].count == 1);
  CHECK(op(graph, graph.parts[2].parts[1]).layer == "groups.0.conv");
  CHECK(graph.shown(Index(graph.ops.size()) - 1) == graph.parts[2].parts[2].first);
}

TEST_CASE("names of members that two names share") {
  CHECK(nn::detail::common_member("body.3.conv1", "body.3.conv2") == "body.3");
  CHECK(nn::detail::common_member("body.3", "body.31") == "body");
  CHECK(nn::detail::common_member("conv1", "conv1") == "conv1");
  CHECK(nn::detail::common_member("conv1", "conv2") == "");
  CHECK(nn::detail::common_member("a", "a.b") == "a");
}
