// An op on values stored as bfloat16 against the same op on float: it computes with float and rounds once, or
// twice, what it stores.
#pragma once
#include "crisp/autograd/var.hpp"
#include "support.hpp"

namespace crisp::test {

// op(x...) and its gradients, given a random gradient of its result, for values that bfloat16 holds exactly.
template <class T, class Op>
std::vector<std::vector<float>> values_and_gradients(const Op& op,
                                                     const std::vector<Tensor<bfloat16, Device>>& inputs) {
  std::vector<Var<T, Device>> x;
  for (const auto& input : inputs) x.emplace_back(input.to<T>(), true);
  const Var<T, Device> y = op(x);
  std::vector<std::vector<float>> all{y.value().template to<float>().to_host()};
  y.backward(random_tensor<bfloat16>(y.shape(), 77).template to<T>());
  for (const auto& v : x)
    if (v.grad().defined()) all.push_back(v.grad().template to<float>().to_host());
  return all;
}

template <class Op>
void check_op(const std::string& name, std::vector<Shape> shapes, const Op& op, double tolerance = 8e-3) {
  std::vector<Tensor<bfloat16, Device>> inputs;
  for (const Shape& shape : shapes) inputs.push_back(random_tensor<bfloat16>(shape, inputs.size() + 1));
  const auto exact = values_and_gradients<float>(op, inputs),
             rounded = values_and_gradients<bfloat16>(op, inputs);
  REQUIRE(exact.size() == rounded.size());
  for (std::size_t i = 0; i < exact.size(); ++i) {
    INFO(name << (i ? ", gradient " : ", value ") << int(i) << ", " << int(exact[i].size()) << " elements");
    CHECK(relative_error(rounded[i], exact[i]) < tolerance);
  }
}

}  // namespace crisp::test
