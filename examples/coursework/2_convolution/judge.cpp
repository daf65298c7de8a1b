#include "judge.hpp"

#include <crisp/backend/cpu.hpp>
#include <crisp/ops/conv2d.hpp>

namespace judge {

Numbers conv2d(const Numbers& x, const Numbers& w, const Numbers& b, const Sizes& s) {
  using V = crisp::Var<double, crisp::Cpu>;
  using Tensor = crisp::Tensor<double, crisp::Cpu>;
  const V input(Tensor({1, s.H, s.W, s.C}, x)), weight(Tensor({s.O, s.K, s.K, s.C}, w)),
      bias(Tensor({s.O}, b));
  return crisp::conv2d(input, weight, bias, {.stride = s.stride, .padding = s.padding}).value().to_host();
}

}  // namespace judge
