// Prints matrices: a small picture, and enlarged. Then the dB of bicubic on a synthetic picture.
//   run.sh YOUR_FOLDER
#include <crisp/data/synthetic.hpp>
#include <cstdio>

#include "interpolation.hpp"

static void print(const char* title, const Matrix& m) {
  std::printf("%s\n", title);
  for (int y = 0; y < m.height; ++y, std::printf("\n"))
    for (int x = 0; x < m.width; ++x) std::printf("%7.2f", m.at(y, x));
}

int main() try {
  Matrix small(3, 3);
  small.samples = {10, 20, 30, 40, 50, 60, 70, 80, 90};
  print("a matrix", small);
  print("twice as large, bilinear", bilinear(small, 2));
  print("twice as large, bicubic", bicubic(small, 6, 6));

  const auto picture = crisp::data::dead_leaves({.count = 1, .height = 96, .width = 120})[0];
  Matrix hr(96, 120);
  for (int y = 0; y < 96; ++y)
    for (int x = 0; x < 120; ++x) hr.at(y, x) = picture.at(y, x);
  const Matrix lr = bicubic(hr, 32, 40);
  const Matrix linear = bilinear(lr, 3), sr = bicubic(lr, 96, 120);
  std::printf(
      "three times smaller and larger again: bilinear %.2f dB, SSIM %.4f; bicubic %.2f dB, SSIM %.4f\n",
      psnr(hr, linear, 3), ssim(hr, linear), psnr(hr, sr, 3), ssim(hr, sr));
} catch (const crisp::Error& e) {
  std::printf("%s\n", e.what());
}
