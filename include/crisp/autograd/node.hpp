// Node: what an op leaves behind for the backward pass. Nodes point to the nodes of their inputs: together
// they are the graph that backward() walks.
#pragma once
#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "crisp/autograd/no_grad.hpp"
#include "crisp/core/tensor.hpp"

namespace crisp {

namespace detail {
inline std::atomic<std::uint64_t> nodes_made = 0;  // one count, whatever the T and D
}  // namespace detail

/// The part of a node that is the same for values of all types: what was computed, from what, and when.
struct AnyNode {
  bool requires_grad = false;
  bool used = false;        // backward() has passed here and freed the history
  std::uint64_t order = 0;  // the order of creation is a topological order
  const char* op = "leaf";
  Shape shape;  // of a leaf that learns
  std::vector<std::shared_ptr<AnyNode>> inputs;

  AnyNode() = default;
  AnyNode(const AnyNode&) = delete;
  AnyNode& operator=(const AnyNode&) = delete;

  /// Hands the gradient on to the inputs, and forgets how.
  virtual void pass_back() = 0;

  // A long history is dropped in a loop. Recursion from node to node could overflow the stack.
  virtual ~AnyNode() {
    if (inputs.empty()) return;
    static thread_local std::vector<std::shared_ptr<AnyNode>>* dropping = nullptr;
    if (dropping) {
      for (auto& input : inputs) dropping->push_back(std::move(input));
      return;
    }
    std::vector<std::shared_ptr<AnyNode>> todo = std::move(inputs);
    const Scoped collecting(dropping, &todo);
    while (!todo.empty()) {
      const std::shared_ptr<AnyNode> node = std::move(todo.back());
      todo.pop_back();
    }
  }
};

/// A node of values of one type: where the gradient gathers, and how to pass it on. It does not hold the
/// value. A value that no Var reads any more, and no op's backward pass, is freed while the network still
/// runs.
template <class T, class D>
struct Node : AnyNode {
  Tensor<T, D> grad;
  std::function<void(Tensor<T, D> dy)> backward;

  /// Adds g to the gradient: a value that was used twice receives two. Inside a history, gradients may share
  /// their elements until one of them changes; a leaf has its own.
  void add_grad(Tensor<T, D> g) {
    if (!this->requires_grad) return;
    if (!grad.defined()) grad = !backward && g.shares_elements() ? g.clone() : std::move(g);
    else if (!grad.shares_elements()) grad.add_(g);
    else {
      grad = grad.clone();
      grad.add_(g);
    }
  }

  void pass_back() override {
    if (!backward) return;  // a leaf keeps its gradient
    const NoGrad guard;
    backward(std::exchange(grad, {}));
    this->used = true;
    backward = nullptr;
    this->inputs.clear();
  }
};

namespace detail {

// Every node that `last` depends on and that requires a gradient, oldest first; itself last.
inline std::vector<std::shared_ptr<AnyNode>> history_of(const std::shared_ptr<AnyNode>& last) {
  std::vector<std::shared_ptr<AnyNode>> nodes, todo{last};
  std::unordered_set<AnyNode*> seen{last.get()};
  while (!todo.empty()) {  // a list, not recursion: a deep network cannot overflow the stack
    std::shared_ptr<AnyNode> node = std::move(todo.back());
    todo.pop_back();
    for (const auto& input : node->inputs)
      if (seen.insert(input.get()).second) todo.push_back(input);
    nodes.push_back(std::move(node));
  }
  std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a->order < b->order; });
  return nodes;
}

// The chain rule: from the newest node to the oldest, each hands its gradient on and is freed.
inline void run_backward(std::vector<std::shared_ptr<AnyNode>> nodes) {
  while (!nodes.empty()) {
    const std::shared_ptr<AnyNode> node = std::move(nodes.back());
    nodes.pop_back();
    check(!node->used, "backward: a value inside this loss (", node->op,
          ") belongs to a history that backward() has freed", "\n  hint: compute it again, or detach() it");
    node->pass_back();
  }
}

}  // namespace detail
}  // namespace crisp
