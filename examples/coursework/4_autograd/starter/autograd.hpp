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

// TASK 4a: the other three.
inline Value operator-(const Value& a, const Value& b) {
  throw crisp::Error("task 4a: operator- is not written yet");
}
inline Value operator*(const Value& a, const Value& b) {
  throw crisp::Error("task 4a: operator* is not written yet");
}
inline Value operator/(const Value& a, const Value& b) {
  throw crisp::Error("task 4a: operator/ is not written yet");
}

// TASK 4b: functions of one number. relu(x) = max(x, 0).
inline Value relu(const Value& x) { throw crisp::Error("task 4b: relu is not written yet"); }
inline Value tanh(const Value& x) { throw crisp::Error("task 4b: tanh is not written yet"); }
inline Value exp(const Value& x) { throw crisp::Error("task 4b: exp is not written yet"); }

// TASK 4c: every node that `node` depends on, each once, inputs before what is made of them; itself last.
// `seen` holds the nodes that were met before.
inline void collect(const std::shared_ptr<Node>& node, std::set<const Node*>& seen,
                    std::vector<std::shared_ptr<Node>>& order) {
  throw crisp::Error("task 4c: collect is not written yet");
}

// TASK 4d: adds d(loss)/d(node) to the grad of every node that the loss depends on. The loss itself has 1. A
// node that is no leaf begins at zero, so that a second call adds to the leaves the same again.
inline void backward(const Value& loss) { throw crisp::Error("task 4d: backward is not written yet"); }

// TASK 4e: a step downhill for every parameter, and its grad is zero again.
inline void step(std::vector<Value>& parameters, double rate) {
  throw crisp::Error("task 4e: step is not written yet");
}
