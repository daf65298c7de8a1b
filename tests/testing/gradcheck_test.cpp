// gradcheck must find wrong gradients: a test that cannot fail is none.
#include "crisp/testing/gradcheck.hpp"
#include "crisp/ops/elementwise.hpp"
#include "support.hpp"

using namespace crisp;
using crisp::test::Device;

namespace {
struct Square {
  static constexpr const char* name = "square";
  double factor;  // 2 is right
  CRISP_HD double value(double x) const { return x * x; }
  CRISP_HD double slope(double x, double) const { return factor * x; }
};
}  // namespace

TEST_CASE("gradcheck accepts the right gradient and refuses wrong, missing and overwritten ones") {
  const auto x = testing::random_input<Device>({2, 3}, 1);
  CHECK(testing::gradcheck([](const auto& v) { return elementwise(Square{2}, v); }, x));
  CHECK_FALSE(testing::gradcheck([](const auto& v) { return elementwise(Square{2.001}, v); }, x));
  CHECK_FALSE(testing::gradcheck([](const auto& v) { return elementwise(Square{NAN}, v); }, x));
  CHECK_FALSE(testing::gradcheck([](const auto& v) { return v * v.detach(); }, x));
  const auto overwrites = [](const auto& v) {
    return Var<double, Device>("overwrites", v.value().clone(), {v},
                               [v](const Tensor<double, Device>& dy) { v.node()->grad = dy.clone(); });
  };
  CHECK_FALSE(testing::gradcheck(overwrites, x));
  CHECK_ERROR(testing::gradcheck([](const auto& v) { return v; }, x.detach()),
              "input 0 does not require a gradient");
}
