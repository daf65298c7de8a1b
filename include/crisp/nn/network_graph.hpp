// NetworkGraph: what a network runs for an input, op by op, with the parts found that are repeated, so that a
// deep network can be drawn or printed on a page.
#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "crisp/autograd/trace.hpp"
#include "crisp/nn/mode.hpp"
#include "crisp/nn/module.hpp"

namespace crisp::nn {

/// An op, or the input of the network.
struct GraphOp {
  std::string op = {};     // "conv2d"
  std::string layer = {};  // the member whose parameters it reads, such as "body.3.conv1"; may be empty
  std::vector<Shape> reads = {};                  // the shapes of these parameters
  Index parameters = 0;                           // and how many numbers they hold
  std::map<std::string, double> attributes = {};  // {"stride", 2}
  Shape output = {};                              // of its result
  std::vector<Index> inputs = {};  // the ops that it takes, by their place in NetworkGraph::ops
};

/// An op, or a list of parts that is run several times, each time with other parameters.
struct GraphPart {
  Index first = 0, count = 1;         // the ops of one repetition
  Index times = 1;                    // repetitions, one after the other
  std::vector<GraphPart> parts = {};  // of a repetition; empty: this is the op `first`

  Index end() const { return first + count * times; }
};

struct NetworkGraph {
  std::vector<GraphOp> ops;      // in the order in which they run; the first is the input
  std::vector<GraphPart> parts;  // all of them

  /// The op of the first repetition that stands for an op of any.
  Index shown(Index op) const { return shown_in(parts, op); }

 private:
  static Index shown_in(const std::vector<GraphPart>& parts, Index op) {
    for (const GraphPart& part : parts) {
      if (op >= part.end()) continue;
      const Index same = part.first + (op - part.first) % part.count;
      return part.parts.empty() ? same : shown_in(part.parts, same);
    }
    return op;
  }
};

namespace detail {

// "body.3" of "body.3.conv1" and "body.3.conv2": the names, up to a point, that both have.
inline std::string common_member(const std::string& a, const std::string& b) {
  std::size_t end = 0, at = 0;
  while (at <= a.size() && at <= b.size()) {
    const bool a_ends = at == a.size() || a[at] == '.', b_ends = at == b.size() || b[at] == '.';
    if (a_ends && b_ends) end = at;
    if (at == a.size() || at == b.size() || a[at] != b[at]) break;
    ++at;
  }
  return a.substr(0, end);
}

// The member that all ops from first to end belong to; empty where there is none.
inline std::string member_of(const std::vector<GraphOp>& ops, Index first, Index end) {
  std::string member;
  bool known = false;
  for (Index i = first; i < end; ++i) {
    const std::string& layer = ops[std::size_t(i)].layer;
    if (layer.empty()) continue;
    member = known ? common_member(member, layer) : layer;
    known = true;
  }
  return member;
}

// Finds repetitions: parts one after the other that do the same with parameters of the same shapes.
class Repetitions {
 public:
  explicit Repetitions(NetworkGraph& graph) : graph_(graph), parts_(graph.parts) {
    parts_.clear();
    for (Index i = 0; i < Index(graph.ops.size()); ++i) parts_.push_back({.first = i});
    while (folds_some()) {
    }
  }

 private:
  // Folds the repetitions with the shortest period. Returns whether there were any.
  bool folds_some() {
    const std::vector<Index> kinds = kinds_of_parts();
    for (Index period = 1; 2 * period <= Index(kinds.size()); ++period) {
      std::vector<GraphPart> folded = with_folded(kinds, period);
      if (folded.size() == parts_.size()) continue;
      parts_ = std::move(folded);
      return true;
    }
    return false;
  }

  std::vector<GraphPart> with_folded(const std::vector<Index>& kinds, Index period) const {
    std::vector<GraphPart> folded;
    const Index n = Index(kinds.size());
    for (Index i = 0; i < n;) {
      Index again = 0;  // parts from i on that come once more, a period later
      while (i + period + again < n &&
             kinds[std::size_t(i + again)] == kinds[std::size_t(i + period + again)])
        ++again;
      constexpr Index worth_it = 4;  // parts that need not be drawn
      if (again < std::max(period, worth_it)) {
        folded.push_back(parts_[std::size_t(i++)]);
        continue;
      }
      const Index skipped = best_begin(i, period, again + period), begin = i + skipped;
      const Index times = (again + period - skipped) / period;
      for (; i < begin; ++i) folded.push_back(parts_[std::size_t(i)]);
      folded.push_back(repeated(begin, period, times));
      i = begin + period * times;
    }
    return folded;
  }

  // Of a run of parts with a period, how many to leave before the first repetition: so that each repetition
  // is one member of the network, or at least begins with a large layer.
  Index best_begin(Index run, Index period, Index length) const {
    Index best = 0;
    std::pair<Index, Index> best_score{-1, -1};
    for (Index skipped = 0; skipped < period && (length - skipped) / period >= 2; ++skipped) {
      const GraphPart& first = parts_[std::size_t(run + skipped)];
      const Index end = parts_[std::size_t(run + skipped + period - 1)].end();
      const std::string member = member_of(graph_.ops, first.first, end);
      const Index depth = member.empty() ? 0 : 1 + std::count(member.begin(), member.end(), '.');
      const std::pair score{depth, graph_.ops[std::size_t(first.first)].parameters};
      if (score > best_score) best = skipped, best_score = score;
    }
    return best;
  }

  GraphPart repeated(Index begin, Index period, Index times) const {
    GraphPart part{parts_[std::size_t(begin)].first, 0, times, {}};
    for (Index i = begin; i < begin + period; ++i) part.parts.push_back(parts_[std::size_t(i)]);
    part.count = part.parts.back().end() - part.first;
    return part;
  }

