// Activations as layers, for Sequential; in a struct of your own, call the ops.
#pragma once
#include "crisp/ops/gelu.hpp"
#include "crisp/ops/leaky_relu.hpp"
#include "crisp/ops/relu.hpp"
#include "crisp/ops/sigmoid.hpp"
#include "crisp/ops/softmax.hpp"
#include "crisp/ops/tanh.hpp"

namespace crisp::nn {

struct ReLU {
  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    return relu(x);
  }
};
struct LeakyReLU {
  double slope = 0.01;
  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    return leaky_relu(x, slope);
  }
};
struct Sigmoid {
  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    return sigmoid(x);
  }
};
struct Tanh {
  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    return tanh(x);
  }
};
struct GELU {
  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    return gelu(x);
  }
};
struct Softmax {
  template <class T, class D>
  Var<T, D> operator()(const Var<T, D>& x) const {
    return softmax(x);
  }
};

}  // namespace crisp::nn
