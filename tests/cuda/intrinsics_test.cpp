// The primitives of backend/cuda/intrinsics.cuh against plain loops, and their bodies for old GPUs against
// those for new ones.
#include "crisp/backend/cuda/intrinsics.cuh"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using cuda::launch;

namespace {

// c (16, 8) = a (16, K) b (K, 8), where each thread of a warp gathers its own share of a and b, and of c.
template <bool by_shuffles>
__global__ void product_tf32(const float* a, const float* b, float* c) {
  const int lane = int(threadIdx.x), g = lane / 4, t = lane % 4;
  const unsigned x[4] = {cuda::to_tf32(a[g * 8 + t]), cuda::to_tf32(a[(g + 8) * 8 + t]),
                         cuda::to_tf32(a[g * 8 + t + 4]), cuda::to_tf32(a[(g + 8) * 8 + t + 4])};
  const unsigned y[2] = {cuda::to_tf32(b[t * 8 + g]), cuda::to_tf32(b[(t + 4) * 8 + g])};
  float sums[4] = {};
  if (by_shuffles) cuda::multiply_tf32_by_shuffles(sums, x, y);
  else cuda::multiply_tf32(sums, x, y);
  for (int i = 0; i < 4; ++i) c[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = sums[i];
}
template <bool by_shuffles>
__global__ void product_bf16(const float* a, const float* b, float* c) {
  const int lane = int(threadIdx.x), g = lane / 4, t = lane % 4;
  unsigned x[4], y[2];
  for (int i = 0; i < 4; ++i) {
    const float* from = a + (g + i % 2 * 8) * 16 + 2 * t + i / 2 * 8;
    x[i] = cuda::to_bf16_pair(from[0], from[1]);
  }
  for (int i = 0; i < 2; ++i)
    y[i] = cuda::to_bf16_pair(b[(2 * t + i * 8) * 8 + g], b[(2 * t + i * 8 + 1) * 8 + g]);
  float sums[4] = {};
  if (by_shuffles) cuda::multiply_bf16_by_shuffles(sums, x, y);
  else cuda::multiply_bf16(sums, x, y);
  for (int i = 0; i < 4; ++i) c[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = sums[i];
}

// Four matrices (8, 8) of the numbers 0 to 255, as each thread receives them: y (32, 4, 2).
template <bool transposed>
__global__ void matrices(int* y) {
  CRISP_SHARED(unsigned[128], s);
  const int lane = int(threadIdx.x);
  for (int i = lane; i < 128; i += 32) s[i] = unsigned(2 * i) | unsigned(2 * i + 1) << 16;
  __syncthreads();
  unsigned m[4];
  cuda::load_matrices<transposed>(m, s + lane * 4);
  for (int i = 0; i < 4; ++i) {
    y[(lane * 4 + i) * 2] = int(m[i] & 0xffff);
    y[(lane * 4 + i) * 2 + 1] = int(m[i] >> 16);
  }
}

template <int bytes>
__global__ void copy(const float* x, float* y, int valid) {
  CRISP_SHARED(float[64], s);
  const int n = bytes / 4, i = int(threadIdx.x);
  cuda::copy_async<bytes>(s + i * n, x + i * n, i < valid);
  cuda::copy_async_commit();
  cuda::copy_async_wait<0>();
  __syncthreads();
  for (int k = i; k < 16 * n; k += 16) y[k] = s[k];
}

__global__ void round_trip(const float* x, float* y) {
  const int i = int(threadIdx.x);
  const unsigned pair = cuda::to_bf16_pair(x[i], -x[i]);
  y[4 * i] = cuda::low_bf16(pair);
  y[4 * i + 1] = cuda::high_bf16(pair);
  y[4 * i + 2] = cuda::low_bf16(cuda::to_bf16(x[i]));
  y[4 * i + 3] = __uint_as_float(cuda::to_tf32(x[i]));
}

__global__ void powers_of_two(const float* x, float* y) { y[threadIdx.x] = cuda::fast_exp2(x[threadIdx.x]); }

template <class Kernel>
std::vector<float> product(Kernel kernel, const Tensor<float, Cuda>& a, const Tensor<float, Cuda>& b) {
  Tensor<float, Cuda> c({16, 8});
  launch("product", kernel, dim3(1), dim3(32), 0, a.data(), b.data(), c.data());
  return c.to_host();
}

std::vector<double> plain_product(const Tensor<float, Cuda>& a, const Tensor<float, Cuda>& b) {
  const std::vector<float> x = a.to_host(), y = b.to_host();
  const Index K = a[1];
  std::vector<double> c;
  for (Index i = 0; i < 16; ++i)
    for (Index j = 0; j < 8; ++j) {
      double sum = 0;
      for (Index k = 0; k < K; ++k)
        sum += double(x[std::size_t(i * K + k)]) * double(y[std::size_t(k * 8 + j)]);
      c.push_back(sum);
    }
  return c;
}

double error(const std::vector<float>& a, const std::vector<double>& b) {
  return relative_error(std::vector<double>(a.begin(), a.end()), b);
}

}  // namespace

TEST_CASE("a product of a warp in TF32: right to its eleven bits, by the tensor cores and by shuffles") {
  const auto a = random_tensor<float, Cuda>({16, 8}, 1), b = random_tensor<float, Cuda>({8, 8}, 2);
  const std::vector<double> expected = plain_product(a, b);
  const std::vector<float> c = product(product_tf32<false>, a, b);
  CHECK(error(c, expected) < 1e-3);
  CHECK(error(c, expected) > 1e-6);  // the rounding shows
  CHECK(relative_error(product(product_tf32<true>, a, b), c) < 1e-5);
}

TEST_CASE("a product of a warp in bf16: right to its eight bits, by the tensor cores and by shuffles") {
  const auto a = random_tensor<float, Cuda>({16, 16}, 1), b = random_tensor<float, Cuda>({16, 8}, 2);
  const std::vector<double> expected = plain_product(a, b);
  const std::vector<float> c = product(product_bf16<false>, a, b);
  CHECK(error(c, expected) < 1e-2);
  CHECK(error(c, expected) > 1e-5);
  CHECK(relative_error(product(product_bf16<true>, a, b), c) < 1e-5);
}

TEST_CASE("matrices come from shared memory in the order of the tensor cores, and transposed") {
  Tensor<int, Cuda> y({32, 4, 2});
  launch("matrices", matrices<false>, dim3(1), dim3(32), 0, y.data());
  const std::vector<int> straight = y.to_host();
  launch("matrices", matrices<true>, dim3(1), dim3(32), 0, y.data());
  const std::vector<int> transposed = y.to_host();
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i)
      for (int k = 0; k < 2; ++k) {
        const int row = lane / 4, col = lane % 4 * 2 + k;
        CHECK(straight[std::size_t((lane * 4 + i) * 2 + k)] == i * 64 + row * 8 + col);
        CHECK(transposed[std::size_t((lane * 4 + i) * 2 + k)] == i * 64 + col * 8 + row);
      }
}

TEST_CASE("asynchronous copies of 4, 8 and 16 bytes, and zeros for what is not valid") {
  const auto x = random_tensor<float, Cuda>({64}, 1);
  const std::vector<float> from = x.to_host();
  const auto check_copy = [&](auto kernel, int n) {
    Tensor<float, Cuda> y({16 * n});
    launch("copy", kernel, dim3(1), dim3(16), 0, x.data(), y.data(), 13);
    std::vector<float> expected(from.begin(), from.begin() + 16 * n);
    std::fill(expected.begin() + 13 * n, expected.end(), 0.0f);
    CHECK(y.to_host() == expected);
  };
  check_copy(copy<4>, 1);
  check_copy(copy<8>, 2);
  check_copy(copy<16>, 4);
}

TEST_CASE("floats are rounded to bf16 and to TF32: to nearest; infinity and NaN stay") {
  const std::vector<float> x{1.0f, 1.00390625f, 1.01171875f, -3.14159274f, 1e-20f, INFINITY, NAN, 3.4e38f};
  const Tensor<float, Cuda> on_gpu({8}, x);
  Tensor<float, Cuda> y({32});
  launch("round_trip", round_trip, dim3(1), dim3(8), 0, on_gpu.data(), y.data());
  const std::vector<float> r = y.to_host();
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == 6) {
      for (std::size_t k = 0; k < 4; ++k) CHECK(std::isnan(r[4 * i + k]));
      continue;
    }
    CHECK(r[4 * i] == r[4 * i + 2]);
    CHECK(r[4 * i] == -r[4 * i + 1]);
    if (i == 5 || i == 7) continue;
    CHECK(std::abs(r[4 * i] / x[i] - 1) <= 1.0 / 256);
    CHECK(std::abs(r[4 * i + 3] / x[i] - 1) <= 1.0 / 2048);
  }
  CHECK(r[4] == 1);          // a tie: to even
  CHECK(r[8] == 1.015625f);  // a tie: to even
  CHECK(std::isinf(r[20]));
  CHECK(std::isinf(r[28]));  // beyond the largest bf16
  CHECK(std::isinf(r[23]));
}

TEST_CASE("powers of two, fast: right to 22 bits, 0 far below, and NaN stays") {
  const std::vector<float> x{0.0f, 1.0f, -1.0f, -0.3f, 3.7f, -20.25f, -200.0f, -INFINITY, NAN};
  Tensor<float, Cuda> y({9});
  launch("powers_of_two", powers_of_two, dim3(1), dim3(9), 0, Tensor<float, Cuda>({9}, x).data(), y.data());
  const std::vector<float> r = y.to_host();
  for (std::size_t i = 0; i < 6; ++i) CHECK(std::abs(r[i] / std::exp2(x[i]) - 1) < 5e-7);
  CHECK(r[6] < 1e-30f);
  CHECK(r[7] == 0);
  CHECK(std::isnan(r[8]));
}
