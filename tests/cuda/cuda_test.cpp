// What Cuda has beyond the primitives that every device has: the math of its products, large and empty ones,
// the choice of a GPU.
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

namespace {

std::vector<float> product(const Tensor<float, Cuda>& a, const Tensor<float, Cuda>& b) {
  Tensor<float, Cuda> c({a[0], b[1]});
  Cuda::gemm(Gemm<float>{.m = a[0], .n = b[1], .k = a[1], .a = a.data(), .b = b.data(), .c = c.data()});
  return c.to_host();
}

}  // namespace

TEST_CASE("products of floats are exact to float, or by choice to the factors of the tensor cores") {
  const auto a = random_tensor<float, Cuda>({40, 50}, 1), b = random_tensor<float, Cuda>({50, 30}, 2);
  const auto error = [&](Math math) {
    Cuda::set_math(math);
    const std::vector<float> c = product(a, b);
    Cuda::set_math(Math::fp32);
    Tensor<double, Cuda> exact({40, 30});
    Cuda::gemm(Gemm<double>{.m = 40,
                            .n = 30,
                            .k = 50,
                            .a = a.to<double>().data(),
                            .b = b.to<double>().data(),
                            .c = exact.data()});
    return relative_error(std::vector<double>(c.begin(), c.end()), exact.to_host());
  };
  CHECK(error(Math::fp32) < 1e-6);
  CHECK(error(Math::tf32) < 1e-3);
  CHECK(error(Math::bf16) < 1e-2);
  CHECK(error(Math::bf16) > 1e-5);  // on GPUs before version 8.0 TF32 does not exist
}

TEST_CASE("a product over nothing is zero, or leaves what was there") {
  Tensor<float, Cuda> c({2, 1, 2}, {1, 2, 3, 4});
  Gemm<float> g{.m = 1,
                .n = 2,
                .k = 0,
                .a = c.data(),
                .b = c.data(),
                .c = c.data(),
                .beta = 1,
                .batch = 2,
                .c_stride = 2};
  Cuda::gemm(g);
  CHECK(c.to_host() == std::vector<float>{1, 2, 3, 4});
  g.beta = 0;
  Cuda::gemm(g);
  CHECK(c.to_host() == std::vector<float>{0, 0, 0, 0});
  g.batch = 0;
  CHECK_NOTHROW(Cuda::gemm(g));
}

TEST_CASE("the GPUs are listed; one that is not there is refused") {
  CHECK(cuda_available());
  CHECK(cuda_devices()[0].memory > 0);
  CHECK_ERROR(Cuda::choose_device(-1), "cuda: GPU -1 was asked for, but there are");
}
