// Autograd in 100 lines: a number that remembers how it was made, and the chain rule.
#pragma once
#include <cmath>
#include <crisp/core/error.hpp>
#include <memory>
#include <set>
#include <vector>

struct Node;

// An input of an op, and the slope: how much the result changes with it.
struct Edge {
  std::shared_ptr<Node> input;
  double slope;
};

// A number, the derivative of the loss with respect to it, and what it was made of. A leaf has no inputs.
struct Node {
  double value = 0, grad = 0;
  std::vector<Edge> inputs;
};

// A handle: copies name the same number.
struct Value {
  std::shared_ptr<Node> node = std::make_shared<Node>();
  Value(double value) { node->value = value; }
  Value(double value, std::vector<Edge> inputs) {
    node->value = value;
    node->inputs = std::move(inputs);
  }
  double value() const { return node->value; }
  double grad() const { return node->grad; }
};

// One is given: y = a + b, so that dy/da = 1 and dy/db = 1.
inline Value operator+(const Value& a, const Value& b) {
  return Value(a.value() + b.value(), {{a.node, 1}, {b.node, 1}});
}

// Task 4a: the other three.
inline Value operator-(const Value& a, const Value& b) {
  return Value(a.value() - b.value(), {{a.node, 1}, {b.node, -1}});
}
inline Value operator*(const Value& a, const Value& b) {
  return Value(a.value() * b.value(), {{a.node, b.value()}, {b.node, a.value()}});
}
inline Value operator/(const Value& a, const Value& b) {
  return Value(a.value() / b.value(),
               {{a.node, 1 / b.value()}, {b.node, -a.value() / (b.value() * b.value())}});
}

// Task 4b: functions of one number. relu(x) = max(x, 0).
inline Value relu(const Value& x) {
  return Value(x.value() > 0 ? x.value() : 0, {{x.node, x.value() > 0 ? 1.0 : 0.0}});
}
inline Value tanh(const Value& x) {
  const double y = std::tanh(x.value());
  return Value(y, {{x.node, 1 - y * y}});
}
inline Value exp(const Value& x) {
  const double y = std::exp(x.value());
  return Value(y, {{x.node, y}});
}

// Task 4c: every node that `node` depends on, each once, inputs before what is made of them; itself last.
// `seen` holds the nodes that were met before.
inline void collect(const std::shared_ptr<Node>& node, std::set<const Node*>& seen,
                    std::vector<std::shared_ptr<Node>>& order) {
  if (!seen.insert(node.get()).second) return;
  for (const Edge& edge : node->inputs) collect(edge.input, seen, order);
  order.push_back(node);
}

// Task 4d: adds d(loss)/d(node) to the grad of every node that the loss depends on. The loss itself has 1. A
// node that is no leaf begins at zero, so that a second call adds to the leaves the same again.
inline void backward(const Value& loss) {
  std::set<const Node*> seen;
  std::vector<std::shared_ptr<Node>> order;
  collect(loss.node, seen, order);
  for (const auto& node : order)
    if (!node->inputs.empty()) node->grad = 0;
  loss.node->grad = 1;
  for (auto node = order.rbegin(); node != order.rend(); ++node)
    for (const Edge& edge : (*node)->inputs) edge.input->grad += edge.slope * (*node)->grad;
}

// Task 4e: a step downhill for every parameter, and its grad is zero again.
inline void step(std::vector<Value>& parameters, double rate) {
  for (Value& p : parameters) {
    p.node->value -= rate * p.grad();
    p.node->grad = 0;
  }
}
