// What crisp says.
#pragma once
#include <vector>

namespace judge {

using Numbers = std::vector<double>;

struct Sizes {
  int H, W, C, O, K, stride, padding;
};

/// crisp::conv2d of one picture.
Numbers conv2d(const Numbers& x, const Numbers& w, const Numbers& b, const Sizes& s);

}  // namespace judge
