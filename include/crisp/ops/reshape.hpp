// reshape: the same elements in the same order under another shape.
#pragma once
#include "crisp/autograd/var.hpp"

namespace crisp {

/// x of any shape -> `shape`, with as many elements. Throws Error where the numbers differ.
template <class T, class D>
Var<T, D> reshape(const Var<T, D>& x, Shape shape) {
  return {
      "reshape", x.value().reshape(shape), {x}, [node = x.node(), from = x.shape()](const Tensor<T, D>& dy) {
        node->add_grad(dy.reshape(from));
      }};
}

}  // namespace crisp
