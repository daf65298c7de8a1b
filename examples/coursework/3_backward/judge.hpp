// What crisp says.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace judge {

using Numbers = std::vector<double>;

struct Sizes {
  int H, W, C, O, K, stride, padding, OH, OW;
};
struct Gradients {
  Numbers dx, dw, db;
};

/// The gradients of crisp::conv2d of one picture.
Gradients conv2d_backward(const Numbers& x, const Numbers& w, const Numbers& dy, const Sizes& s);

/// crisp::testing::gradcheck of an op: forward(x, w, b) gives y, backward(x, w, dy) the three gradients.
/// Returns a sentence where a gradient is wrong; else nothing.
using Forward = std::function<Numbers(const Numbers& x, const Numbers& w, const Numbers& b)>;
using Backward = std::function<Gradients(const Numbers& x, const Numbers& w, const Numbers& dy)>;
std::string gradcheck(const Forward& forward, const Backward& backward, const Sizes& s);

}  // namespace judge
