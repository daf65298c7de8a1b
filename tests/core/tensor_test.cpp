// Shape, Tensor, Rng, running out of memory, gemm.
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

TEST_CASE("a shape knows its extents from both ends and refuses what cannot be") {
  const Shape s{2, 3, 4};
  CHECK(s[0] == 2);
  CHECK(s[-1] == 4);
  CHECK(s.numel() == 24);
  CHECK(Shape{}.numel() == 1);
  CHECK(str(s) == "(2, 3, 4)");
  CHECK(str(Shape{5}) == "(5,)");
  CHECK_ERROR(s[3], "axis 3 was asked of (2, 3, 4), which has 3 axes");
  CHECK_ERROR(Shape({1, -2}), "negative extent -2");
  CHECK_ERROR(Shape({1, 2, 3, 4, 5, 6, 7}), "7 axes were given, at most 6");
  CHECK_ERROR(Shape({Index(1) << 40, Index(1) << 40}), "too many elements");
}

TEST_CASE("a tensor shares, clones, reshapes and converts") {
  Tensor<float, Device> a({2, 3}, {1, 2, 3, 4, 5, 6});
  Tensor<float, Device> shared = a, copy = a.clone();
  a.fill(7);
  CHECK(shared.to_host() == std::vector<float>(6, 7));
  CHECK(copy.to_host() == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(copy.reshape({3, 2}).shape() == Shape{3, 2});
  CHECK(copy.to<double>().to_host()[5] == 6.0);
  CHECK(Tensor<float, Device>({0, 3}).numel() == 0);
  CHECK_FALSE(Tensor<float, Device>().defined());
  CHECK_ERROR(copy.reshape({4}), "(2, 3) holds 6 elements, but (4,) needs 4");
  CHECK_ERROR((Tensor<float, Device>({2, 2}, {1, 2, 3})), "shape (2, 2) holds 4 elements, but 3 were given");
  CHECK_ERROR(copy.item(), "only a tensor with one element");
  CHECK_ERROR(copy.add_(Tensor<float, Device>({6}, 1.0f)), "shapes differ: (2, 3) and (6,)");
}

TEST_CASE("memory that cannot be had is an error with the number in it") {
  CHECK_ERROR((Tensor<float, Device>({Index(1) << 50})), "out of memory");
  CHECK_ERROR((Tensor<double, Device>({Index(1) << 61})), "out of memory");
}

TEST_CASE("the generator gives the same numbers everywhere, and splits into independent ones") {
  Rng a(1), b(1);
  CHECK(a.bits() == b.bits());
  CHECK(Rng(1).split(0).bits() != Rng(1).split(1).bits());
  Rng saved(5);
  saved.bits();
  Rng restored(0);
  restored.set_state(saved.state());
  CHECK(saved.bits() == restored.bits());
  double sum = 0, square = 0;
  Rng rng(3);
  for (int i = 0; i < 100000; ++i) {
    const double v = rng.normal();
    sum += v;
    square += v * v;
    const Index k = rng.below(7);
    REQUIRE((k >= 0 && k < 7));
  }
  CHECK(std::abs(sum / 100000) < 0.02);
  CHECK(std::abs(square / 100000 - 1) < 0.02);
  CHECK_ERROR(rng.below(0), "at least one number, not 0");
  CHECK_ERROR(set_threads(0), "0 threads were asked for");
}

TEST_CASE("gemm agrees with plain loops for every transposition, odd sizes and batches") {
  Rng rng(11);
  for (int round = 0; round < 60; ++round) {
    const Index m = rng.below(round % 3 ? 9 : 300) + 1, n = rng.below(round % 4 ? 9 : 400) + 1,
                k = rng.below(round % 5 ? 9 : 70), batch = rng.below(3) + 1;
    const bool ta = rng.below(2), tb = rng.below(2), add = rng.below(2);
    const auto a = random_tensor<double>({batch, m * k}, std::uint64_t(round)),
               b = random_tensor<double>({batch, k * n}, 99);
    auto c = random_tensor<double>({batch, m * n}, 5);
    std::vector<double> expected = c.to_host();
    const auto A = a.to_host(), B = b.to_host();
    for (Index i = 0; i < batch; ++i)
      for (Index r = 0; r < m; ++r)
        for (Index s = 0; s < n; ++s) {
          double sum = add ? expected[std::size_t(i * m * n + r * n + s)] : 0;
          for (Index t = 0; t < k; ++t)
            sum += A[std::size_t(i * m * k + (ta ? t * m + r : r * k + t))] *
                   B[std::size_t(i * k * n + (tb ? s * k + t : t * n + s))];
          expected[std::size_t(i * m * n + r * n + s)] = sum;
        }
    if (!add) c.fill(NAN);  // what was there before must not matter
    Device::gemm(Gemm<double>{.m = m,
                              .n = n,
                              .k = k,
                              .a = a.data(),
                              .b = b.data(),
                              .c = c.data(),
                              .a_transposed = ta,
                              .b_transposed = tb,
                              .beta = double(add),
                              .batch = batch,
                              .a_stride = m * k,
                              .b_stride = k * n,
                              .c_stride = m * n});
    INFO("m " << m << " n " << n << " k " << k << " batch " << batch << " ta " << ta << " tb " << tb
              << " add " << add);
    CHECK(relative_error(c.to_host(), expected) < 1e-12);
  }
}

TEST_CASE("results do not depend on the number of the CPU's threads, to the bit") {
  const int before = threads();
  std::vector<std::vector<float>> results;
  for (int t : {1, 2, 5}) {
    set_threads(t);
    const auto a = random_tensor<float, Cpu>({700, 130}, 1), b = random_tensor<float, Cpu>({130, 300}, 2);
    Tensor<float, Cpu> c({700, 300});
    Cpu::gemm(Gemm<float>{.m = 700, .n = 300, .k = 130, .a = a.data(), .b = b.data(), .c = c.data()});
    results.push_back(c.to_host());
  }
  set_threads(before);
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
}
