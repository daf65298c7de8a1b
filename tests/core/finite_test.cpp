// is_finite and is_nan. That they hold under -ffast-math too is a matter of tests/package.
#include "crisp/core/finite.hpp"

#include <limits>

#include "support.hpp"

using namespace crisp;

TEST_CASE_TEMPLATE("numbers, infinity and NaN are told apart", T, float, double, bfloat16) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double x : {0.0, -0.0, 1.5, -3e38, 1e-40}) {
    CHECK(is_finite(T(x)));
    CHECK_FALSE(is_nan(T(x)));
  }
  for (const double x : {infinity, -infinity}) {
    CHECK_FALSE(is_finite(T(x)));
    CHECK_FALSE(is_nan(T(x)));
  }
  for (const double x : {nan, -nan}) {
    CHECK_FALSE(is_finite(T(x)));
    CHECK(is_nan(T(x)));
  }
  CHECK(is_finite(std::numeric_limits<double>::max()));
}
