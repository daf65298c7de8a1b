// What crisp says.
#pragma once
#include <vector>

namespace judge {

using Numbers = std::vector<double>;

/// f(a, b) = tanh(a b + a / b) relu(b - a) + a a, its derivatives by a and by b.
Numbers expression(double a, double b);

}  // namespace judge
