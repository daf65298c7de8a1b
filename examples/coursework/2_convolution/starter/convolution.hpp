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

// TASK 2a: how many positions the kernel has along an axis of n pixels.
inline int output_size(int n, const Sizes& s) {
  throw crisp::Error("task 2a: output_size is not written yet");
}

// TASK 2b: x[h, w, c], and 0 where (h, w) lies outside of the picture.
inline double pixel(const Numbers& x, int h, int w, int c, const Sizes& s) {
  throw crisp::Error("task 2b: pixel is not written yet");
}

// TASK 2c: one number of the output, y[h, w, o].
inline double convolve_at(const Numbers& x, const Numbers& w, const Numbers& b, int h, int col, int o,
                          const Sizes& s) {
  throw crisp::Error("task 2c: convolve_at is not written yet");
}

// TASK 2d: the whole output (OH, OW, O).
inline Numbers conv2d(const Numbers& x, const Numbers& w, const Numbers& b, const Sizes& s) {
  throw crisp::Error("task 2d: conv2d is not written yet");
}
