// The primitives of the device: for_each and row_reduce over every kind of shape, memory, copies.
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

struct Count {  // how often each element was visited, and by which number
  float* y;
  CRISP_HD void operator()(Index i) const { y[i] += float(i % 1000 + 1); }
};
struct CountAt {
  float* y;
  Index cols;
  CRISP_HD void operator()(Index row, Index col) const {
    y[row * cols + col] += float(row % 100 * 3 + col % 1000 + 1);
  }
};
template <class T>
struct Read {
  const T* x;
  Index cols;
  CRISP_HD T operator()(Index row, Index col) const { return x[row * cols + col]; }
};

}  // namespace

TEST_CASE("for_each visits every element once") {
  for (const Index n : {0, 1, 31, 256, 257, 5000, 100001}) {
    Tensor<float, Device> y({n}, 0.0f);
    Device::for_each(n, Count{y.data()});
    const std::vector<float> all = y.to_host();
    Index wrong = 0;
    for (Index i = 0; i < n; ++i) wrong += all[std::size_t(i)] != float(i % 1000 + 1);
    INFO(n << " elements");
    CHECK(wrong == 0);
  }
}

TEST_CASE("for_each visits every row and column once, in long, wide and narrow shapes") {
  const std::pair<Index, Index> shapes[] = {{0, 5},   {5, 0},    {1, 1},    {1, 70001}, {70001, 1},
                                            {3, 3},   {1000, 3}, {77, 33},  {12, 64},   {9, 180},
                                            {5, 257}, {2, 1000}, {300, 31}, {2049, 8}};
  for (const auto& shape : shapes) {
    const Index rows = shape.first, cols = shape.second;
    Tensor<float, Device> y({rows, cols}, 0.0f);
    Device::for_each(rows, cols, CountAt{y.data(), cols});
    const std::vector<float> all = y.to_host();
    Index wrong = 0;
    for (Index r = 0; r < rows; ++r)
      for (Index c = 0; c < cols; ++c)
        wrong += all[std::size_t(r * cols + c)] != float(r % 100 * 3 + c % 1000 + 1);
    INFO(rows << " x " << cols);
    CHECK(wrong == 0);
  }
}

TEST_CASE("row_reduce joins every value of a row once: sums, and maxima that keep NaN") {
  for (const Index cols : {0, 1, 2, 3, 5, 8, 17, 31, 32, 33, 100, 511, 512, 1000, 9000})
    for (const Index rows : {1, 2, 7, 300}) {
      if (rows * cols > 100000) continue;
      const auto x = random_tensor<double>({rows, cols}, std::uint64_t(cols));
      const std::vector<double> from = x.to_host();
      Tensor<double, Device> sums({rows}), maxima({rows});
      Device::row_reduce<Sum>(rows, cols, Read<double>{x.data(), cols}, sums.data());
      Device::row_reduce<Max>(rows, cols, Read<double>{x.data(), cols}, maxima.data());
      std::vector<double> sum, largest;
      for (Index r = 0; r < rows; ++r) {
        sum.push_back(0);
        largest.push_back(-INFINITY);
        for (Index c = 0; c < cols; ++c) {
          sum.back() += from[std::size_t(r * cols + c)];
          largest.back() = std::max(largest.back(), from[std::size_t(r * cols + c)]);
        }
      }
      INFO(rows << " x " << cols);
      if (cols > 0) CHECK(relative_error(sums.to_host(), sum) < 1e-12);
      CHECK(maxima.to_host() == largest);
    }
  const Tensor<float, Device> x({1, 4}, {1, NAN, 3, 2});
  Tensor<float, Device> largest({1});
  Device::row_reduce<Max>(1, 4, Read<float>{x.data(), 4}, largest.data());
  CHECK(std::isnan(largest.item()));
}

TEST_CASE("the device says how much memory tensors hold, and the most that it was") {
  Device::reset_peak();
  const Index before = Device::memory_use().now, size = Index(64) << 20;
  {
    const Tensor<char, Device> x({size});
    CHECK(Device::memory_use().now >= before + size);
  }
  CHECK(Device::memory_use().now == before);
  const Index peak = Device::memory_use().peak;
  CHECK(peak >= before + size);
  Device::reset_peak();
  CHECK(Device::memory_use().peak < peak);
}
