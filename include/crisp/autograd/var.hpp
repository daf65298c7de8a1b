// Var<T, D>: a tensor that remembers how it was made; backward() plays the record in reverse.
#pragma once
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "crisp/autograd/after_each_op.hpp"
#include "crisp/autograd/no_grad.hpp"
#include "crisp/autograd/node.hpp"
#include "crisp/autograd/trace.hpp"
#include "crisp/core/tensor.hpp"

namespace crisp {

namespace detail {
template <class A, class B>
concept Differ = !std::same_as<A, B>;
// Values of U are stored as T.
template <class T, class U>
concept RoundedFrom = Differ<T, U> && std::same_as<Wide<T>, U>;
}  // namespace detail

/// A value, its gradient, and how it was made. Copying a Var copies the handle: both name the same value,
/// gradient and history.
template <class T, class D>
class Var {
 public:
  using value_type = T;
  using device_type = D;
  using Node = crisp::Node<T, D>;

  Var() = default;

  /// A leaf: data, or with requires_grad a value that learns.
  Var(Tensor<T, D> value, bool requires_grad = false)
      : value_(std::move(value)), node_(std::make_shared<Node>()) {
    node_->requires_grad = requires_grad;
    if (requires_grad) node_->shape = value_.shape();
  }

  /// The result of an op. `backward` gets dy, of the shape of `value`, and calls add_grad on the inputs. It
  /// is kept only while recording and if some input needs a gradient. What it captures stays in memory until
  /// then: a Var, its value; a Var's node(), nothing. A trace also gets the attributes, which are what the op
  /// was told beside its inputs, and for a fused op the plain ops that it stands for.
  template <class F>
  Var(const char* op, Tensor<T, D> value, const std::vector<Var>& inputs, F backward,
      std::initializer_list<Attribute> attributes = {}, const Expansion<T, D>& expand = {})
      : Var(std::move(value)) {
    begin_node(op);
    if (detail::trace<T, D>) add_to_trace(inputs, attributes, expand);
    for (const Var& x : inputs) depend_on(x.node_);
    if (node_->requires_grad) node_->backward = std::move(backward);
  }

  /// The same for an op whose inputs are of several types, given by their nodes. It is not traced.
  template <class F>
  Var(const char* op, Tensor<T, D> value, const std::vector<std::shared_ptr<AnyNode>>& inputs, F backward)
      : Var(std::move(value)) {
    begin_node(op);
    for (const auto& x : inputs) depend_on(x);
    if (node_->requires_grad) node_->backward = std::move(backward);
  }

  /// To change the value for all handles, write its elements: value().copy_(other). Assigning another tensor
  /// changes this handle alone.
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

  /// Adds g to the gradient. Ops call it in their backward pass.
  void add_grad(Tensor<T, D> g) const { node_->add_grad(std::move(g)); }

  /// Adds d(this)/d(leaf) to the gradient of every leaf that requires one, and frees the history on its way.
  /// Throws Error unless this is a single element, made by recorded ops, and not yet used.
  void backward() const {
    check(defined() && numel() == 1, "backward: call it on a scalar loss",
          defined() ? str(", not on a value of shape ", shape()) : "",
          defined() ? "\n  hint: reduce it first, for example with mean(y)" : "");
    backward(Tensor<T, D>(shape(), T(1)));
  }

  /// The same for a value of any shape, given the gradient dy of the loss with respect to it, of that shape.
  void backward(const Tensor<T, D>& dy) const {
    check(defined() && dy.shape() == shape(), "backward: the gradient must have the shape of the value",
          defined() ? operand("value", shape()) + operand("gradient", dy.shape()) : "");
    check(!node_->used, "backward: this loss was used already, and its history is freed",
          "\n  hint: compute the loss again");
    check(requires_grad(), "backward: nothing that this loss depends on requires a gradient",
          "\n  hint: was it computed under no_grad?");
    std::vector<std::shared_ptr<AnyNode>> nodes = history();
    node_->grad = dy.clone();
    detail::run_backward(std::move(nodes));
  }

  /// Every node that this value depends on and that requires a gradient, oldest first; itself last.
  std::vector<std::shared_ptr<AnyNode>> history() const { return detail::history_of(node_); }

  /// A value rounded to the type in which it is stored: bfloat16 of float. This is how the weights of a
  /// layer, which are float, enter an op on values of bfloat16. The gradient comes back as float.
  template <class U>
  requires detail::RoundedFrom<T, U> Var(const Var<U, D>& x) : Var(converted(x)) {}
  template <class U>
  requires detail::RoundedFrom<T, U> Var(const Tensor<U, D>& x) : Var(x.template to<T>()) {}

  /// Back again, where it is asked for: Var<float, D>(y).
  template <class U, class E>
  requires(detail::Differ<Var<U, E>, Var<T, D>>&& detail::RoundedFrom<U, T>&&
               std::same_as<D, E>) explicit Var(const Var<U, E>& x)
      : Var(converted(x)) {}

  /// No op takes operands of two element types or two devices; this is where the compiler says so.
  template <class U, class E>
  requires(detail::Differ<Var<U, E>, Var<T, D>>) Var(const Var<U, E>&) {
    static_assert(!std::same_as<D, E> || detail::never<U>,
                  "crisp: float and double are not mixed; convert one operand with "
                  "x.value().template to<float>(), or bfloat16 with Var<float, D>(x)");
    static_assert(std::same_as<D, E> || detail::never<U>,
                  "crisp: operands live on two devices; move one of them first");
  }

 private:
  void begin_node(const char* op) {
    if (detail::after_each_op) (*detail::after_each_op)();
    node_->op = op;
    node_->order = ++detail::nodes_made;
  }

  void depend_on(const std::shared_ptr<AnyNode>& x) {
    if (!detail::grad_enabled || !x || !x->requires_grad) return;
    node_->inputs.push_back(x);
    node_->requires_grad = true;
  }

  void add_to_trace(const std::vector<Var>& inputs, std::initializer_list<Attribute> attributes,
                    const Expansion<T, D>& expand) const {
    Step<T, D> step{node_->op, inputs, {}, *this, expand};
    for (const Attribute& a : attributes) step.attributes[a.name] = a.value;
    detail::trace<T, D>->push_back(std::move(step));
  }

  template <class U>
  static Var converted(const Var<U, D>& x) {
    if (!x.defined()) return {};
    const auto backward = [node = x.node()](const Tensor<T, D>& dy) { node->add_grad(dy.template to<U>()); };
    return {"convert", x.value().template to<T>(), std::vector<std::shared_ptr<AnyNode>>{x.node()}, backward};
  }

  Tensor<T, D> value_;
  std::shared_ptr<Node> node_;
};

/// An operand after the first: T and D come from the first one, and a Tensor is taken as data.
template <class T, class D>
using Operand = std::type_identity_t<Var<T, D>>;

}  // namespace crisp
