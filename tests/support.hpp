// What several tests use: random values, the text of an error, a folder of their own.
#pragma once
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "crisp/backend/device.hpp"
#if defined(CRISP_TEST_EIGEN)
#include "crisp/backend/cpu/eigen.hpp"
#endif
#include "crisp/core/random.hpp"
#include "crisp/core/tensor.hpp"

namespace crisp::test {

/// What the tests of ops, layers and networks run on. Each is compiled for the CPU, for the emulated GPU, and
/// by nvcc for the GPU; and, with CRISP_TEST_EIGEN, for the CPU without fast paths.
#if defined(CRISP_TEST_EIGEN)
using Device = EigenCpu;
#else
using Device = DefaultDevice;
#endif

/// Whether that is the emulated GPU, which is slow: tests of many elements take fewer.
#if defined(CRISP_EMULATE_CUDA)
constexpr bool slow_device = true;
#else
constexpr bool slow_device = false;
#endif

template <class T, class D = Device>
Tensor<T, D> random_tensor(Shape shape, std::uint64_t seed = 0) {
  Rng rng(seed);
  std::vector<T> values(static_cast<std::size_t>(shape.numel()));
  for (T& v : values) v = T(rng.normal());
  return {shape, values};
}

/// The message of the Error that f throws; "no error" where it throws none.
template <class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A new, empty folder, removed at the end.
struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder() {
    static int count = 0;
    path = std::filesystem::temp_directory_path() / str("crisp_test_", getpid(), "_", ++count);
    std::filesystem::create_directories(path);
  }
  ~TemporaryFolder() {
    std::error_code error;
    std::filesystem::remove_all(path, error);
  }
};

/// The largest |a - b|, over the largest |b|; infinite where the sizes differ or a value is NaN.
template <class T>
double relative_error(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size()) return INFINITY;
  double error = 0, largest = 1e-30;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(std::abs(double(a[i]) - double(b[i])) < INFINITY)) return INFINITY;
    error = std::max(error, std::abs(double(a[i]) - double(b[i])));
    largest = std::max(largest, std::abs(double(b[i])));
  }
  return error / largest;
}

/// Checks that f() is the same to the bit for 1, 2 and 5 threads.
template <class F>
void check_threads(F f) {
  const int before = threads();
  set_threads(1);
  const auto one = f();
  for (const int count : {2, 5}) {
    set_threads(count);
    CHECK(f() == one);
  }
  set_threads(before);
}

}  // namespace crisp::test

#define CHECK_ERROR(expression, part)                                       \
  do {                                                                      \
    const std::string message = crisp::test::error_of([&] { expression; }); \
    INFO("the message: " << message);                                       \
    CHECK(crisp::test::contains(message, part));                            \
  } while (false)
