// Interpolation by hand, and the two measures of a picture. Samples go from 0 to 255.
#pragma once
#include <algorithm>
#include <cmath>
#include <crisp/core/error.hpp>
#include <vector>

// A picture of one channel; at(y, x) is the pixel in row y and column x.
struct Matrix {
  int height, width;
  std::vector<double> samples;
  Matrix(int h, int w) : height(h), width(w), samples(h * w) {}
  double& at(int y, int x) { return samples[y * width + x]; }
  double at(int y, int x) const { return samples[y * width + x]; }
};

// TASK 1a: the pixel (y, x); outside of the picture the nearest one of its edge.
inline double at_edge(const Matrix& m, int y, int x) {
  throw crisp::Error("task 1a: at_edge is not written yet");
}

// TASK 1b: enlarges by bilinear interpolation. Pixel i of the result has its centre at (i + 0.5) / scale -
// 0.5 of the small picture.
inline Matrix bilinear(const Matrix& m, int scale) {
  throw crisp::Error("task 1b: bilinear is not written yet");
}

// TASK 1c: Keys' cubic kernel with a = -0.5: 1 at 0, 0 at the other whole numbers, 0 from 2 on.
inline double cubic(double x) { throw crisp::Error("task 1c: cubic is not written yet"); }

// TASK 1d: the pixel number that stands for number i of n: outside the picture is mirrored about its edge, so
// that -1 is 0, -2 is 1, and n is n - 1.
inline int mirrored(int i, int n) { throw crisp::Error("task 1d: mirrored is not written yet"); }

// TASK 1e: a picture of another size by bicubic interpolation, as MATLAB's imresize: all columns, then all
// rows. Write a function for one line first. The kernel of a smaller result is as much wider (antialiasing).
inline Matrix bicubic(const Matrix& m, int height, int width) {
  throw crisp::Error("task 1e: bicubic is not written yet");
}

// TASK 1f: Y of BT.601, as published figures take it, from R, G and B in 0..255.
inline double luma(double r, double g, double b) { throw crisp::Error("task 1f: luma is not written yet"); }

// TASK 1g: the PSNR in dB, without `shave` pixels at each side.
inline double psnr(const Matrix& hr, const Matrix& sr, int shave) {
  throw crisp::Error("task 1g: psnr is not written yet");
}

// TASK 1h: the SSIM of two windows, whose pixels have the weights w, which add up to 1.
inline double ssim_of_window(const std::vector<double>& a, const std::vector<double>& b,
                             const std::vector<double>& w) {
  throw crisp::Error("task 1h: ssim_of_window is not written yet");
}

// The mean of task 1h over all windows of 11 x 11 that lie within; their weights are a Gaussian of
// deviation 1.5.
inline double ssim(const Matrix& hr, const Matrix& sr) {
  std::vector<double> weights;
  double total = 0, sum = 0;
  for (int i = -5; i <= 5; ++i)
    for (int j = -5; j <= 5; ++j) weights.push_back(std::exp(-(i * i + j * j) / (2 * 1.5 * 1.5)));
  for (double w : weights) total += w;
  for (double& w : weights) w /= total;
  for (int y = 5; y < hr.height - 5; ++y)
    for (int x = 5; x < hr.width - 5; ++x) {
      std::vector<double> a, b;
      for (int i = -5; i <= 5; ++i)
        for (int j = -5; j <= 5; ++j) a.push_back(hr.at(y + i, x + j)), b.push_back(sr.at(y + i, x + j));
      sum += ssim_of_window(a, b, weights);
    }
  return sum / ((hr.height - 10) * (hr.width - 10));
}
