// no_grad: ops that record nothing, for inference and for changing weights.
#pragma once
#include "crisp/core/scoped.hpp"

namespace crisp {

namespace detail {
inline thread_local bool grad_enabled = true;
}  // namespace detail

/// While it lives, ops on this thread record nothing.
struct NoGrad : Scoped<bool> {
  NoGrad() : Scoped(detail::grad_enabled, false) {}
};

/// Calls f() with recording switched off and returns its result: auto y = no_grad([&] { return net(x); });
template <class F>
auto no_grad(F&& f) {
  const NoGrad guard;
  return f();
}

namespace detail {
// The opposite, for a backward pass that computes a part of the forward pass again.
struct Recording : Scoped<bool> {
  Recording() : Scoped(grad_enabled, true) {}
};
}  // namespace detail

}  // namespace crisp
