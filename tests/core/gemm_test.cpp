// gemm of the CPU against the definition, in random shapes; compiled twice: for the fast product, and for
// Eigen's.
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

// c = op(a) op(b) + beta c for each of the batch, in four loops.
template <class T>
std::vector<double> plain_gemm(const Gemm<T>& g, const std::vector<T>& c) {
  std::vector<double> y(c.begin(), c.end());
  for (Index i = 0; i < g.batch; ++i)
    for (Index m = 0; m < g.m; ++m)
      for (Index n = 0; n < g.n; ++n) {
        double sum = g.beta == T(0) ? 0 : double(c[std::size_t(i * g.c_stride + m * g.n + n)]);
        for (Index k = 0; k < g.k; ++k)
          sum += double(g.a[i * g.a_stride + (g.a_transposed ? k * g.m + m : m * g.k + k)]) *
                 double(g.b[i * g.b_stride + (g.b_transposed ? n * g.k + k : k * g.n + n)]);
        y[std::size_t(i * g.c_stride + m * g.n + n)] = sum;
      }
  return y;
}

template <class T>
void check_product(Index m, Index n, Index k, bool a_transposed, bool b_transposed, T beta, Index batch,
                   bool share_a, double tolerance) {
  const auto a = random_tensor<T>({share_a ? 1 : batch, m, k}, 1).to_host(),
             b = random_tensor<T>({batch, k, n}, 2).to_host();
  std::vector<T> c = random_tensor<T>({batch, m, n}, 3).to_host();
  if (beta == T(0)) std::fill(c.begin(), c.end(), T(NAN));  // may hold anything before
  const Gemm<T> g{.m = m,
                  .n = n,
                  .k = k,
                  .a = a.data(),
                  .b = b.data(),
                  .c = c.data(),
                  .a_transposed = a_transposed,
                  .b_transposed = b_transposed,
                  .beta = beta,
                  .batch = batch,
                  .a_stride = share_a ? 0 : m * k,
                  .b_stride = k * n,
                  .c_stride = m * n};
  const std::vector<double> expected = plain_gemm(g, c);
  Device::gemm(g);
  INFO("m " << m << " n " << n << " k " << k << " transposed " << a_transposed << b_transposed << " beta "
            << double(beta) << " batch " << batch);
  CHECK(relative_error(std::vector<double>(c.begin(), c.end()), expected) < tolerance);
}

}  // namespace

TEST_CASE(
    "the matrix product equals the definition: odd, tiny and large shapes, transposed, added to, in "
    "batches") {
  Rng rng(4);
  for (int round = 0; round < 300; ++round) {
    const Index m = rng.below(80) + 1, n = rng.below(round % 3 == 0 ? 6 : 140) + 1,
                k = rng.below(round % 5 == 0 ? 700 : 70) + 1;
    const bool ta = rng.below(2), tb = rng.below(2), share = rng.below(2);
    const Index batch = rng.below(3) + 1;
    check_product<float>(m, n, k, ta, tb, float(rng.below(2)), batch, share, 1e-5);
    check_product<double>(m, n, k, ta, tb, double(rng.below(2)), batch, share, 1e-13);
    if (round % 10 == 0)
      check_product<bfloat16>(m, n, k, ta, tb, bfloat16(rng.below(2)), batch, share,
                              1e-2);  // half a unit in the last place of the result
  }
  for (const bool t : {false, true}) {
    check_product<float>(1, 1, 1, t, t, 0, 1, false, 1e-6);
    check_product<float>(400, 300, 520, t, !t, 1, 1, false, 1e-5);
    check_product<float>(193, 257, 257, t, t, 0, 1, false, 1e-5);
    check_product<float>(1, 800, 3000, t, t, 1, 1, false, 1e-5);
  }
}

TEST_CASE("a product over nothing is zero, or leaves what was there") {
  std::vector<float> c{5, 6};
  const float none = 0;
  Device::gemm(Gemm<float>{.m = 1, .n = 2, .k = 0, .a = &none, .b = &none, .c = c.data(), .beta = 1});
  CHECK(c == std::vector<float>{5, 6});
  Device::gemm(Gemm<float>{.m = 1, .n = 2, .k = 0, .a = &none, .b = &none, .c = c.data()});
  CHECK(c == std::vector<float>{0, 0});
}

TEST_CASE("the matrix product is the same to the bit for any number of threads") {
  const auto a = random_tensor<float>({500, 300}, 1), b = random_tensor<float>({300, 520}, 2);
  std::vector<std::vector<float>> results;
  const int before = threads();
  for (const int count : {1, 2, 5}) {
    set_threads(count);
    Tensor<float, Device> c({500, 520});
    Device::gemm(Gemm<float>{.m = 500, .n = 520, .k = 300, .a = a.data(), .b = b.data(), .c = c.data()});
    results.push_back(c.to_host());
  }
  set_threads(before);
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
}