  // Parts of one kind do the same with what comes as far before them.
  std::vector<Index> kinds_of_parts() const {
    std::vector<Index> place(graph_.ops.size()), kinds;  // place: the part that an op belongs to
    for (std::size_t i = 0; i < parts_.size(); ++i)
      for (Index op = parts_[i].first; op < parts_[i].end(); ++op) place[std::size_t(op)] = Index(i);
    std::map<std::string, Index> numbers;
    for (const GraphPart& part : parts_) {
      std::string text = str(part.times, " x ", part.count);
      for (Index op = part.first; op < part.first + part.count; ++op) text += described(op, place);
      kinds.push_back(numbers.emplace(text, Index(numbers.size())).first->second);
    }
    return kinds;
  }

  std::string described(Index number, const std::vector<Index>& place) const {
    const GraphOp& op = graph_.ops[std::size_t(number)];
    const Index own = place[std::size_t(number)];
    std::string text = str("; ", op.op, " ", op.output);
    for (const auto& [name, value] : op.attributes) text += str(" ", name, " ", value);
    for (const Shape& shape : op.reads) text += str(" ", shape);
    for (const Index input : op.inputs) {
      const Index other = place[std::size_t(input)];
      text += other == own ? str(" within ", number - input)
                           : str(" from ", own - other, " ", parts_[std::size_t(other)].end() - input);
    }
    return text;
  }

  NetworkGraph& graph_;
  std::vector<GraphPart>& parts_;
};

// Turns a trace into ops. What is computed from parameters alone counts as parameters.
template <class T, class D>
class GraphReader {
 public:
  template <class Net>
  GraphReader(const Net& net, const Var<T, D>& input) {
    net.each_param([&](const std::string& name, const auto& p) {
      parameters_[p.node().get()] = {{name, p.shape()}};
    });
    graph.ops.push_back({.op = "input", .output = input.shape()});
    places_[input.node().get()] = 0;
  }

  void add(const Step<T, D>& step) {
    kept_.push_back(step.result);
    GraphOp op{.op = step.op, .attributes = step.attributes, .output = step.result.shape()};
    std::map<std::string, Shape> read;
    for (const Var<T, D>& input : step.inputs) {
      const AnyNode* const node = input.node().get();
      if (const auto place = places_.find(node); place != places_.end()) op.inputs.push_back(place->second);
      if (const auto found = parameters_.find(node); found != parameters_.end())
        read.insert(found->second.begin(), found->second.end());
    }
    if (op.inputs.empty()) {  // no matter what the input is
      parameters_[step.result.node().get()] = read;
      return;
    }
    for (const auto& [name, shape] : read) {
      const std::string layer = name.substr(0, name.rfind('.'));
      op.layer = op.layer.empty() ? layer : common_member(op.layer, layer);
      op.reads.push_back(shape);
      op.parameters += shape.numel();
    }
    places_[step.result.node().get()] = Index(graph.ops.size());
    graph.ops.push_back(std::move(op));
  }

  NetworkGraph graph;

 private:
  std::vector<Var<T, D>> kept_;             // all results, so that each has an address of its own
  std::map<const AnyNode*, Index> places_;  // of the values that depend on the input
  std::map<const AnyNode*, std::map<std::string, Shape>> parameters_;  // by which others are made
};

// Fused ops as the plain ones that they stand for, but for attention, which is one thing to a reader.
template <class T, class D>
void each_plain(const std::vector<Step<T, D>>& steps, const std::function<void(const Step<T, D>&)>& f) {
  for (const Step<T, D>& step : steps) {
    if (!step.expand || step.op == "window_attention") {
      f(step);
      continue;
    }
    std::vector<Step<T, D>> plain = steps_of<T, D>(step.expand);
    plain.back().result = step.result;  // which later ops take
    each_plain<T, D>(plain, f);
  }
}

}  // namespace detail

/// The member of the network that the first repetition of a part is; empty where it is none.
inline std::string member_of(const NetworkGraph& graph, const GraphPart& part) {
  return detail::member_of(graph.ops, part.first, part.first + part.count);
}

/// A name without the member that it belongs to: "conv1" of "body.0.conv1" within "body.0".
inline std::string layer_name(const std::string& name, const std::string& member) {
  const bool inside = !member.empty() && name.starts_with(member + ".");
  return inside ? name.substr(member.size() + 1) : name;
}

/// "body.0 to 15, 16 times", without the member that the part belongs to.
inline std::string repetition_name(const NetworkGraph& graph, const GraphPart& part,
                                   const std::string& member) {
  const Index last = part.end() - part.count;
  std::string from = member_of(graph, part), to = detail::member_of(graph.ops, last, part.end());
  if (from == to) {
    from = graph.ops[std::size_t(part.first)].layer;
    to = graph.ops[std::size_t(last)].layer;
  }
  const std::string shared = detail::common_member(from, to);
  const std::string names =
      from.empty() ? "" : layer_name(from, member) + " to " + layer_name(to, shared) + ", ";
  return str(names, part.times, " times");
}

/// What the network runs for an input of this shape, such as (1, 48, 48, 1), with its repeated parts folded.
/// The network runs once, on the device that it is for, and is not changed. Throws what the network throws.
template <class Net, class T, class D>
NetworkGraph network_graph(const Net& net, const Tensor<T, D>& example) {
  const TrainingMode inference(false);  // no statistics move
  const NoGrad guard;
  const Var<T, D> input(example);
  detail::GraphReader<T, D> reader(net, input);
  const auto steps = steps_of<T, D>([&] { net(input); });
  detail::each_plain<T, D>(steps, [&](const Step<T, D>& step) { reader.add(step); });
  detail::Repetitions folded(reader.graph);
  return std::move(reader.graph);
}

}  // namespace crisp::nn
