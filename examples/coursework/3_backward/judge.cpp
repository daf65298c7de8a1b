#include "judge.hpp"

#include <crisp/backend/cpu.hpp>
#include <crisp/ops/conv2d.hpp>
#include <crisp/testing/gradcheck.hpp>

namespace judge {

using V = crisp::Var<double, crisp::Cpu>;
using Tensor = crisp::Tensor<double, crisp::Cpu>;

Gradients conv2d_backward(const Numbers& x, const Numbers& w, const Numbers& dy, const Sizes& s) {
  const V input(Tensor({1, s.H, s.W, s.C}, x), true), weight(Tensor({s.O, s.K, s.K, s.C}, w), true),
      bias(Tensor({s.O}, 0.0), true);
  crisp::conv2d(input, weight, bias, {.stride = s.stride, .padding = s.padding})
      .backward(Tensor({1, s.OH, s.OW, s.O}, dy));
  return {input.grad().to_host(), weight.grad().to_host(), bias.grad().to_host()};
}

std::string gradcheck(const Forward& forward, const Backward& backward, const Sizes& s) {
  const auto op = [&](const V& x, const V& w, const V& b) {
    const Tensor y({s.OH, s.OW, s.O}, forward(x.value().to_host(), w.value().to_host(), b.value().to_host()));
    return V("student's conv2d", y, {x, w, b}, [=](const Tensor& dy) {
      const Gradients g = backward(x.value().to_host(), w.value().to_host(), dy.to_host());
      x.add_grad(Tensor(x.shape(), g.dx));
      w.add_grad(Tensor(w.shape(), g.dw));
      b.add_grad(Tensor(b.shape(), g.db));
    });
  };
  using crisp::testing::random_input;
  const auto result = crisp::testing::gradcheck(op, random_input<crisp::Cpu>({s.H, s.W, s.C}, 1),
                                                random_input<crisp::Cpu>({s.O, s.K, s.K, s.C}, 2),
                                                random_input<crisp::Cpu>({s.O}, 3));
  return result ? "" : crisp::str("gradcheck: ", result.where, " (input 0 is x, 1 is w, 2 is b)");
}

}  // namespace judge
