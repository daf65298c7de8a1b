// What the tests of the window attention share: a case, its results on a device, and the comparison of a fast
// device with its simple reference.
#pragma once
#include "crisp/ops/window_attention.hpp"
#include "support.hpp"

namespace crisp::test {

struct AttentionCase {
  Index N, high, across, heads, d, M, shift;  // high x across windows
  Shape qkv() const { return {N, high * M, across * M, 3 * heads * d}; }
  Shape bias() const { return {heads, M * M, M * M}; }
  std::string text() const {
    return str(N, " images of ", high, " x ", across, " windows of ", M, " x ", M, ", shift ", shift, ", ",
               heads, " heads of ", d, " channels");
  }
};

// Random numbers that type `From` can hold, `scale` times as large.
template <class D, class From>
Tensor<float, D> random_values(Shape shape, std::uint64_t seed, float scale = 1) {
  std::vector<float> values;
  for (const From v : random_tensor<From, D>(shape, seed).to_host()) values.push_back(scale * float(v));
  return {shape, values};
}

// y, dqkv and dbias on device D; qkv is `scale` times as large as random numbers.
template <class D, class From = float>
std::vector<std::vector<float>> results(const AttentionCase& c, float scale = 1) {
  const Var<float, D> qkv(random_values<D, From>(c.qkv(), 1, scale), true),
      bias(random_values<D, From>(c.bias(), 2), true);
  const Var<float, D> y = window_attention(qkv, bias, Windows{c.M, c.shift});
  y.backward(random_values<D, From>(y.shape(), 3));
  return {y.value().to_host(), qkv.grad().to_host(), bias.grad().to_host()};
}

template <class Fast, class Simple>
void check_case(const AttentionCase& c) {
  const auto fast = results<Fast>(c), simple = results<Simple>(c);
  const std::string names[] = {"y", "dqkv", "dbias"};
  for (std::size_t i = 0; i < fast.size(); ++i) {
    INFO(names[i] << " of " << c.text());
    CHECK(relative_error(fast[i], simple[i]) < 1e-5);
  }
}

}  // namespace crisp::test
