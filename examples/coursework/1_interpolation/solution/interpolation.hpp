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

// Task 1a: the pixel (y, x); outside of the picture the nearest one of its edge.
inline double at_edge(const Matrix& m, int y, int x) {
  return m.at(std::clamp(y, 0, m.height - 1), std::clamp(x, 0, m.width - 1));
}

// Task 1b: enlarges by bilinear interpolation. Pixel i of the result has its centre at (i + 0.5) / scale -
// 0.5 of the small picture.
inline Matrix bilinear(const Matrix& m, int scale) {
  Matrix y(m.height * scale, m.width * scale);
  for (int i = 0; i < y.height; ++i)
    for (int j = 0; j < y.width; ++j) {
      const double v = (i + 0.5) / scale - 0.5, u = (j + 0.5) / scale - 0.5;
      const int top = int(std::floor(v)), left = int(std::floor(u));
      const double a = v - top, b = u - left;
      y.at(i, j) = (1 - a) * ((1 - b) * at_edge(m, top, left) + b * at_edge(m, top, left + 1)) +
                   a * ((1 - b) * at_edge(m, top + 1, left) + b * at_edge(m, top + 1, left + 1));
    }
  return y;
}

// Task 1c: Keys' cubic kernel with a = -0.5: 1 at 0, 0 at the other whole numbers, 0 from 2 on.
inline double cubic(double x) {
  const double a = -0.5;
  x = std::abs(x);
  if (x <= 1) return (a + 2) * x * x * x - (a + 3) * x * x + 1;
  if (x < 2) return a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a;
  return 0;
}

// Task 1d: the pixel number that stands for number i of n: outside the picture is mirrored about its edge, so
// that -1 is 0, -2 is 1, and n is n - 1.
inline int mirrored(int i, int n) {
  while (i < 0 || i >= n) i = i < 0 ? -1 - i : 2 * n - 1 - i;
  return i;
}

// One axis, for task 1e: `out` numbers of line[0..n-1], `scale` times as many. The kernel of a smaller result
// is as much wider, so that it takes the mean and no detail turns into false ones (antialiasing).
inline std::vector<double> bicubic_line(const std::vector<double>& line, int out, double scale) {
  const double wide = std::max(1.0, 1 / scale);
  std::vector<double> result(out);
  for (int i = 0; i < out; ++i) {
    const double centre = (i + 0.5) / scale - 0.5;
    double sum = 0, weights = 0;
    for (int k = int(std::floor(centre - 2 * wide)); k <= int(std::ceil(centre + 2 * wide)); ++k) {
      const double weight = cubic((centre - k) / wide);
      sum += weight * line[mirrored(k, int(line.size()))];
      weights += weight;
    }
    result[i] = sum / weights;
  }
  return result;
}

// Task 1e: a picture of another size by bicubic interpolation, as MATLAB's imresize: all columns, then all
// rows.
inline Matrix bicubic(const Matrix& m, int height, int width) {
  Matrix tall(height, m.width), y(height, width);
  for (int x = 0; x < m.width; ++x) {
    std::vector<double> column;
    for (int i = 0; i < m.height; ++i) column.push_back(m.at(i, x));
    column = bicubic_line(column, height, double(height) / m.height);
    for (int i = 0; i < height; ++i) tall.at(i, x) = column[i];
  }
  for (int i = 0; i < height; ++i) {
    std::vector<double> row;
    for (int x = 0; x < m.width; ++x) row.push_back(tall.at(i, x));
    row = bicubic_line(row, width, double(width) / m.width);
    for (int x = 0; x < width; ++x) y.at(i, x) = row[x];
  }
  return y;
}

// Task 1f: Y of BT.601, as published figures take it, from R, G and B in 0..255.
inline double luma(double r, double g, double b) {
  return 16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255;
}

// Task 1g: the PSNR in dB, without `shave` pixels at each side.
inline double psnr(const Matrix& hr, const Matrix& sr, int shave) {
  double sum = 0;
  int count = 0;
  for (int y = shave; y < hr.height - shave; ++y)
    for (int x = shave; x < hr.width - shave; ++x, ++count)
      sum += (hr.at(y, x) - sr.at(y, x)) * (hr.at(y, x) - sr.at(y, x));
  return 10 * std::log10(255 * 255 / (sum / count));
}

// Task 1h: the SSIM of two windows, whose pixels have the weights w, which add up to 1.
inline double ssim_of_window(const std::vector<double>& a, const std::vector<double>& b,
                             const std::vector<double>& w) {
  const double c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
  double mean_a = 0, mean_b = 0, var_a = 0, var_b = 0, covariance = 0;
  for (std::size_t i = 0; i < w.size(); ++i) mean_a += w[i] * a[i], mean_b += w[i] * b[i];
  for (std::size_t i = 0; i < w.size(); ++i) {
    var_a += w[i] * (a[i] - mean_a) * (a[i] - mean_a);
    var_b += w[i] * (b[i] - mean_b) * (b[i] - mean_b);
    covariance += w[i] * (a[i] - mean_a) * (b[i] - mean_b);
  }
  return (2 * mean_a * mean_b + c1) * (2 * covariance + c2) /
         ((mean_a * mean_a + mean_b * mean_b + c1) * (var_a + var_b + c2));
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
