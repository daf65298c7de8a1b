// The gradients of a convolution, by loops. The forward pass is
//   y[h, w, o] = b[o] + sum over i, j, c of
//                x[stride h + i - padding, stride w + j - padding, c] w[o, i, j, c].
// dy is the gradient of the loss with respect to y. Each function adds to the gradient that it is given.
#pragma once
#include <crisp/core/error.hpp>
#include <vector>

using Numbers = std::vector<double>;

// x is (H, W, C), w is (O, K, K, C), b is (O), y is (OH, OW, O); the last axis is fastest.
struct Sizes {
  int H, W, C, O, K;
  int stride = 1, padding = 0;
  int OH() const { return (H + 2 * padding - K) / stride + 1; }
  int OW() const { return (W + 2 * padding - K) / stride + 1; }
};

// The places of x[row, col, c], w[o, i, j, c] and y[h, w, o] in their vectors.
inline int at_x(int row, int col, int c, const Sizes& s) { return (row * s.W + col) * s.C + c; }
inline int at_w(int o, int i, int j, int c, const Sizes& s) { return ((o * s.K + i) * s.K + j) * s.C + c; }
inline int at_y(int h, int w, int o, const Sizes& s) { return (h * s.OW() + w) * s.O + o; }

// The forward pass, as assignment 2 has it.
inline Numbers conv2d(const Numbers& x, const Numbers& w, const Numbers& b, const Sizes& s) {
  Numbers y(s.OH() * s.OW() * s.O);
  for (int h = 0; h < s.OH(); ++h)
    for (int v = 0; v < s.OW(); ++v)
      for (int o = 0; o < s.O; ++o) {
        double sum = b[o];
        for (int i = 0; i < s.K; ++i)
          for (int j = 0; j < s.K; ++j) {
            const int row = s.stride * h + i - s.padding, col = s.stride * v + j - s.padding;
            if (row < 0 || col < 0 || row >= s.H || col >= s.W) continue;  // x is zero there
            for (int c = 0; c < s.C; ++c) sum += x[at_x(row, col, c, s)] * w[at_w(o, i, j, c, s)];
          }
        y[at_y(h, v, o, s)] = sum;
      }
  return y;
}

// Task 3a: db[o] += sum over h, w of dy[h, w, o].
inline void add_bias_gradient(const Numbers& dy, const Sizes& s, Numbers& db) {
  for (int h = 0; h < s.OH(); ++h)
    for (int v = 0; v < s.OW(); ++v)
      for (int o = 0; o < s.O; ++o) db[o] += dy[at_y(h, v, o, s)];
}

// Task 3b: dw[o, i, j, c] += sum over h, w of dy[h, w, o] x[stride h + i - padding, stride w + j - padding,
// c].
inline void add_weight_gradient(const Numbers& x, const Numbers& dy, const Sizes& s, Numbers& dw) {
  for (int h = 0; h < s.OH(); ++h)
    for (int v = 0; v < s.OW(); ++v)
      for (int o = 0; o < s.O; ++o)
        for (int i = 0; i < s.K; ++i)
          for (int j = 0; j < s.K; ++j) {
            const int row = s.stride * h + i - s.padding, col = s.stride * v + j - s.padding;
            if (row < 0 || col < 0 || row >= s.H || col >= s.W) continue;
            for (int c = 0; c < s.C; ++c)
              dw[at_w(o, i, j, c, s)] += dy[at_y(h, v, o, s)] * x[at_x(row, col, c, s)];
          }
}

// Task 3c: dx[row, col, c] += sum over o, i, j of dy[h, w, o] w[o, i, j, c], where stride h = row + padding -
// i and stride w = col + padding - j; no such h and w, no product.
inline void add_input_gradient(const Numbers& w, const Numbers& dy, const Sizes& s, Numbers& dx) {
  for (int row = 0; row < s.H; ++row)
    for (int col = 0; col < s.W; ++col)
      for (int i = 0; i < s.K; ++i)
        for (int j = 0; j < s.K; ++j) {
          const int down = row + s.padding - i, right = col + s.padding - j;
          if (down < 0 || right < 0 || down % s.stride || right % s.stride) continue;
          const int h = down / s.stride, v = right / s.stride;
          if (h >= s.OH() || v >= s.OW()) continue;
          for (int o = 0; o < s.O; ++o)
            for (int c = 0; c < s.C; ++c)
              dx[at_x(row, col, c, s)] += dy[at_y(h, v, o, s)] * w[at_w(o, i, j, c, s)];
        }
}
