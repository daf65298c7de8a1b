// A layer is any struct with operator() and one line CRISP_PARAMS(...): no base class, no registration.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "crisp/autograd/var.hpp"

namespace crisp::nn {

/// A value that learns. Move-only: so a layer cannot be copied, and share its weights, by accident.
template <class T, class D>
struct Parameter : Var<T, D> {
  Parameter() = default;  // absent: such as the bias of a layer without one
  Parameter(Tensor<T, D> value) : Var<T, D>(std::move(value), true) {}
  Parameter(const Parameter&) = delete;             // crisp: a layer is not copied; see nn::repeat, nn::clone
  Parameter& operator=(const Parameter&) = delete;  // crisp: a layer is not copied; see nn::repeat, nn::clone
  Parameter(Parameter&&) noexcept = default;
  Parameter& operator=(Parameter&&) noexcept = default;

  /// Frees the value (true) or keeps it as it is while the rest learns (false).
  void set_trained(bool trained) { this->node()->requires_grad = trained; }
};

/// What a layer on values of type T declares. Its weights stay float where the values are bfloat16 (mixed
/// precision; Micikevicius et al. 2018, sec. 3.1): a step of an optimizer is smaller than what bfloat16 can
/// tell apart.
template <class T, class D>
using Param = Parameter<Wide<T>, D>;

namespace detail {

struct AnyVisitor {
  template <class P>
  void operator()(const std::string&, P&) const {}
};
template <class M>
concept HasParams = requires(std::remove_reference_t<M>& m) {
  m.each_param(AnyVisitor{}, std::string{});
};

template <class F, class T, class D>
void visit(F& f, const std::string& name, Parameter<T, D>& p) {
  if (p.defined()) f(name, p);
}
template <class F, class T, class D>
void visit(F& f, const std::string& name, const Parameter<T, D>& p) {
  if (p.defined()) f(name, p);
}

template <class F, class M>
void visit(F& f, const std::string& name, M& part) {
  static_assert(HasParams<M>,
                "crisp: CRISP_PARAMS takes nn::Param values, layers that have CRISP_PARAMS, and std::vectors "
                "or std::optionals of those");
  part.each_param(f, name + ".");
}
template <class F, class M>
void visit(F& f, const std::string& name, std::vector<M>& list) {
  for (std::size_t i = 0; i < list.size(); ++i) visit(f, name + "." + std::to_string(i), list[i]);
}
template <class F, class M>
void visit(F& f, const std::string& name, const std::vector<M>& list) {
  for (std::size_t i = 0; i < list.size(); ++i) visit(f, name + "." + std::to_string(i), list[i]);
}

template <class F, class M>
void visit(F& f, const std::string& name, std::optional<M>& part) {
  if (part) visit(f, name, *part);
}
template <class F, class M>
void visit(F& f, const std::string& name, const std::optional<M>& part) {
  if (part) visit(f, name, *part);
}

// Takes the first name off a list such as "conv1, conv2".
inline std::string next_name(std::string_view& names) {
  const std::size_t comma = names.find(',');
  std::string_view name = names.substr(0, comma);
  names = comma == std::string_view::npos ? "" : names.substr(comma + 1);
  while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
  while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
  return std::string(name);
}
template <class F, class... Parts>
void visit_all(F& f, const std::string& prefix, std::string_view names, Parts&... parts) {
  (visit(f, prefix + next_name(names), parts), ...);
}

}  // namespace detail

/// How many numbers a network holds: those that training changes, and those that it leaves alone.
struct ParameterCount {
  Index trained = 0, untrained = 0;
  Index all() const { return trained + untrained; }
};
template <class M>
ParameterCount parameter_count(const M& net) {
  ParameterCount count;
  net.each_param([&](const std::string&, const auto& p) {
    (p.requires_grad() ? count.trained : count.untrained) += p.numel();
  });
  return count;
}

/// count layers of their own, each built from the same arguments: nn::repeat<ResBlock<T, D>>(16, channels).
template <class Layer, class... Args>
std::vector<Layer> repeat(Index count, const Args&... args) {
  check(count >= 0, "repeat: ", count, " layers were asked for");
  std::vector<Layer> layers;
  layers.reserve(std::size_t(count));
  for (Index i = 0; i < count; ++i) layers.emplace_back(args...);
  return layers;
}

/// Copies all weights from one network into another of the same structure. Throws Error at the first
/// difference.
template <class M>
void copy_weights(const M& from, M& to) {
  std::vector<std::pair<std::string, const void*>> sources;
  from.each_param([&](const std::string& name, const auto& p) { sources.emplace_back(name, &p.value()); });
  const auto visit = [&](const std::string& name, auto& p, std::size_t i) -> const auto& {
    using Value = std::remove_cvref_t<decltype(p.value())>;
    check(i < sources.size() && sources[i].first == name, "copy_weights: the networks differ at '", name,
          "'");
    const auto& value = *static_cast<const Value*>(sources[i].second);
    check(value.shape() == p.shape(), "copy_weights: '", name, "' differs in shape",
          operand("from", value.shape()), operand("to", p.shape()));
    return value;
  };
  std::size_t count = 0;
  to.each_param([&](const std::string& name, auto& p) { visit(name, p, count++); });
  check(count == sources.size(), "copy_weights: the networks hold ", sources.size(), " and ", count,
        " parameters");
  std::size_t i = 0;
  to.each_param([&](const std::string& name, auto& p) { p.value().copy_(visit(name, p, i++)); });
}

/// A network with the same weights that shares nothing with `net`. M is built by M(net.options) where it has
/// options, else by M().
template <class M>
M clone(const M& net) {
  auto copy = [&] {
    if constexpr (requires { M(net.options); }) return M(net.options);
    else return M();
  }();
  copy_weights(net, copy);
  return copy;
}

}  // namespace crisp::nn

/// Names the parts that learn, in order: CRISP_PARAMS(conv1, conv2). A part is a Param, a layer, or a
/// std::vector or std::optional of either; the names become those of the checkpoint, such as conv1.weight.
#define CRISP_PARAMS(...)                                                 \
  template <class F>                                                      \
  void each_param(F&& f, const std::string& prefix = "") {                \
    ::crisp::nn::detail::visit_all(f, prefix, #__VA_ARGS__, __VA_ARGS__); \
  }                                                                       \
  template <class F>                                                      \
  void each_param(F&& f, const std::string& prefix = "") const {          \
    ::crisp::nn::detail::visit_all(f, prefix, #__VA_ARGS__, __VA_ARGS__); \
  }                                                                       \
  auto crisp_parts() const { return std::tie(__VA_ARGS__); } /* see nn/element_of.hpp */

/// For parts that are named otherwise: a static function template of the class, name_params(self, f, prefix),
/// calls f(prefix + name, param) for each parameter of self, which may be const.
#define CRISP_PARAMS_BY(name_params)                             \
  template <class F>                                             \
  void each_param(F&& f, const std::string& prefix = "") {       \
    name_params(*this, f, prefix);                               \
  }                                                              \
  template <class F>                                             \
  void each_param(F&& f, const std::string& prefix = "") const { \
    name_params(*this, f, prefix);                               \
  }
