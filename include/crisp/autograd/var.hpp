// Var<T, D>: a tensor that remembers how it was made; backward() plays the record in reverse.
#pragma once
#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "crisp/core/scoped.hpp"
#include "crisp/core/tensor.hpp"

namespace crisp {

namespace detail {
inline thread_local bool grad_enabled = true;
inline std::atomic<std::uint64_t> nodes_made = 0;  // at namespace scope: one count, whatever the T and D
template <class> inline constexpr bool never = false;
}  // namespace detail

/// While it lives, ops on this thread record nothing: for inference and for updating weights.
struct NoGrad : Scoped<bool> {
  NoGrad() : Scoped(detail::grad_enabled, false) {}
};

namespace detail {
// The opposite, for a backward pass that computes a part of the forward pass again.
struct Recording : Scoped<bool> {
  Recording() : Scoped(grad_enabled, true) {}
};
}  // namespace detail

/// Calls f() with recording switched off and returns its result: auto y = no_grad([&] { return net(x); });
template <class F>
auto no_grad(F&& f) {
  const NoGrad guard;
  return f();
}

/// A number that a program needs to repeat an op elsewhere: {"stride", 2}.
struct Attribute {
  const char* name;
  double value;
};

/// What the histories of values of all types consist of: what was computed, from what, and when.
struct AnyNode {
  bool requires_grad = false;
  bool used = false;            // backward() has passed here and freed the history
  std::uint64_t order = 0;      // the order of creation is a topological order
  const char* op = "leaf";
  std::vector<std::shared_ptr<AnyNode>> inputs;

  AnyNode() = default;
  AnyNode(const AnyNode&) = delete;
  AnyNode& operator=(const AnyNode&) = delete;

  /// Hands the gradient on to the inputs, and forgets how.
  virtual void pass_back() = 0;

  // A long history is dropped in a loop, not by recursion from node to node, which could overflow the stack.
  virtual ~AnyNode() {
    if (inputs.empty()) return;
    static thread_local std::vector<std::shared_ptr<AnyNode>>* dropping = nullptr;
    if (dropping) {
      for (auto& input : inputs) dropping->push_back(std::move(input));
      return;
    }
    std::vector<std::shared_ptr<AnyNode>> todo = std::move(inputs);
    dropping = &todo;
    while (!todo.empty()) {
      const std::shared_ptr<AnyNode> node = std::move(todo.back());
      todo.pop_back();
    }
    dropping = nullptr;
  }
};

namespace detail {
template <class A, class B> concept Differ = !std::same_as<A, B>;
template <class T, class U> concept RoundedFrom = Differ<T, U> && std::same_as<Wide<T>, U>;  // T is what values U are stored as
}  // namespace detail

/// Copying a Var copies the handle: both name the same value, gradient and history.
template <class T, class D>
class Var {
 public:
  using value_type = T;
  using device_type = D;

  /// What an op leaves behind: where its gradient gathers, and how to pass it on. It does not hold the value: what no Var, and no op's
  /// way back, reads any more is freed while the network still runs.
  struct Node : AnyNode {
    Tensor<T, D> grad;
    std::function<void(Tensor<T, D> dy)> backward;

    /// Adds g to the gradient: a value that was used twice receives two. Inside a history, gradients may share their elements
    /// until one of them changes; a leaf has its own.
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

  /// An op as it ran, whether recorded for gradients or not: what an exporter needs.
  struct Step {
    std::string op;
    std::vector<Var> inputs;
    std::map<std::string, double> attributes;
    Var result;
  };
  static inline thread_local std::vector<Step>* steps = nullptr;  // where the ops of this thread are written down, if anywhere

  Var() = default;

  /// A leaf: data, or with requires_grad a value that learns.
  Var(Tensor<T, D> value, bool requires_grad = false) : value_(std::move(value)), node_(std::make_shared<Node>()) {
    node_->requires_grad = requires_grad;
  }

  /// The result of an op. `backward` gets dy, of the shape of `value`, and calls add_grad on the inputs;
  /// it is kept only while recording and if some input needs a gradient. What it captures stays in memory until then: a Var, its
  /// value; a Var's node(), nothing. The attributes are what the op was told beside its inputs.
  template <class F>
  Var(const char* op, Tensor<T, D> value, const std::vector<Var>& inputs, F backward, std::initializer_list<Attribute> attributes = {}) : Var(std::move(value)) {
    node_->op = op;
    node_->order = ++detail::nodes_made;
    if (steps) write_down(inputs, attributes);
    for (const Var& x : inputs) depend_on(x.node_);
    if (node_->requires_grad) node_->backward = std::move(backward);
  }

  /// The same for an op whose inputs are of several types, given by their nodes; it is not written down.
  template <class F>
  Var(const char* op, Tensor<T, D> value, const std::vector<std::shared_ptr<AnyNode>>& inputs, F backward) : Var(std::move(value)) {
    node_->op = op;
    node_->order = ++detail::nodes_made;
    for (const auto& x : inputs) depend_on(x);
    if (node_->requires_grad) node_->backward = std::move(backward);
  }

  /// A value rounded to the type in which it is stored: bfloat16 of float. This is how the weights of a layer, which are float, enter
  /// an op on values of bfloat16. The gradient comes back as float.
  template <class U>
    requires detail::RoundedFrom<T, U>
  Var(const Var<U, D>& x) : Var(converted(x)) {}
  template <class U>
    requires detail::RoundedFrom<T, U>
  Var(const Tensor<U, D>& x) : Var(x.template to<T>()) {}

