// A convolution by loops, as networks compute it: y[h, w, o] = b[o] + sum over i, j, c of
// x[stride h + i - padding, stride w + j - padding, c] w[o, i, j, c]. The kernel is not turned.
#pragma once
#include <crisp/core/error.hpp>
#include <vector>

using Numbers = std::vector<double>;

// x is (H, W, C), w is (O, K, K, C), b is (O); the last axis is fastest.
struct Sizes {
  int H, W, C, O, K;
  int stride = 1, padding = 0;
};

// Task 2a: how many positions the kernel has along an axis of n pixels.
inline int output_size(int n, const Sizes& s) { return (n + 2 * s.padding - s.K) / s.stride + 1; }

// Task 2b: x[h, w, c], and 0 where (h, w) lies outside of the picture.
inline double pixel(const Numbers& x, int h, int w, int c, const Sizes& s) {
  if (h < 0 || w < 0 || h >= s.H || w >= s.W) return 0;
  return x[(h * s.W + w) * s.C + c];
}

// Task 2c: one number of the output, y[h, w, o].
inline double convolve_at(const Numbers& x, const Numbers& w, const Numbers& b, int h, int col, int o,
                          const Sizes& s) {
  double sum = b[o];
  for (int i = 0; i < s.K; ++i)
    for (int j = 0; j < s.K; ++j)
      for (int c = 0; c < s.C; ++c)
        sum += pixel(x, s.stride * h + i - s.padding, s.stride * col + j - s.padding, c, s) *
               w[((o * s.K + i) * s.K + j) * s.C + c];
  return sum;
}

// Task 2d: the whole output (OH, OW, O).
inline Numbers conv2d(const Numbers& x, const Numbers& w, const Numbers& b, const Sizes& s) {
  const int OH = output_size(s.H, s), OW = output_size(s.W, s);
  Numbers y(OH * OW * s.O);
  for (int h = 0; h < OH; ++h)
    for (int col = 0; col < OW; ++col)
      for (int o = 0; o < s.O; ++o) y[(h * OW + col) * s.O + o] = convolve_at(x, w, b, h, col, o, s);
  return y;
}
