// layer_norm on vectors against the plain loops: value and all gradients, for every number of channels; and
// threads.
#include "crisp/ops/layer_norm.hpp"
#include "crisp/backend/cpu/eigen.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

template <class T, class D>
Tensor<T, D> tensor(Shape shape, std::uint64_t seed, T offset = 0) {
  std::vector<T> values = random_tensor<T>(shape, seed).to_host();
  for (T& v : values) v += offset;
  return {shape, values};
}

// y, dx, dw and db on device D; the values of x lie around `offset`.
template <class T, class D>
std::vector<std::vector<T>> results(Index rows, Index C, T offset = 0) {
  const Var<T, D> x(tensor<T, D>({rows, C}, 1, offset), true), w(tensor<T, D>({C}, 2), true),
      b(tensor<T, D>({C}, 3), true);
  const Var<T, D> y = layer_norm(x, w, b, 1e-3);
  y.backward(tensor<T, D>(y.shape(), 4));
  return {y.value().to_host(), x.grad().to_host(), w.grad().to_host(), b.grad().to_host()};
}

template <class T>
void check_case(Index rows, Index C, double tolerance, T offset = 0) {
  const auto fast = results<T, Cpu>(rows, C, offset), plain = results<T, EigenCpu>(rows, C, offset);
  const char* names[] = {"y", "dx", "dw", "db"};
  for (std::size_t i = 0; i < fast.size(); ++i) {
    INFO(names[i] << " of " << rows << " rows of " << C << " channels around " << offset);
    CHECK(relative_error(fast[i], plain[i]) < tolerance);
  }
}

}  // namespace

TEST_CASE("layer_norm: every number of channels, gradients included") {
  Rng rng(1);
  for (Index C = 1; C <= 70; ++C) {
    check_case<float>(rng.below(40) + 1, C, 1e-5);
    check_case<double>(rng.below(40) + 1, C, 1e-13);
  }
  check_case<float>(3000, 60, 1e-5);
  check_case<float>(700, 180, 1e-5);
  check_case<float>(1, 1000, 1e-5);
  check_case<float>(50, 60, 1e-3,
                    1000);  // the variance is that of what is left after the mean: nothing is lost
}

TEST_CASE("layer_norm is the same to the bit for any number of threads") {
  check_threads([] { return results<float, Cpu>(3001, 60); });
}