  /// Back again, where it is asked for: Var<float, D>(y).
  template <class U, class E>
    requires(detail::Differ<Var<U, E>, Var<T, D>> && detail::RoundedFrom<U, T> && std::same_as<D, E>)
  explicit Var(const Var<U, E>& x) : Var(converted(x)) {}

  /// No op takes operands of two element types or two devices; this is where the compiler says so.
  template <class U, class E>
    requires(detail::Differ<Var<U, E>, Var<T, D>>)
  Var(const Var<U, E>&) {
    static_assert(!std::same_as<D, E> || detail::never<U>,
                  "crisp: float and double are not mixed; convert one operand with x.value().template to<float>(), or bfloat16 with Var<float, D>(x)");
    static_assert(std::same_as<D, E> || detail::never<U>, "crisp: operands live on two devices; move one of them first");
  }

  /// To change the value for all handles, write its elements: value().copy_(other). Assigning another tensor changes this handle alone.
  const Tensor<T, D>& value() const { return value_; }
  Tensor<T, D>& value() { return value_; }
  const Shape& shape() const { return value().shape(); }
  Index operator[](int axis) const { return shape()[axis]; }
  Index numel() const { return value().numel(); }
  T item() const { return value().item(); }
  bool defined() const { return node_ != nullptr; }
  bool requires_grad() const { return node_ && node_->requires_grad; }
  const std::shared_ptr<Node>& node() const { return node_; }

  /// The same value without history: no gradient flows through it.
  Var detach() const { return Var(value()); }

  /// The gradient that backward() left here; not defined() before it, or after zero_grad().
  const Tensor<T, D>& grad() const { return node_->grad; }
  Tensor<T, D>& grad() { return node_->grad; }
  void zero_grad() { node_->grad = {}; }

  /// Adds g to the gradient. Ops call it from their backward.
  void add_grad(Tensor<T, D> g) const { node_->add_grad(std::move(g)); }

  /// Adds d(this)/d(leaf) to the gradient of every leaf that requires one, and frees the history on its way.
  /// Throws Error unless this is a single element, made by recorded ops, and not yet used.
  void backward() const {
    check(defined() && numel() == 1, "backward: call it on a scalar loss",
          defined() ? str(", not on a value of shape ", shape(), "\n  hint: reduce it first, for example with mean(y)") : "");
    backward(Tensor<T, D>(shape(), T(1)));
  }

  /// The same for a value of any shape, given the gradient dy of the loss with respect to it, of that shape.
  void backward(const Tensor<T, D>& dy) const {
    check(defined() && dy.shape() == shape(), "backward: the gradient must have the shape of the value",
          defined() ? operand("value", shape()) + operand("gradient", dy.shape()) : "");
    check(!node_->used, "backward: this loss was used already, and its history is freed\n  hint: compute the loss again");
    check(requires_grad(), "backward: nothing that this loss depends on requires a gradient\n  hint: was it computed under no_grad?");
    std::vector<std::shared_ptr<AnyNode>> nodes = history();
    node_->grad = dy.clone();
    while (!nodes.empty()) {
      const std::shared_ptr<AnyNode> n = std::move(nodes.back());
      nodes.pop_back();
      check(!n->used, "backward: a value inside this loss (", n->op, ") belongs to a history that backward() has freed",
            "\n  hint: compute it again, or detach() it");
      n->pass_back();
    }
  }

  /// Every node that this value depends on and that requires a gradient, oldest first; itself last.
  std::vector<std::shared_ptr<AnyNode>> history() const {
    std::vector<std::shared_ptr<AnyNode>> nodes, todo{node_};
    std::unordered_set<AnyNode*> seen{node_.get()};
    while (!todo.empty()) {  // a list, not recursion: a deep network cannot overflow the stack
      std::shared_ptr<AnyNode> n = std::move(todo.back());
      todo.pop_back();
      for (const auto& input : n->inputs)
        if (seen.insert(input.get()).second) todo.push_back(input);
      nodes.push_back(std::move(n));
    }
    std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a->order < b->order; });
    return nodes;
  }

 private:
  void depend_on(const std::shared_ptr<AnyNode>& x) {
    if (!detail::grad_enabled || !x || !x->requires_grad) return;
    node_->inputs.push_back(x);
    node_->requires_grad = true;
  }

  template <class U>
  static Var converted(const Var<U, D>& x) {
    if (!x.defined()) return {};
    return {"convert", x.value().template to<T>(), std::vector<std::shared_ptr<AnyNode>>{x.node()},
            [node = x.node()](const Tensor<T, D>& dy) { node->add_grad(dy.template to<U>()); }};
  }

  void write_down(const std::vector<Var>& inputs, std::initializer_list<Attribute> attributes) const {
    Step step{node_->op, inputs, {}, *this};
    for (const Attribute& a : attributes) step.attributes[a.name] = a.value;
    steps->push_back(std::move(step));
  }

  Tensor<T, D> value_;
  std::shared_ptr<Node> node_;
};

/// Calls f() and returns all ops that ran in it on this thread, in order, with their values.
template <class T, class D, class F>
std::vector<typename Var<T, D>::Step> steps_of(F&& f) {
  std::vector<typename Var<T, D>::Step> steps;
  const Scoped tracing(Var<T, D>::steps, &steps);
  f();
  return steps;
}

/// An operand after the first: T and D come from the first one, and a Tensor is taken as data.
template <class T, class D>
using Operand = std::type_identity_t<Var<T, D>>;

}  // namespace crisp
