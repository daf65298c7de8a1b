// Conv2d: a convolution that learns its weight and bias.
#pragma once
#include <ostream>

#include "crisp/nn/init.hpp"
#include "crisp/nn/module.hpp"
#include "crisp/ops/conv2d.hpp"

namespace crisp::nn {

/// The sides of a kernel: nn::Conv2d<T, D>(3, 8, 5) has 5 x 5 taps, nn::Conv2d<T, D>(3, 8, {1, 5}) a row
/// of 5.
struct KernelSize {
  Index height, width;
  constexpr KernelSize(Index side) : height(side), width(side) {}
  constexpr KernelSize(Index rows, Index columns) : height(rows), width(columns) {}
  bool exists() const { return height >= 1 && width >= 1; }
};

/// "5" of a square, else "1 x 5".
inline std::ostream& operator<<(std::ostream& out, const KernelSize& k) {
  return k.height == k.width ? out << k.height : out << k.height << " x " << k.width;
}

struct Conv2dOptions {
  Index stride = 1;
  Padding padding = Padding::same;
  Border border = Border::zero;
  Index dilation = 1;
  bool bias = true;
  Init init = Init::he();

  /// Those that conv2d takes.
  crisp::Conv2dOptions of_op() const { return {stride, padding, border, dilation}; }
};

/// (N, H, W, in) -> (N, OH, OW, out); the size as ops/conv2d.hpp says, by default that of the input.
template <class T, class D>
struct Conv2d {
  Param<T, D> weight, bias;  // (out, kH, kW, in), (out)
  crisp::Conv2dOptions options;

  /// Throws Error unless in, out and kernel are at least 1.
  Conv2d(Index in, Index out, KernelSize kernel, Conv2dOptions o = {}) : options(o.of_op()) {
    check(in >= 1 && out >= 1 && kernel.exists(), "Conv2d: ", in, " input channels, ", out,
          " output channels and a kernel of ", kernel, " were asked for; each must be at least 1");
    weight = make_weight<T, D>({out, kernel.height, kernel.width, in}, o.init);
    if (o.bias) bias = make_weight<T, D>({out}, Init::constant(0));
  }

  Var<T, D> operator()(const Var<T, D>& x) const { return conv2d(x, weight, bias, options); }

  /// relu((*this)(x)), in one pass over the memory.
  Var<T, D> then_relu(const Var<T, D>& x) const { return conv2d_relu(x, weight, bias, options); }

  /// (*this)(x) + other, likewise; other has the shape of the result.
  Var<T, D> then_add(const Var<T, D>& x, const Var<T, D>& other) const {
    return conv2d_add(x, weight, bias, other, options);
  }

  CRISP_PARAMS(weight, bias)
};

}  // namespace crisp::nn
